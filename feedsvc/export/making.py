"""Which documents of a publication a tree lacks, and the making of them: pure work on pieces, for one process or many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from feedsvc.export.names import file_name
from feedsvc.export.notes import Note
from feedsvc.export.wanted import Wanted
from feedsvc.export.writing import Files
from feedsvc.imprint import Imprints
from feedsvc.publication import Publication

Made = tuple[str, Note, bool]


class Maker(Wanted):
    """Knows the tree's files, too, and what was noted of them."""

    def __init__(self, publication: Publication, imprints: Imprints, files: Files, notes: Mapping[str, Note]) -> None:
        super().__init__(publication, imprints)
        self._files, self._notes = files, notes

    def stale(self, paths: Sequence[str]) -> list[str]:
        """Those that may be others by now, or whose files are not as they were noted."""
        return [path for path in paths if not self.is_current(path)]

    def is_current(self, path: str) -> bool:
        name = file_name(path)
        note = self._notes.get(name)
        return note is not None and bool(note.imprint) and note.imprint == self.imprint(path) and self._files.holds(name, note)

    def make(self, paths: Sequence[str]) -> list[Made]:
        """(file's name, what is to be noted, whether it was written) of each that there is."""
        return [made for path in paths if (made := self._made(path))]

    def _made(self, path: str) -> Made | None:
        found, imprint, name = self.taken(path), self.imprint(path), file_name(path)
        if found is None:
            return None
        written, note = self._files.put(name, found, self._notes.get(name, Note()))
        return name, note._replace(imprint=imprint), written
