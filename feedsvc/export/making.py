"""Which documents of a publication a tree lacks, and the making of them: pure work on pieces, for one process or many."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from http import HTTPStatus

from feedsvc.document import Attachment, Document
from feedsvc.export.journal import Note
from feedsvc.export.names import MISSING, file_name, gone_from
from feedsvc.export.writing import Files
from feedsvc.imprint import Imprints
from feedsvc.publication import Publication
from feedsvc.urls import FileAt, SizedAt, place_of

Made = tuple[str, Note, bool]


class Maker:
    """Knows a publication, the tree's files and what was noted of them."""

    def __init__(self, publication: Publication, imprints: Imprints, files: Files, notes: Mapping[str, Note]) -> None:
        self._publication, self._imprints, self._files, self._notes = publication, imprints, files, notes
        self._held: dict[str, Document | Attachment] = {}

    def stale(self, paths: Sequence[str]) -> list[str]:
        """Those that may be others by now, or whose files are not as they were noted."""
        return [path for path in paths if not self.is_current(path)]

    def is_current(self, path: str) -> bool:
        name = file_name(path)
        note = self._notes.get(name)
        if note is None or not note.imprint:
            return False
        return note.imprint == self._imprint(path) and self._files.holds(name, note)

    def make(self, paths: Sequence[str]) -> list[Made]:
        """(file's name, what is to be noted, whether it was written) of each that there is."""
        return [made for path in paths if (made := self._made(path))]

    def _made(self, path: str) -> Made | None:
        found, imprint, name = self._held.pop(path, None) or self.found(path), self._imprint(path), file_name(path)
        if found is None:
            return None
        written, note = self._files.put(name, found, self._notes.get(name, Note()))
        return name, note._replace(imprint=imprint), written

    def holds(self, path: str) -> bool:
        """Whether something belongs there; it is made by that, and kept until it is written."""
        found = self.found(path)
        if found:
            self._held[path] = found
        return found is not None

    def found(self, path: str) -> Document | Attachment | None:
        """What belongs in a tree: it has no redirects, and pages with another status have files of their own."""
        if path == MISSING:
            return self._publication.missing()
        address = gone_from(path)
        found = self._publication.made(address or path)
        wanted = HTTPStatus.GONE if address else HTTPStatus.OK
        return found if isinstance(found, Attachment) or (found and found.status == wanted) else None

    def _imprint(self, path: str) -> str:
        place = place_of(gone_from(path) or path)
        if place is None:
            return self._imprints.missing if path == MISSING else ""
        is_media = isinstance(place, SizedAt) or (isinstance(place, FileAt) and place.path in self._publication.catalog.media)
        return self._stamp(path) if is_media else self._imprints.of(place)

    def _stamp(self, path: str) -> str:
        """Of a file that is copied: its place, size and time."""
        found = self._publication.made(path)
        if not isinstance(found, Attachment):
            return ""
        try:
            status = os.stat(found.location)
        except OSError:
            return ""
        facts = f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino} {found.location}"
        return blake2b(facts.encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()
