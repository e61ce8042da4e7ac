"""Choose the files of a theme that can be used together, by trials one after another."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import Final

from feedsvc.errors import Problem
from feedsvc.pages.newest_articles import Newest
from feedsvc.pages.theme import TEMPLATES, digest
from feedsvc.pages.theme_check import CancelledError, UntriedError, Verdict, check, file_problem, stuck_problem
from feedsvc.pages.theme_verdicts import Verdicts

_LOG: Final = logging.getLogger(__name__)

Files = Mapping[str, bytes]  # path below theme/ -> content
Ask = Callable[[Files], Verdict]


class UnknownError(Exception):
    """There is no verdict yet."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The files in force, and the problem of each file that is not used as it is."""

    files: Files
    problems: Mapping[str, Problem]


NOTHING: Final = Choice({}, {})


class Trials:
    """Trials on this machine and their verdicts. Safe in threads."""

    def __init__(self, verdicts: Verdicts, version: Callable[[], str], stuck: Callable[[], Mapping[str, str]]) -> None:
        self._verdicts, self._version, self._stuck = verdicts, version, stuck

    def choice(self, files: Files, before: Files, ask: Ask) -> Choice:
        """The files that can be used together, with those of `before` in the place of files that cannot.

        Raises what `ask` raises, which gives the verdict on templates.
        """
        found = {path: problem for path, data in files.items() if (problem := file_problem(path, data))}
        stuck = self._stuck()
        found |= _problems(_templates({path: data for path, data in files.items() if path not in found}), ask, stuck)
        sound = {path: data for path, data in files.items() if path not in found}
        standing = {path: before[path] for path in files if path in found and path in before}
        mixed = {path: standing.get(path, data) for path, data in files.items() if path in sound or path in standing}
        if _templates(standing) and _problems(_templates(mixed), ask, stuck):
            mixed = {path: data for path, data in mixed.items() if path in sound or not path.startswith(TEMPLATES)}
        return Choice(mixed, found)

    def known(self, templates: Files) -> Verdict:
        """The verdict that is remembered. Raises UnknownError."""
        found = self._verdicts.find(self._key(templates))
        if not found:
            raise UnknownError
        return found

    def tried(self, templates: Files, sample: Callable[[], Newest], is_cancelled: Callable[[], bool]) -> Verdict:
        """The verdict that is remembered, or else that of a trial. Raises UntriedError.

        A theme that failed on other articles than the newest of now is tried again.
        """
        key = self._key(templates)
        found = self._verdicts.find(key)
        if found and _holds(found, sample):
            return found
        with self._verdicts.alone(is_cancelled):
            self._verdicts.forget(key)
            found = self._verdicts.find(key)  # another process may have tried it meanwhile
            if not found or not _holds(found, sample):
                found = check(templates, sample(), is_cancelled)
                self._verdicts.add(key, found)
            return found

    def _key(self, templates: Files) -> str:
        return blake2b(f"{digest(templates)} {self._version()}".encode(), digest_size=16).hexdigest()


class Trial(threading.Thread):
    """The choice of a theme with the trials that it takes; `run` may be called in the caller's thread instead.

    Then there is a `choice`, or `untried` says why the theme could not be tried, after "the theme".
    """

    def __init__(self, trials: Trials, files: Files, before: Files, sample: Callable[[], Newest]) -> None:
        super().__init__(name="theme-trial", daemon=True)
        self.files = files
        self.choice: Choice | None = None
        self.untried = ""
        self._trials, self._before, self._sample = trials, before, cache(sample)
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        self._cancelled.set()

    def run(self) -> None:
        try:
            self.choice = self._trials.choice(self.files, self._before, self._ask)
        except CancelledError:
            self.untried = "is not wanted any more"
        except UntriedError as error:
            self.untried = str(error)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not end the service
            _LOG.exception("a theme could not be tried")
            self.untried = f"could not be tried ({type(error).__name__}: {error})"

    def _ask(self, templates: Files) -> Verdict:
        return self._trials.tried(templates, self._sample, self._cancelled.is_set)


def _templates(files: Files) -> Files:
    return {path: data for path, data in files.items() if path.startswith(TEMPLATES)}


def _problems(templates: Files, ask: Ask, stuck: Mapping[str, str]) -> dict[str, Problem]:
    """The templates that are not used, so that the others are sound together."""
    found: dict[str, Problem] = {}
    while left := {path: data for path, data in templates.items() if path not in found}:
        found |= ask(left).problems
        sound = {path: data for path, data in templates.items() if path not in found}
        name = digest(sound)
        if name not in stuck:
            break
        found |= stuck_problem(stuck[name], sound)
    return found


def _holds(verdict: Verdict, sample: Callable[[], Newest]) -> bool:
    """Return whether a verdict is that of a trial with the newest articles of now, or does not depend on articles."""
    return not verdict.newest or verdict.newest == sample().digest
