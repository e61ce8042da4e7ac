"""Which documents of a publication a tree lacks, and the making of them: pure work on pieces, for one process or many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from feedsvc.export.file_table import Note
from feedsvc.export.file_writer import Files
from feedsvc.export.hosts import Host
from feedsvc.export.layout import file_name
from feedsvc.export.wanted import Wanted
from feedsvc.publication.document import Attachment, Document
from feedsvc.publication.fingerprints import Imprints
from feedsvc.publication.publication import Publication

Made = tuple[str, Note, bool]
_Together = list[tuple[str, Document | Attachment]]
_PAGE: Final = "/"  # how the paths of pages end
_NEW: Final = Note()


class Maker(Wanted):
    """Knows the tree's files, too, and what was noted of them."""

    def __init__(
        self,
        publication: Publication,
        imprints: Imprints,
        host: Host,
        host_files: Mapping[str, bytes],
        *,
        files: Files,
        notes: Mapping[str, Note],
    ) -> None:
        super().__init__(publication, imprints, host, host_files)
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
        return [made for together in self._found(paths) for made in self._put(together)]

    def _found(self, paths: Sequence[str]) -> Iterator[_Together]:
        """What belongs at the paths: files, before the pages that show them; pages, which are small, together.

        A feed may be as large as all of them.
        """
        yield from (self._several([path]) for path in paths if not path.endswith(_PAGE))
        articles = self.publication.articles(path for path in paths if not self.is_held(path))
        yield [*articles.items()]
        yield self._several([path for path in paths if path.endswith(_PAGE) and path not in articles])

    def _several(self, paths: Sequence[str]) -> _Together:
        return [(path, found) for path in paths if (found := self.taken(path))]

    def _put(self, several: _Together) -> Iterator[Made]:
        """Each step for all of them, since a processor is quicker at what it has just done."""
        imprints = [self.imprint(path) for path, _ in several]
        names = [file_name(path) for path, _ in several]
        for _, found in several:
            self._files.pack(found)
        put = [self._files.put(name, found, self._notes.get(name, _NEW)) for name, (_, found) in zip(names, several, strict=True)]
        for name, imprint, (written, note) in zip(names, imprints, put, strict=True):
            yield name, note._replace(imprint=imprint), written
