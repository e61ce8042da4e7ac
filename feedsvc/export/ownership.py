"""Protection of a tree: no build overwrites files of other origin, or writes through links that lead out of the tree."""

from __future__ import annotations

import stat
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from feedsvc.errors import FeedsvcError
from feedsvc.export.file_table import Note
from feedsvc.export.file_writer import Files
from feedsvc.export.layout import TWINS, file_name
from feedsvc.export.manifest import Journal
from feedsvc.export.renderer import Maker
from feedsvc.publication.document import Document

_FOREIGN: Final = "was not written by feedsvc and would be overwritten"
_WITHOUT: Final = {"gzip": "with --no-gzip"}  # how a build goes that writes no twins of a coding
_NEW: Final = Note(packed=(0,) * len(TWINS))  # of a file that is not ours yet


class Guard:
    """Protects the tree in `out`; of its `files`, those in the `journal` are ours. Methods raise FeedsvcError or OSError."""

    def __init__(self, out: Path, files: Files, journal: Journal, codings: Collection[str]) -> None:
        """`codings` are those of the twins that are going to be written."""
        self._out, self._files, self._journal, self._codings = out, files, journal, codings

    def refuse_links(self, names: Iterable[str]) -> None:
        for folder in self._files.links(names):
            if not (self._out / folder).resolve().is_relative_to(self._out.resolve()):
                raise FeedsvcError(
                    f"{self._out / folder} is a link that leaves {self._out}; move it away or build into another folder"
                )

    def refuse(self, maker: Maker, names: dict[str, str]) -> set[str]:
        """Raise FeedsvcError if a file of other origin would be overwritten, unless it has the same bytes anyway.

        Return the names of twins at which a file of other origin stays, since no twin belongs there.
        """
        alone: set[str] = set()
        for path, name in names.items():
            self._refuse_file(maker, path, name)
            known = zip(TWINS, self._journal.notes.get(name, _NEW).packed, strict=True)
            unsure = [coding for coding, size in known if coding in self._codings and not size]
            alone |= {name + TWINS[coding] for coding in unsure if not self._is_twin_free(maker, path, coding)}
        return alone

    def _refuse_file(self, maker: Maker, path: str, name: str) -> None:
        status = self._files.sought(name)
        if status and stat.S_ISDIR(status.st_mode):
            raise FeedsvcError(f"{self._out / name} is a folder where a file belongs; move it away or build into another folder")
        if status and name not in self._journal.notes and not self.is_same(maker, path, name):
            raise FeedsvcError(f"{self._out / name} {_FOREIGN}; move it away or build into another folder")

    def is_taken(self, maker: Maker, path: str, name: str) -> bool:
        """Return whether something else, of other origin, has the name, or a file has that of one of its folders."""
        status = self._files.status(name)
        if status is None:
            return self._is_below_file(name)
        return not stat.S_ISREG(status.st_mode) or not self.is_same(maker, path, name)

    def _is_below_file(self, name: str) -> bool:
        while name := name.rpartition("/")[0]:
            if status := self._files.status(name):
                return stat.S_ISREG(status.st_mode) and name not in self._journal.notes
        return False

    def is_same(self, maker: Maker, path: str, name: str) -> bool:
        found = maker.found(path)
        return found is not None and self._files.is_same(name, found)

    def _is_twin_free(self, maker: Maker, path: str, coding: str) -> bool:
        """Return whether a twin's place is free or has its bytes; False for a file of other origin where no twin belongs.

        Raises FeedsvcError for a file of other origin where one does.
        """
        name = file_name(path) + TWINS[coding]
        if self._files.sought(name) is None:
            return True
        found = maker.found(path)
        twin = found.coded(coding) if isinstance(found, Document) else b""
        if twin and not self._files.is_same(name, twin):
            hint = _WITHOUT.get(coding, f"without --coding {coding}")
            raise FeedsvcError(f"{self._out / name} {_FOREIGN}; move it away or build {hint}")
        return bool(twin)
