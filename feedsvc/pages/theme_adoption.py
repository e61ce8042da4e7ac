"""Theme in force: the theme files that pages are rendered with, each in the newest version that a trial found valid.

A trial (theme_trial.py) renders pages of sample sites and of the newest articles in a process with limits. A file without a
valid version is not in force: pages use the built-in template.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from feedsvc.content.folder import ContentSnapshot
from feedsvc.errors import FeedsvcError
from feedsvc.pages.newest_articles import NewestArticles, collect_newest_articles
from feedsvc.pages.theme_check import TRIAL_LIMITS
from feedsvc.pages.theme_choice import EMPTY_CHOICE, NoVerdictError, ThemeChoice, ThemeChooser, ThemeFiles, TrialThread
from feedsvc.pages.theme_verdicts import VerdictStore
from feedsvc.support.alerts import Alerts
from feedsvc.support.limited_process import Limits

RETRY_INTERVAL: Final = 60.0  # seconds until the next trial of a theme whose trial could not be carried out
_ALERT_NAME: Final = "theme"
_CONSEQUENCE: Final = "the trial is repeated each minute; until then, the previous theme or else the product's own is used"
_END_MESSAGE: Final = "the theme has been tried"


class ThemeAdoption:
    """The theme in force for one content folder. Only one thread at a time may call `apply`."""

    def __init__(
        self,
        folder: Path | None = None,
        version: Callable[[], str] = str,
        *,
        alerts: Alerts | None = None,
        required: bool = False,
        hung_themes: Callable[[], Mapping[str, str]] = dict,
        limits: Limits = TRIAL_LIMITS,
        retry_interval: float = RETRY_INTERVAL,
    ) -> None:
        """Store verdicts (results of trials) in `folder`, or in memory if it is None. `alerts` gets faults of this machine.

        A verdict is valid for one theme and one value of `version()`, which names the versions of the program and its
        libraries. With `required`, the first call of `apply` raises FeedsvcError if the trial of the theme could not be carried
        out. `hung_themes` returns {`Theme.digest`: traceback} of the themes during whose rendering a process hung or crashed.
        `limits` are those of time and memory of a trial. One that could not be carried out is repeated after `retry_interval`
        seconds.
        """
        self._alerts, self._is_required, self._retry_interval = alerts or Alerts(), required, retry_interval
        self._chooser = ThemeChooser(VerdictStore(folder, self._alerts), version, hung_themes, limits=limits)
        self._chosen_from: ThemeFiles | None = None  # the folder's theme at the last choice, compared by identity; None at first
        self._choice = EMPTY_CHOICE
        self._trial: TrialThread | None = None
        self._retry_at: float | None = None  # monotonic seconds
        self._hung_themes, self._known_hung_themes = hung_themes, frozenset[str]()

    def apply(self, content: ContentSnapshot, now: datetime, *, preview: bool = False) -> ContentSnapshot:
        """Return the content with the theme in force in place of the folder's theme, and with the problems of the latter.

        A trial renders the newest articles that are public at `now`; with `preview`, drafts and scheduled ones, too. The first
        call waits for a trial, unless stored verdicts suffice. A later call, if a trial is needed, only starts a thread for it:
        the previous theme, with its problems, stays in force until `apply` is called after the end of the thread. From that end
        on, `is_due` is True. Files in force in an earlier version are in `last_valid_paths` of the result.
        """
        collect_articles = partial(collect_newest_articles, content, now, preview=preview)
        has_new_hung_theme, self._known_hung_themes = self._has_new_hung_theme, frozenset(self._hung_themes())
        if self._chosen_from is None:
            self._run_first_trial(content.theme, collect_articles)
        elif content.theme is not self._chosen_from or self._is_retry_due or has_new_hung_theme:
            self._update_choice(content.theme, collect_articles)
        problems = tuple(sorted((*content.problems, *self._choice.problems.values())))
        last_valid_paths = {problem.path for path, problem in self._choice.problems.items() if path in self._choice.files}
        return replace(
            content, theme=self._choice.files, problems=problems, last_valid_paths=content.last_valid_paths | last_valid_paths
        )

    @property
    def is_due(self) -> bool:
        """True if `apply` should be called again although nothing in the folder changed: a trial has ended or should start."""
        return not self._trial.is_alive() if self._trial else self._is_retry_due or self._has_new_hung_theme

    @property
    def _is_retry_due(self) -> bool:
        return self._retry_at is not None and time.monotonic() >= self._retry_at

    @property
    def _has_new_hung_theme(self) -> bool:
        """True if `hung_themes` has a theme that it did not have at the last call of `apply`, and the folder has a theme."""
        return bool(self._chosen_from) and not self._known_hung_themes.issuperset(self._hung_themes())

    def _run_first_trial(self, files: ThemeFiles, collect_articles: Callable[[], NewestArticles]) -> None:
        trial = TrialThread(self._chooser, files, self._choice.files, collect_articles)
        trial.run()  # in this thread: the caller waits
        if trial.failure_reason and self._is_required:
            raise FeedsvcError(
                f"the theme {trial.failure_reason}; the command stopped, because a theme is used only after a trial"
            )
        self._finish_trial(trial)

    def _update_choice(self, files: ThemeFiles, collect_articles: Callable[[], NewestArticles]) -> None:
        trial, self._trial = self._trial, None
        if trial and trial.files is files and not trial.is_alive():
            self._finish_trial(trial)
        elif (choice := self._stored_choice(files)) is not None:
            self._set_choice(files, choice)
        elif trial and trial.is_alive():
            self._trial = trial  # even if it is for other files: one trial at a time
        else:
            self._trial = TrialThread(self._chooser, files, self._choice.files, collect_articles)
            self._trial.start()
        if trial and trial.files is not files:
            trial.cancel()

    def _stored_choice(self, files: ThemeFiles) -> ThemeChoice | None:
        """Return the choice among theme files if stored verdicts suffice for it, None if a trial is needed.

        Verdicts are looked up again each time, because another process may have stored one.
        """
        try:
            return self._chooser.choose(files, self._choice.files, self._chooser.stored_verdict)
        except NoVerdictError:
            return None

    def _finish_trial(self, trial: TrialThread) -> None:
        if trial.choice:
            self._set_choice(trial.files, trial.choice)
        else:
            self._chosen_from, self._retry_at = trial.files, time.monotonic() + self._retry_interval
            self._alerts.raise_alert(_ALERT_NAME, f"the theme {trial.failure_reason}; {_CONSEQUENCE}", _END_MESSAGE)

    def _set_choice(self, files: ThemeFiles, choice: ThemeChoice) -> None:
        is_same = choice.files == self._choice.files  # then the object stays the same, too, so that cached pages stay valid
        self._choice = replace(choice, files=self._choice.files) if is_same else choice
        self._chosen_from, self._retry_at = files, None
        self._alerts.clear(_ALERT_NAME)
