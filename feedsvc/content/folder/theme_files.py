"""The files of a newsroom's own looks, below theme/; whether pages can use them is for the pages to say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from feedsvc.content import safe_read
from feedsvc.content.folder.scanner import Survey
from feedsvc.content.text import LARGEST_FILE
from feedsvc.errors import Problem

FOLDER: Final = "theme"


class Looks:
    """`files` by their path below theme/: the very same mapping as long as nothing in it changed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._survey = Survey(root, FOLDER, within=FOLDER)
        self._unread: list[Problem] = []
        self.files: Mapping[str, bytes] = {}

    @property
    def problems(self) -> list[Problem]:
        return [*self._survey.problems, *self._unread]

    def refresh(self, scope: Iterable[str] | None) -> None:
        """Look everywhere or at these paths. They are few: every file is read again where any was touched."""
        touched = scope is None or any(path == FOLDER or path.startswith(f"{FOLDER}/") for path in scope)
        if not touched:
            return
        self._survey.refresh()
        self._unread = []
        found = {
            path.removeprefix(f"{FOLDER}/"): data for path in sorted(self._survey.files) if (data := self._read(path)) is not None
        }
        if found != self.files:
            self.files = found

    def _read(self, path: str) -> bytes | None:
        data = safe_read.read(self._root, path, FOLDER)
        if isinstance(data, bytes) and len(data) <= LARGEST_FILE:
            return data
        told = data if isinstance(data, Problem) else Problem(path=path, message="the file has more than 1 MiB")
        self._unread += [told] if data is not None else []
        return None
