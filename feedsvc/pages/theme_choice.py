"""Choice of the theme files that can be used together, by the verdicts of trials (theme_trial.py)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from feedsvc.errors import Problem
from feedsvc.pages.newest_articles import NewestArticles
from feedsvc.pages.theme import TEMPLATES, templates_digest
from feedsvc.pages.theme_check import (
    TRIAL_LIMITS,
    ThemeVerdict,
    TrialCancelledError,
    TrialError,
    check_theme,
    hang_problem,
)
from feedsvc.pages.theme_file_checks import file_problem
from feedsvc.pages.theme_verdicts import VerdictStore
from feedsvc.support.digest import blake2b
from feedsvc.support.limited_process import Limits

_LOG: Final = logging.getLogger(__name__)

ThemeFiles = Mapping[str, bytes]  # path below theme/ -> content
GetVerdict = Callable[[ThemeFiles], ThemeVerdict]


class NoVerdictError(Exception):
    """Raised by `ThemeChooser.stored_verdict` if no verdict on the given templates is stored yet."""


@dataclass(frozen=True, slots=True)
class ThemeChoice:
    """The theme `files` to use (path below theme/ -> bytes), and the problem of each file whose current version is not used.

    `problems` has these problems by path. Such a file may be in `files` in its previous version.
    """

    files: ThemeFiles
    problems: Mapping[str, Problem]


EMPTY_CHOICE: Final = ThemeChoice({}, {})


class ThemeChooser:
    """Chooser of theme files by the verdicts of trials on this machine. Safe in threads."""

    def __init__(
        self,
        verdicts: VerdictStore,
        version: Callable[[], str],
        hung_themes: Callable[[], Mapping[str, str]],
        *,
        limits: Limits = TRIAL_LIMITS,
    ) -> None:
        """Take the store of verdicts. A verdict is valid for one value of `version()`, the versions of program and libraries.

        `hung_themes` returns {`Theme.digest`: traceback} of the themes during whose rendering a process hung or crashed.
        `limits` are those of time and memory of a trial.
        """
        self._verdicts, self._version, self._hung_themes, self._limits = verdicts, version, hung_themes, limits

    def choose(self, files: ThemeFiles, previous: ThemeFiles, get_verdict: GetVerdict) -> ThemeChoice:
        """Return the choice of those of `files` that can be used together, with the problems of the others.

        A file that cannot be used is replaced by its version in `previous`, or left out if there is none. If the templates are
        not valid together with such versions of templates, these versions are left out, too. `get_verdict` returns the verdict
        on templates; its exceptions are passed on.
        """
        problems = {path: problem for path, data in files.items() if (problem := file_problem(path, data, files))}
        hung_themes = self._hung_themes()
        readable = {path: data for path, data in files.items() if path not in problems}
        problems |= _find_problems(_templates(readable), get_verdict, hung_themes)
        valid = {path: data for path, data in files.items() if path not in problems}
        previous_versions = {path: previous[path] for path in files if path in problems and path in previous}
        combined = {
            path: previous_versions.get(path, data) for path, data in files.items() if path in valid or path in previous_versions
        }
        if _templates(previous_versions) and _find_problems(_templates(combined), get_verdict, hung_themes):
            combined = {path: data for path, data in combined.items() if path in valid or not path.startswith(TEMPLATES)}
        return ThemeChoice(combined, problems)

    def stored_verdict(self, templates: ThemeFiles) -> ThemeVerdict:
        """Return the stored verdict on templates. Raises NoVerdictError if there is none."""
        verdict = self._verdicts.find(self._key(templates))
        if not verdict:
            raise NoVerdictError
        return verdict

    def find_verdict(
        self, templates: ThemeFiles, collect_articles: Callable[[], NewestArticles], is_cancelled: Callable[[], bool]
    ) -> ThemeVerdict:
        """Return the stored verdict on templates, or else the verdict of a new check, and store that.

        A stored verdict with problems on pages of articles counts only while these are still the newest articles. Raises
        TrialError if the check could not be carried out, TrialCancelledError if it was cancelled.
        """
        key = self._key(templates)
        verdict = self._verdicts.find(key)
        if verdict and _is_verdict_current(verdict, collect_articles):
            return verdict
        with self._verdicts.exclusive_lock(is_cancelled):
            self._verdicts.discard_from_memory(key)
            verdict = self._verdicts.find(key)  # another process may have tried it meanwhile
            if not verdict or not _is_verdict_current(verdict, collect_articles):
                verdict = check_theme(templates, collect_articles(), is_cancelled, limits=self._limits)
                self._verdicts.add(key, verdict)
            return verdict

    def _key(self, templates: ThemeFiles) -> str:
        return blake2b(f"{templates_digest(templates)} {self._version()}").hex()


class TrialThread(threading.Thread):
    """Thread that chooses theme files and carries out the trials for that. `run` may also be called in the caller's thread.

    At the end, either `choice` is set, or `failure_reason`, which continues the words "the theme".
    """

    def __init__(
        self, chooser: ThemeChooser, files: ThemeFiles, previous: ThemeFiles, collect_articles: Callable[[], NewestArticles]
    ) -> None:
        super().__init__(name="feedsvc-theme-trial", daemon=True)
        self.files = files
        self.choice: ThemeChoice | None = None
        self.failure_reason = ""
        self._chooser, self._previous, self._collect_articles = chooser, previous, cache(collect_articles)
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Request that the thread ends early, without a `choice`. Does not wait for its end."""
        self._cancelled.set()

    def run(self) -> None:
        try:
            self.choice = self._chooser.choose(self.files, self._previous, self._find_verdict)
        except TrialCancelledError:
            self.failure_reason = "was replaced by another one during its trial"
        except TrialError as error:
            self.failure_reason = str(error)
        except Exception as error:  # noqa: BLE001 - an internal error must not end the service
            _LOG.exception("the theme could not be tried")
            self.failure_reason = f"could not be tried ({type(error).__name__}: {error})"

    def _find_verdict(self, templates: ThemeFiles) -> ThemeVerdict:
        return self._chooser.find_verdict(templates, self._collect_articles, self._cancelled.is_set)


def _templates(files: ThemeFiles) -> ThemeFiles:
    return {path: data for path, data in files.items() if path.startswith(TEMPLATES)}


def _find_problems(templates: ThemeFiles, get_verdict: GetVerdict, hung_themes: Mapping[str, str]) -> dict[str, Problem]:
    """Return {path below theme/: problem} of the templates that cannot be used. The other templates are valid together."""
    problems: dict[str, Problem] = {}
    while remaining := {path: data for path, data in templates.items() if path not in problems}:
        problems |= get_verdict(remaining).problems
        valid = {path: data for path, data in templates.items() if path not in problems}
        digest = templates_digest(valid)
        if digest not in hung_themes:
            break
        problems |= hang_problem(hung_themes[digest], valid)
    return problems


def _is_verdict_current(verdict: ThemeVerdict, collect_articles: Callable[[], NewestArticles]) -> bool:
    """Return whether a verdict does not depend on articles, or depends on the articles that `collect_articles` returns now."""
    return not verdict.articles_digest or verdict.articles_digest == collect_articles().digest
