"""Theme files: reads the files below theme/. The package `pages` decides if they can be used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from feedsvc.content import safe_read
from feedsvc.content.scan import DirectoryScanner
from feedsvc.content.text import MAX_FILE_SIZE
from feedsvc.errors import Problem

THEME_FOLDER: Final = "theme"


class ThemeFolder:
    """Reader of theme files. `files` maps their paths below theme/ to their bytes; it is the same object until a file changes.

    A file that is unreadable or over 1 MiB is left out and is among the problems.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._scanner = DirectoryScanner(root, THEME_FOLDER, within=THEME_FOLDER)
        self._read_problems: list[Problem] = []
        self.files: Mapping[str, bytes] = {}

    @property
    def problems(self) -> list[Problem]:
        return [*self._scanner.problems, *self._read_problems]

    def refresh(self, scope: Iterable[str] | None) -> None:
        """Read all theme files again if `scope` is None or has theme/ or a path below it; otherwise do nothing.

        All are read, not only the changed ones, because a theme has few files.
        """
        if scope is not None and not any(path == THEME_FOLDER or path.startswith(f"{THEME_FOLDER}/") for path in scope):
            return
        self._scanner.refresh()
        self._read_problems = []
        files = {
            path.removeprefix(f"{THEME_FOLDER}/"): data
            for path in sorted(self._scanner.files)
            if (data := self._read(path)) is not None
        }
        if files != self.files:
            self.files = files

    def _read(self, path: str) -> bytes | None:
        """Return the bytes of a theme file; None if it is missing, or if it is unreadable or too large, which adds a problem."""
        data = safe_read.read_file(self._root, path, THEME_FOLDER)
        if isinstance(data, bytes) and len(data) <= MAX_FILE_SIZE:
            return data
        if data is not None:
            too_large = Problem(path=path, message="the file has more than 1 MiB")
            self._read_problems.append(data if isinstance(data, Problem) else too_large)
        return None
