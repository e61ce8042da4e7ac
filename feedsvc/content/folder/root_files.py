"""Root files: reads the files below root/, which are served as they are at the root of the site."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Final

from feedsvc.content import safe_read
from feedsvc.content.file_signature import nanoseconds_since_epoch
from feedsvc.content.scan import DirectoryScanner
from feedsvc.content.text import MAX_FILE_SIZE
from feedsvc.errors import Problem
from feedsvc.free_places import WELL_KNOWN_FOLDER, RootFileAt
from feedsvc.routes import place_of

ROOT_FOLDER: Final = "root"
_WELL_KNOWN: Final = f"{ROOT_FOLDER}/{WELL_KNOWN_FOLDER}"
_MAX_TOTAL: Final = 32 * MAX_FILE_SIZE  # bytes; all files are in memory
# Names that programs leave in folders, with no meaning for readers. A swap file of an editor exists for a moment.
_IGNORED_NAMES: Final = frozenset((".DS_Store", ".gitignore", ".gitkeep", ".directory"))
_SWAP_SUFFIXES: Final = (".swp", ".swo", ".swx", ".tmp", "~")
_COMPRESSED_SUFFIXES: Final = (".br", ".gz", ".zst")
_OWN_NAMES: Final = ("404.html", "410.html")  # in every folder of a tree
_HINTS: Final[Mapping[str, str]] = {
    "robots.txt": "write its rules in site.yaml, below robots: and crawlers:",
    "license.xml": "write license: in site.yaml",
    "index.html": "write a page in pages/, or give the file another name",
}


class RootFiles:
    """Reader of root/. `files` maps paths below root/ to bytes, and is the same object until a file changes.

    Files that must not be served are left out, with a problem: with an address of the site's own or of a page, with the suffix
    of a compressed copy, too large, or unreadable.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        # Names that begin with "." are skipped in a scan, except that of the folder where the scan begins.
        self._scanners = tuple(DirectoryScanner(root, top, within=ROOT_FOLDER) for top in (ROOT_FOLDER, _WELL_KNOWN))
        self._read_problems: list[Problem] = []
        self._is_due = True
        self._page_names: Container[str] = ()
        self.files: Mapping[str, bytes] = {}

    @property
    def problems(self) -> list[Problem]:
        return [*chain.from_iterable(scanner.problems for scanner in self._scanners), *self._read_problems]

    def scan(self, scope: Iterable[str] | None) -> None:
        """Scan all of root/ unless `scope` is empty. After a scan, the next `refresh` reads all files again."""
        if scope is None or any(True for _ in scope):
            for scanner in self._scanners:
                scanner.refresh()
            self._is_due = True

    def changed_since(self, moment: datetime) -> frozenset[str]:
        """Return the files that changed or vanished after the moment, as of the last scan; none if `refresh` was called since."""
        latest, former = nanoseconds_since_epoch(moment), [f"{ROOT_FOLDER}/{name}" for name in self.files]
        scanned = [(scanner, {*scanner.files, *former}) for scanner in self._scanners] if self._is_due else ()
        return frozenset(path for scanner, paths in scanned for path in paths if scanner.changed_at(path) > latest)

    def refresh(self, waiting_files: Container[str], page_names: Container[str]) -> None:
        """Read all files again if `scan` scanned since the last call, or if `page_names` is another object than in that call.

        `page_names` are the slugs and former slugs of pages, which are names that no file may have. `waiting_files` keep their
        bytes until a later call. If a folder cannot be read, nothing changes. In the order of paths, the first file with which
        all together exceed 32 MiB, and all after it, are left out, with one problem.
        """
        if not self._is_due and page_names is self._page_names:
            return
        if any(scanner.unreadable_folders for scanner in self._scanners):
            return  # the files may exist
        self._page_names, self._read_problems = page_names, [*self._hidden_file_problems()]
        former = (f"{ROOT_FOLDER}/{name}" for name in self.files)  # a file that is being replaced may be missing for a moment
        found = {*chain(*(scanner.files for scanner in self._scanners)), *(path for path in former if path in waiting_files)}
        waiting = {path for path in found if path in waiting_files}
        files: dict[str, bytes] = {}
        total = 0
        for path in sorted(found):
            name = path.removeprefix(f"{ROOT_FOLDER}/")
            data = self.files.get(name) if path in waiting else self._read(path, name, page_names)
            if data is not None and (total := total + len(data)) > _MAX_TOTAL:
                message = f"the files in {ROOT_FOLDER}/ have more than {_MAX_TOTAL // 1024**2} MiB, the most that is served"
                self._read_problems.append(Problem(path=path, message=message, hint="move large files to media/"))
                break
            files.update({name: data} if data is not None else {})
        self.files = self.files if files == self.files else files
        self._is_due = bool(waiting)

    def _read(self, path: str, name: str, page_names: Container[str]) -> bytes | None:
        """Return the bytes of a file; None if it is missing; None and a new problem if it cannot be read or must not be served.

        `path` is relative to the content folder, `name` to root/.
        """
        if fault := _name_fault(name, page_names):
            message, hint = fault
            self._read_problems.append(Problem(path=path, message=message, hint=hint))
            return None
        data = safe_read.read_file(self._root, path, ROOT_FOLDER)
        if isinstance(data, bytes) and len(data) <= MAX_FILE_SIZE:
            return data
        if data is not None:
            message = f"the file is larger than {MAX_FILE_SIZE // 1024**2} MiB, the most that is served from {ROOT_FOLDER}/"
            large = Problem(path=path, message=message, hint="move it to media/ and link to it from a page")
            self._read_problems.append(data if isinstance(data, Problem) else large)
        return None

    def _hidden_file_problems(self) -> Iterator[Problem]:
        """Yield a problem for each name that begins with a dot, except .well-known and those of programs, such as .DS_Store."""
        for folder in sorted(frozenset().union(*(scanner.folders for scanner in self._scanners))):
            try:
                names = sorted(os.listdir(self._root / folder))
            except OSError:
                continue
            for name in names:
                is_meant = name.startswith(".") and name not in _IGNORED_NAMES and not name.endswith(_SWAP_SUFFIXES)
                if is_meant and f"{folder}/{name}" != _WELL_KNOWN:
                    message = f"names that begin with a dot are not served, except {WELL_KNOWN_FOLDER}"
                    yield Problem(path=f"{folder}/{name}", message=message, hint="rename it, or move it out of the folder")


def _name_fault(name: str, page_names: Container[str]) -> tuple[str, str] | None:
    """Return (message, hint) if the file with this path below root/ cannot be served because of its name; None if it can."""
    last = name.rpartition("/")[2]
    if place_of(f"/{name}") != RootFileAt(name) or last in _OWN_NAMES or last.startswith("feed."):
        message = f"/{name} is an address of the site's own"
        return message, _HINTS.get(last, "rename it, or move it to media/")
    if name in page_names:
        return f"/{name}/ is the address of a page", "rename one of the two"
    if name.endswith(_COMPRESSED_SUFFIXES):
        return f"names that end in {', '.join(_COMPRESSED_SUFFIXES)} belong to compressed copies", "move it to media/"
    return None
