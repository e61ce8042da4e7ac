"""Folders to watch: on Linux, all folders below the content folder, because a notification is about the files of one folder.

`watchfiles.watch` could find these folders itself, but it would look at every file for that, and block all threads meanwhile:
more than a second for 100,000 articles.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

IGNORED_FOLDERS: Final = (".git", ".hg", ".svn", ".feedsvc")
# Other systems notify of everything below a folder.
IS_RECURSIVE: Final = sys.platform != "linux"


def watched_folders(root: Path, known_folders: Iterable[str]) -> Iterator[str]:
    """Yield the paths of the folders to watch: the root and, on Linux, all folders below it except IGNORED_FOLDERS of the root.

    `known_folders` are paths relative to the root, which must include all folders below them: these are yielded if they exist,
    and not searched. Links to folders are followed.
    """
    yield str(root)
    if IS_RECURSIVE:
        return
    known = frozenset(known_folders)
    yield from existing_folders(root, known)
    tops = [path for name, path in _subfolders(str(root)) if name not in known and name not in IGNORED_FOLDERS]
    seen: set[tuple[int, int]] = set()
    while tops:
        folder = tops.pop()
        identity = _identity(folder)
        if identity is not None and identity not in seen:
            seen.add(identity)
            yield folder
            tops += (path for _, path in _subfolders(folder))


def existing_folders(root: Path, names: Iterable[str]) -> Iterator[str]:
    """Yield the paths, with the root, of those `names` (paths relative to the root) that are folders; none if IS_RECURSIVE."""
    if not IS_RECURSIVE:
        yield from (path for name in sorted(names) if os.path.isdir(path := os.path.join(root, name)))


def _subfolders(folder: str) -> list[tuple[str, str]]:
    """Return the name and path of each folder, or link to one, in a folder; [] if it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return [(entry.name, entry.path) for entry in entries if entry.is_dir()]
    except OSError:
        return []


def _identity(folder: str) -> tuple[int, int] | None:
    try:
        status = os.stat(folder)
    except OSError:
        return None
    return status.st_dev, status.st_ino
