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
        """(file's name, what is to be noted, whether it was written) of each that there is.

        Step by step for all of them, since a processor is quicker at what it has just done.
        """
        self.prepare(paths)
        made = [(path, found) for path in paths if (found := self.taken(path))]
        imprints = [self.imprint(path) for path, _ in made]
        names = [file_name(path) for path, _ in made]
        for _, found in made:
            self._files.pack(found)
        put = [self._files.put(name, found, self._notes.get(name, Note())) for name, (_, found) in zip(names, made, strict=True)]
        return [
            (name, note._replace(imprint=imprint), written)
            for name, imprint, (written, note) in zip(names, imprints, put, strict=True)
        ]
