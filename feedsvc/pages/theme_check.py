"""Find the templates of a theme that cannot make pages in time and in memory, by trying them in processes with limits."""

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
from feedsvc.pages.newest_articles import Newest
from feedsvc.pages.theme import FOLDER, STATIC, STATIC_TYPES, TEMPLATES
from feedsvc.pages.theme_trial import LEFT_OUT, Doing, Finding, Given, shown
from feedsvc.support.limited_process import Cause, Limits, RunFailure, run

_MB: Final = 1024**2
_LARGEST: Final = 128 * 1024  # bytes of a template; the product's own have 5 KiB
_LIMITS: Final = Limits(processor=3, processor_in_all=20, elapsed=120.0, memory=320 * _MB)
_MOST_ENDED: Final = 4  # trials of one theme that may end for a limit
# A call in a traceback. In faulthandler's the innermost one is the first, in Python's own the last.
_FRAME: Final = re.compile(rf'File "{FOLDER}/{TEMPLATES}([^"\n]+)", line (\d+)')
# The stack of the thread at work, up to the next thread's or to an empty line.
_CURRENT: Final = re.compile(r"^Current thread .*\n(?:  .*\n?)*", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The result of a trial: each template (path below theme/) that is not used, with its problem; all others are sound together.

    `newest` is the digest of the articles whose pages showed a problem, "" if made-up articles did.
    """

    problems: Mapping[str, Problem]
    newest: str = ""


class UntriedError(Exception):
    """The theme could not be tried, for a reason outside of it; the text says why, after "the theme"."""


class CancelledError(UntriedError):
    """The result of a trial is not wanted any more."""


def file_problem(path: str, data: bytes) -> Problem | None:
    """The problem of one file below theme/ that shows without a trial."""
    place = shown(path)
    if path.startswith(STATIC):
        known = path[path.rfind(".") :].lower() in STATIC_TYPES
        return None if known else Problem(path=place, message="no page uses such a file", hint=f"use {', '.join(STATIC_TYPES)}")
    if not path.startswith(TEMPLATES):
        return Problem(path=place, message="a theme holds templates/ and static/ only", hint="move it there")
    if len(data) > _LARGEST:
        return Problem(path=place, message=f"the template is larger than {_LARGEST // 1024} KiB, the most that is used")
    try:
        data.decode()
    except UnicodeDecodeError:
        return Problem(path=place, message="the file is not UTF-8", hint="save the file in UTF-8")
    return None


def stuck_problem(traceback: str, templates: Mapping[str, bytes]) -> dict[str, Problem]:
    """The problem of the template with which a process hung or crashed, by its path; of the first if it is in none of them."""
    current = "".join(_CURRENT.findall(traceback)[:1])  # the thread that the first stacks are of
    path, line = stuck_at(current, templates) or stuck_at(traceback, templates) or (next(iter(templates)), 1)
    message = "a process hung or crashed while it made a page with this, and was ended"
    return {path: Problem(path=shown(path), line=line, message=message, hint=LEFT_OUT)}


def check(templates: Mapping[str, bytes], newest: Newest | None, is_cancelled: Callable[[], bool] = lambda: False) -> Verdict:
    """Try templates (path below theme/ -> UTF-8 text) on made-up and on the newest articles. Raises UntriedError.

    Where a template does not come to an end within its limits, the others are tried again without it.
    """
    return _Check(templates, newest, is_cancelled).verdict()


class _Check:
    def __init__(self, templates: Mapping[str, bytes], newest: Newest | None, is_cancelled: Callable[[], bool]) -> None:
        self._left, self._newest, self._is_cancelled = dict(templates), newest, is_cancelled
        self._problems: dict[str, Problem] = {}
        self._skipped: frozenset[str] = frozenset()
        self._real = False

    def verdict(self) -> Verdict:
        end = time.monotonic() + _LIMITS.elapsed
        for _ in range(_MOST_ENDED):
            if not self._left:
                break
            given = Given(templates=self._left, newest=self._newest, skipped=self._skipped)
            limits = replace(_LIMITS, elapsed=max(1.0, end - time.monotonic()))
            outcome = run("feedsvc.pages.theme_trial:run", pickle.dumps(given), limits, self._is_cancelled)
            if isinstance(outcome, bytes):
                self._take([Finding(**one) for one in json.loads(outcome)])
                break
            if outcome.cause is Cause.ELAPSED_TIME and self._problems:
                self._give_up()
                break
            self._leave_out(outcome)
        else:
            self._give_up()
        return Verdict(problems=self._problems, newest=self._newest.digest if self._newest and self._real else "")

    def _give_up(self) -> None:
        """Leave out all templates that are left: the others took the time."""
        self._take([_untried(path) for path in self._left])

    def _take(self, findings: list[Finding]) -> None:
        for one in findings:
            self._problems[one.path] = Problem(path=shown(one.path), line=one.line, message=one.message, hint=one.hint)
            self._left.pop(one.path, None)
            self._real |= one.real

    def _leave_out(self, failure: RunFailure) -> None:
        """Leave out the template, or the article, that a trial did not finish with. Raises UntriedError where it is neither."""
        if failure.cause not in _REASONS:
            raise CancelledError if failure.cause is Cause.CANCELLED else UntriedError(_explained(failure))
        doing = Doing.read(failure.step)
        place = stuck_at(failure.traceback, self._left, is_last=failure.cause is Cause.MEMORY)
        if not doing or not (place or doing.template or doing.subject):
            raise UntriedError(_explained(failure))
        if place or doing.template:
            self._take([self._finding(failure, doing, *(place or (self._blamed(doing.template), 1)))])
        else:
            self._skipped |= {doing.subject}

    def _blamed(self, template: str) -> str:
        """The page's own template if it is the theme's, else the first one of the theme."""
        path = f"{TEMPLATES}{template}"
        return path if path in self._left else next(iter(self._left))

    def _finding(self, failure: RunFailure, doing: Doing, path: str, line: int) -> Finding:
        page = f"the page of {doing.subject}" if doing.subject else "a page"
        number = failure.signal
        named = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
        message = _REASONS[failure.cause].format(page=page, signal=named)
        return Finding(path=path, line=line, message=message, hint=LEFT_OUT, real=bool(doing.subject))


# In the manner of str.format.
_REASONS: Final[Mapping[Cause, str]] = {
    Cause.PROCESSOR_TIME_IN_ALL: (
        f"not all pages were finished within {_LIMITS.processor_in_all} seconds of processor time; {{page}} was the last"
    ),
    Cause.PROCESSOR_TIME: f"{{page}} was not finished within {_LIMITS.processor} seconds of processor time",
    Cause.MEMORY: f"{{page}} takes more than {_LIMITS.memory // _MB} MiB of memory",
    Cause.CRASHED: "{page} ended the Python interpreter ({signal})",
}


def stuck_at(traceback: str, templates: Mapping[str, bytes], *, is_last: bool = False) -> tuple[str, int] | None:
    """The template (path below theme/) and line of the innermost call that a traceback of faulthandler shows, if there is one.

    `is_last` is for Python's own traceback.
    """
    names = {spelled: path for path in templates for spelled in _spellings(path.removeprefix(TEMPLATES))}
    found = [(names[name], int(line)) for name, line in _FRAME.findall(traceback) if name in names]
    return found[-1 if is_last else 0] if found else None


def _spellings(name: str) -> tuple[str, str]:
    """A name as Python's tracebacks have it, and as faulthandler's, in ASCII."""
    return name, name.encode("ascii", "backslashreplace").decode()


def _untried(path: str) -> Finding:
    message = "the trial was given up, since other templates of the theme did not end within their limits"
    return Finding(path=path, line=1, message=message, hint="correct those first; until then the product's own is used")


def _explained(failure: RunFailure) -> str:
    return _EXPLAINED.get(failure.cause, "could not be tried ({cause}: {detail})").format(
        cause=failure.cause.value, detail=failure.detail, signal=failure.signal, step=failure.step
    )


_EXPLAINED: Final[Mapping[Cause, str]] = {
    Cause.NOT_STARTED: "could not be tried, since no process for it could be started ({detail})",
    Cause.ELAPSED_TIME: f"could not be tried within {_LIMITS.elapsed:.0f} seconds, since this machine has too much else to do",
    Cause.KILLED: "could not be tried, since the process for it was ended by signal {signal}, perhaps for lack of memory",
    Cause.ERROR: "could not be tried ({detail}); restart feedsvc if it was upgraded meanwhile",
}
