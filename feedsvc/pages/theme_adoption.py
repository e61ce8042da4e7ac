"""Choose the theme in force: a newsroom's own as far as a trial found it sound, else what was in force before."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from feedsvc.content.folder.snapshot import Content
from feedsvc.errors import FeedsvcError
from feedsvc.pages.newest_articles import Newest, newest
from feedsvc.pages.theme_choice import NOTHING, Choice, Files, Trial, Trials, UnknownError
from feedsvc.pages.theme_verdicts import Verdicts
from feedsvc.support.alerts import Troubles

_AGAIN: Final = 60.0  # seconds until a theme is tried again that could not be tried
_TROUBLE: Final = "theme"
_MEANWHILE: Final = "the theme before, or else the product's own, is used meanwhile, and it is tried again each minute"
_OVER: Final = "the theme could be tried"


class Adoption:
    """The theme in force of one newsroom. `applied` is for one thread at a time."""

    def __init__(
        self,
        folder: Path | None = None,
        version: Callable[[], str] = str,
        *,
        troubles: Troubles | None = None,
        required: bool = False,
        stuck: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """Keep verdicts in `folder`; they hold for the program and the libraries that `version` stands for.

        With `required`, `applied` raises FeedsvcError where the first theme cannot be tried. `stuck` gives the digests of the
        themes with which a process hung or crashed, each with the traceback's text.
        """
        self._troubles, self._required = troubles or Troubles(), required
        self._trials = Trials(Verdicts(folder, self._troubles), version, stuck)
        self._settled: Files | None = None  # the very mapping that the choice was made from; None before the first
        self._choice = NOTHING
        self._trial: Trial | None = None
        self._again: float | None = None  # monotonic seconds
        self._stuck, self._known_stuck = stuck, frozenset[str]()

    def applied(self, content: Content, now: datetime, *, preview: bool = False) -> Content:
        """The content with the theme in force, and with the problems of its own theme.

        The first call waits for a trial, if one is needed. Later a trial goes on in a thread, and the theme before stays in force
        until `is_due`.
        """
        sample = partial(newest, content, now, preview=preview)
        is_newly_stuck, self._known_stuck = self._is_newly_stuck, frozenset(self._stuck())
        if self._settled is None:
            self._begin(content.theme, sample)
        elif content.theme is not self._settled or self._is_overdue or is_newly_stuck:
            self._follow(content.theme, sample)
        problems = tuple(sorted((*content.problems, *self._choice.problems.values())))
        standing = {problem.path for path, problem in self._choice.problems.items() if path in self._choice.files}
        return replace(content, theme=self._choice.files, problems=problems, standing_in=content.standing_in | standing)

    @property
    def is_due(self) -> bool:
        """Return whether `applied` should be called again, though nothing in the folder changed."""
        return not self._trial.is_alive() if self._trial else self._is_overdue or self._is_newly_stuck

    @property
    def _is_overdue(self) -> bool:
        return self._again is not None and time.monotonic() >= self._again

    @property
    def _is_newly_stuck(self) -> bool:
        """Return whether another worker hung or crashed at a theme since the last choice."""
        return bool(self._settled) and not self._known_stuck.issuperset(self._stuck())

    def _begin(self, files: Files, sample: Callable[[], Newest]) -> None:
        trial = Trial(self._trials, files, self._choice.files, sample)
        trial.run()  # in this thread
        if trial.untried and self._required:
            raise FeedsvcError(f"the theme {trial.untried}; nothing was made, since a theme that was not tried is not used")
        self._settle(trial)

    def _follow(self, files: Files, sample: Callable[[], Newest]) -> None:
        trial, self._trial = self._trial, None
        if trial and trial.files is files and not trial.is_alive():
            self._settle(trial)
        elif (choice := self._known(files)) is not None:
            self._take(files, choice)
        elif trial and trial.is_alive():
            self._trial = trial  # if it is for other files: one at a time
        else:
            self._trial = Trial(self._trials, files, self._choice.files, sample)
            self._trial.start()
        if trial and trial.files is not files:
            trial.cancel()

    def _known(self, files: Files) -> Choice | None:
        """The choice if no trial is needed for it; another process may have made it meanwhile."""
        try:
            return self._trials.choice(files, self._choice.files, self._trials.known)
        except UnknownError:
            return None

    def _settle(self, trial: Trial) -> None:
        if trial.choice:
            self._take(trial.files, trial.choice)
        else:
            self._settled, self._again = trial.files, time.monotonic() + _AGAIN
            self._troubles.come(_TROUBLE, f"the theme {trial.untried}; {_MEANWHILE}", _OVER)

    def _take(self, files: Files, choice: Choice) -> None:
        is_same = choice.files == self._choice.files  # then it stays the same object, and so do all pages
        self._choice = replace(choice, files=self._choice.files) if is_same else choice
        self._settled, self._again = files, None
        self._troubles.end(_TROUBLE)
