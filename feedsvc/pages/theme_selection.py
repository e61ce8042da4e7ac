"""Selection of the theme in force: the folder's theme once it has passed a check, until then the last one that has.

A theme is used whole or not at all. The last one that passed is kept in the state folder, and is in force after a start, too.
"""

from __future__ import annotations

import logging
import math
import threading
import time
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Final

from feedsvc.content.folder import THEME_FOLDER, ContentSnapshot
from feedsvc.errors import FeedsvcError, Problem
from feedsvc.pages.theme import TEMPLATES, ThemeFiles, files_below, theme_digest
from feedsvc.pages.theme_check import (
    CHECK_SECONDS,
    NewestArticles,
    ThemeCheckError,
    check_templates,
    find_file_problems,
    find_newest_articles,
)
from feedsvc.support.alerts import Alerts, unwritable_message
from feedsvc.support.state_folder import ensure_folder, replace_file

_FILE: Final = "theme.zip"
_RETRY_SECONDS: Final = 60.0  # until the next check of a theme that could not be checked
_LOG: Final = logging.getLogger(__name__)


class ThemeSelection:
    """The theme in force for one content folder. Only one thread at a time may call `apply`."""

    def __init__(
        self,
        state_folder: Path | None = None,
        *,
        alerts: Alerts | None = None,
        is_required: bool = False,
        seconds: float = CHECK_SECONDS,
        retry_seconds: float = _RETRY_SECONDS,
    ) -> None:
        """Keep the last theme that passed in the state folder, or in memory if that is None.

        `alerts` gets faults of this machine. With `is_required`, the first call of `apply` raises FeedsvcError if the theme
        could not be checked. `seconds` is the time for all pages of a check.
        """
        self._file = state_folder / _FILE if state_folder else None
        self._alerts, self._is_required = alerts or Alerts(), is_required
        self._seconds, self._retry_seconds = seconds, retry_seconds
        self._files: ThemeFiles | None = None  # of the folder at the last selection, compared by identity; None at first
        self._is_unread = False  # whether a file of it could not be read then
        self._in_force: ThemeFiles = {}
        self._problems: Sequence[Problem] = ()
        self._check: _Check | None = None
        self._retry_at = math.inf  # monotonic seconds

    def apply(self, content: ContentSnapshot, now: datetime, *, preview: bool = False) -> ContentSnapshot:
        """Return the content with the theme in force in place of the folder's theme, and with the problems of the latter.

        The first call waits for the check of changed templates. A later call only starts a thread for it: the last theme that
        passed stays in force until `apply` is called after the end of the thread. From that end on, `is_due` is True. A check
        renders the newest articles that are public at `now`; with `preview`, drafts and scheduled ones, too.
        """
        if self._check and not self._check.is_alive():
            self._finish(self._check)
        is_unread = any(one.severity == "error" for one in content.problems_at(f"{THEME_FOLDER}/"))
        is_changed = content.theme is not self._files or is_unread != self._is_unread
        if not self._check and (is_changed or time.monotonic() >= self._retry_at):
            self._is_unread = is_unread
            self._begin(content.theme, partial(find_newest_articles, content, now, preview=preview))
        last_valid = {one.path for one in self._problems if one.path.removeprefix(f"{THEME_FOLDER}/") in self._in_force}
        return replace(
            content,
            theme=self._in_force,
            sorted_problems=content.sorted_problems.apply_changes((), self._problems),
            last_valid_paths=content.last_valid_paths | last_valid,
        )

    @property
    def is_due(self) -> bool:
        """True if `apply` should be called again although nothing in the folder changed: a check has ended or should start."""
        return not self._check.is_alive() if self._check else time.monotonic() >= self._retry_at

    def _begin(self, files: ThemeFiles, find_articles: Callable[[], NewestArticles]) -> None:
        """Select the folder's theme, or begin a check of it if its templates are others than those in force."""
        is_first, self._files, self._retry_at = self._files is None, files, math.inf
        if is_first:
            self._in_force = self._read()
        problems = find_file_problems(files)
        if problems or self._is_unread or _templates(files) in ({}, _templates(self._in_force)):
            self._select(files, problems)
            return
        self._check = _Check(files, find_articles, self._seconds)
        if not is_first:
            self._check.start()
            return
        self._check.run()  # in this thread: the caller waits
        if self._check.error and self._is_required:
            raise FeedsvcError(f"the theme {self._check.error}; the command stopped, because a theme is used only after a check")
        self._finish(self._check)

    def _finish(self, check: _Check) -> None:
        self._check = None
        if check.error:
            self._retry_at = time.monotonic() + self._retry_seconds
            message = f"the theme {check.error}; it is checked again each minute, until then the last valid one is used"
            self._alerts.raise_alert("theme", message, "the theme has been checked")
        else:
            self._select(check.files, check.problems)

    def _select(self, files: ThemeFiles, problems: Sequence[Problem]) -> None:
        self._problems = problems
        self._alerts.clear("theme")
        if (
            not problems and not self._is_unread and files != self._in_force
        ):  # else the object stays the same, too, so that cached pages stay valid
            self._in_force = files
            self._write(files)

    def _read(self) -> ThemeFiles:
        """Return the last theme that passed a check by these versions of the program and Jinja; {} without one."""
        with suppress(OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError):
            if self._file:
                with zipfile.ZipFile(self._file) as archive:
                    files = {name: archive.read(name) for name in archive.namelist()}
                    if archive.comment == theme_digest(files).encode():
                        return files
        return {}

    def _write(self, files: ThemeFiles) -> None:
        """Write the theme to the state folder. If that cannot be written, raise an alert, which the next success clears."""
        if not self._file:
            return
        data = BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            for name, content in files.items():
                archive.writestr(zipfile.ZipInfo(name), content)
            archive.comment = theme_digest(files).encode()
        try:
            ensure_folder(self._file.parent)
            replace_file(self._file, data.getvalue())
            self._alerts.clear("themes")
        except OSError as error:
            effect = "until then, each start checks the theme, and has no last valid one"
            message = unwritable_message("the theme that passed its check", self._file, error.strerror, effect)
            self._alerts.raise_alert("themes", message, "the theme is written again")


class _Check(threading.Thread):
    """Thread that checks templates; `run` may also be called in the caller's thread. At the end, it has problems or an `error`.

    `error` continues the words "the theme".
    """

    def __init__(self, files: ThemeFiles, find_articles: Callable[[], NewestArticles], seconds: float) -> None:
        super().__init__(name="feedsvc-theme-check", daemon=True)
        self.files, self._find_articles, self._seconds = files, find_articles, seconds
        self.problems: Sequence[Problem] = ()
        self.error = ""

    def run(self) -> None:
        try:
            self.problems = check_templates(self.files, self._find_articles(), self._seconds)
        except ThemeCheckError as error:
            self.error = str(error)
        except Exception as error:  # noqa: BLE001 - an internal error must not end the service
            _LOG.exception("the theme could not be checked")
            self.error = f"could not be checked ({type(error).__name__}: {error})"


def _templates(files: ThemeFiles) -> ThemeFiles:
    return dict(files_below(files, TEMPLATES))
