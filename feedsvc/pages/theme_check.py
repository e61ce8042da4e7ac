"""Theme check: trials (theme_trial.py) in limited processes find the templates that cannot render pages in time and memory."""

from __future__ import annotations

import json
import pickle
import re
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from feedsvc.errors import Problem
from feedsvc.pages.newest_articles import NewestArticles
from feedsvc.pages.theme import FOLDER, TEMPLATES
from feedsvc.pages.theme_file_checks import content_path
from feedsvc.pages.theme_trial import FALLBACK_HINT, Finding, TrialInput, TrialStep
from feedsvc.support.limited_process import Cause, Limits, RunFailure, run

_MB: Final = 1024**2
TRIAL_LIMITS: Final = Limits(processor_per_step=3, processor_total=20, elapsed=120.0, memory=320 * _MB)
_MAX_TRIALS: Final = 4  # trials of one theme that a limit may end
# A frame in a traceback. The innermost frame is faulthandler's first one, and the last one of Python's own traceback.
_TEMPLATE_FRAME: Final = re.compile(rf'File "{FOLDER}/{TEMPLATES}([^"\n]+)", line (\d+)')
# The stack of the current thread, up to the next thread's stack or an empty line.
_CURRENT_THREAD: Final = re.compile(r"^Current thread .*\n(?:  .*\n?)*", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class ThemeVerdict:
    """The result of a check of templates: the problem of each one (path below theme/) that cannot be used.

    The other templates of the check are valid together.

    `articles_digest` is `NewestArticles.digest` if a page of these articles showed a problem, else "".
    """

    problems: Mapping[str, Problem]
    articles_digest: str = ""


class TrialError(Exception):
    """Raised if a trial could not be carried out, for a reason outside the theme. The message continues the words "the theme"."""


class TrialCancelledError(TrialError):
    """Raised if a trial was cancelled because its result is no longer needed."""


def hang_problem(traceback: str, templates: Mapping[str, bytes]) -> dict[str, Problem]:
    """Return {path below theme/: problem} for the one of `templates` in which a process hung or crashed.

    It is the innermost one in the traceback, or the first of `templates` if the traceback names none. `templates` is not empty.
    """
    current = "".join(_CURRENT_THREAD.findall(traceback)[:1])  # of the first dump; more may follow
    path, line = (
        innermost_template_call(current, templates) or innermost_template_call(traceback, templates) or (next(iter(templates)), 1)
    )
    message = "a process hung or crashed while it made a page with this, and was ended"
    return {path: Problem(path=content_path(path), line=line, message=message, hint=FALLBACK_HINT)}


def check_theme(
    templates: Mapping[str, bytes],
    newest_articles: NewestArticles | None,
    is_cancelled: Callable[[], bool] = lambda: False,
    *,
    limits: Limits = TRIAL_LIMITS,
) -> ThemeVerdict:
    """Return the verdict on templates (path below theme/ -> UTF-8 text): render sample sites and the newest articles with them.

    If `newest_articles` is None, render the sample sites only. A template that exceeds the `limits` of a trial, or crashes it,
    is left out, and the others are tried again; if only an article's page can be blamed, that page is left out. After
    _MAX_TRIALS such trials, or if all trials together took `limits.elapsed` seconds and a template was left out, the remaining
    templates have a problem, too. Raises TrialError if a trial could not be carried out, also if it took `limits.elapsed`
    seconds and no template was left out before; TrialCancelledError once `is_cancelled` returns True.
    """
    return _ThemeCheck(templates, newest_articles, is_cancelled, limits).verdict()


class _ThemeCheck:
    def __init__(
        self,
        templates: Mapping[str, bytes],
        newest_articles: NewestArticles | None,
        is_cancelled: Callable[[], bool],
        limits: Limits,
    ) -> None:
        self._remaining, self._newest_articles = dict(templates), newest_articles
        self._is_cancelled, self._limits = is_cancelled, limits
        self._problems: dict[str, Problem] = {}
        self._skipped_subjects: frozenset[str] = frozenset()
        self._has_article_finding = False

    def verdict(self) -> ThemeVerdict:
        end = time.monotonic() + self._limits.elapsed
        for _ in range(_MAX_TRIALS):
            if not self._remaining:
                break
            trial_input = TrialInput(
                templates=self._remaining, newest_articles=self._newest_articles, skipped_subjects=self._skipped_subjects
            )
            limits = replace(self._limits, elapsed=max(1.0, end - time.monotonic()))
            outcome = run("feedsvc.pages.theme_trial:run", pickle.dumps(trial_input), limits, self._is_cancelled)
            if isinstance(outcome, bytes):
                self._add_findings([Finding(**fields) for fields in json.loads(outcome)])
                break
            if outcome.cause is Cause.ELAPSED_TIME and self._problems:
                self._give_up()
                break
            self._leave_out(outcome)
        else:
            self._give_up()
        return ThemeVerdict(
            problems=self._problems,
            articles_digest=self._newest_articles.digest if self._newest_articles and self._has_article_finding else "",
        )

    def _give_up(self) -> None:
        """Add a finding on each remaining template, because the time or number of trials is used up by templates at fault."""
        self._add_findings([_unfinished_finding(path) for path in self._remaining])

    def _add_findings(self, findings: list[Finding]) -> None:
        for finding in findings:
            self._problems[finding.path] = Problem(
                path=content_path(finding.path), line=finding.line, message=finding.message, hint=finding.hint
            )
            self._remaining.pop(finding.path, None)
            self._has_article_finding |= finding.is_from_article

    def _leave_out(self, failure: RunFailure) -> None:
        """Leave out of the next trial the template at which a trial failed, or if none can be blamed, the article's page.

        A template gets a problem. Raises TrialError if the cause of the failure is not in _FAILURE_MESSAGES, or if it shows
        neither a template nor a page; TrialCancelledError if the trial was cancelled.
        """
        if failure.cause not in _FAILURE_MESSAGES:
            raise TrialCancelledError if failure.cause is Cause.CANCELLED else TrialError(_explain(failure, self._limits))
        step = TrialStep.parse(failure.step)
        location = innermost_template_call(failure.traceback, self._remaining, is_last=failure.cause is Cause.MEMORY)
        if not step or not (location or step.template or step.subject):
            raise TrialError(_explain(failure, self._limits))
        if location or step.template:
            self._add_findings([self._finding(failure, step, *(location or (self._template_at_fault(step.template), 1)))])
        else:
            self._skipped_subjects |= {step.subject}

    def _template_at_fault(self, template: str) -> str:
        """Return the path of `template` (a name below templates/) if it is remaining, else of the first remaining template."""
        path = f"{TEMPLATES}{template}"
        return path if path in self._remaining else next(iter(self._remaining))

    def _finding(self, failure: RunFailure, step: TrialStep, path: str, line: int) -> Finding:
        page = f"the page of {step.subject}" if step.subject else "a page"
        signal_number = failure.signal
        signal_name = signal.Signals(signal_number).name if signal_number in set(signal.Signals) else f"signal {signal_number}"
        message = _FAILURE_MESSAGES[failure.cause].format(
            page=page, signal=signal_name, limits=self._limits, mebibytes=self._limits.memory // _MB
        )
        return Finding(path=path, line=line, message=message, hint=FALLBACK_HINT, is_from_article=bool(step.subject))


# For str.format.
_FAILURE_MESSAGES: Final[Mapping[Cause, str]] = {
    Cause.TOTAL_PROCESSOR_TIME: (
        "not all pages were finished within {limits.processor_total} seconds of processor time; {page} was the last"
    ),
    Cause.PROCESSOR_TIME: "{page} was not finished within {limits.processor_per_step} seconds of processor time",
    Cause.MEMORY: "{page} takes more than {mebibytes} MiB of memory",
    Cause.CRASHED: "{page} ended the Python interpreter ({signal})",
}


def innermost_template_call(traceback: str, templates: Mapping[str, bytes], *, is_last: bool = False) -> tuple[str, int] | None:
    """Return (path below theme/, line) of the innermost frame of one of `templates` in a traceback; None if it has none.

    `is_last` is for Python's own tracebacks, not faulthandler's: their innermost frame is the last one.
    """
    paths_by_name = {name: path for path in templates for name in _traceback_names(path.removeprefix(TEMPLATES))}
    frames = [(paths_by_name[name], int(line)) for name, line in _TEMPLATE_FRAME.findall(traceback) if name in paths_by_name]
    return frames[-1 if is_last else 0] if frames else None


def _traceback_names(name: str) -> tuple[str, str]:
    """Return a template's name as Python's tracebacks write it, and as faulthandler writes it, in ASCII."""
    return name, name.encode("ascii", "backslashreplace").decode()


def _unfinished_finding(path: str) -> Finding:
    message = "the trial was given up, since other templates of the theme did not end within their limits"
    return Finding(path=path, line=1, message=message, hint="correct those first; until then the product's own is used")


def _explain(failure: RunFailure, limits: Limits) -> str:
    return _TRIAL_ERROR_MESSAGES.get(failure.cause, "could not be tried ({cause}: {detail})").format(
        cause=failure.cause.value, detail=failure.detail, signal=failure.signal, limits=limits
    )


_TRIAL_ERROR_MESSAGES: Final[Mapping[Cause, str]] = {
    Cause.NOT_STARTED: "could not be tried, since no process for it could be started ({detail})",
    Cause.ELAPSED_TIME: "could not be tried within {limits.elapsed:.0f} seconds, because this machine is overloaded",
    Cause.KILLED: "could not be tried, since the process for it was ended by signal {signal}, perhaps for lack of memory",
    Cause.ERROR: "could not be tried ({detail}); restart feedsvc if it was upgraded meanwhile",
}
