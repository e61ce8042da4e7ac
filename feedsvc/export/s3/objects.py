"""Documents as objects of a bucket: bytes with the headers that are kept beside them. Pure work, for one process or many."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from feedsvc.errors import FeedsvcError
from feedsvc.export.file_writer import length_of, open_source
from feedsvc.export.hosts import BUCKET
from feedsvc.export.layout import MISSING, file_name
from feedsvc.export.wanted import Wanted
from feedsvc.publication.cache_control import CACHING, CACHING_MISSING, media_type, typed
from feedsvc.publication.document import Attachment, Document
from feedsvc.publication.fingerprints import Imprints
from feedsvc.publication.publication import Publication

Headers = tuple[tuple[str, str], ...]

_LENGTH: Final = 24  # hex digits of a mark
_MISSING: Final = file_name(MISSING)
_CLOCKS: Final = 60  # seconds that the clock of who answers may be behind that of who keeps


class Seen(NamedTuple):
    """An object as its storage tells of it: its entity tag, and when it was put, in seconds since 1970; 0 is not told."""

    tag: str
    time: int


class Note(NamedTuple):
    """What is known of an object of ours: what it was made from, the entity tag that it has, its mark, and when it was put.

    As it stands here, of one that was only claimed. An imprint or mark of "" is not known, nor is a time of 0.
    """

    imprint: str = ""
    tag: str = ""
    mark: str = ""
    time: int = 0

    def is_moved(self, seen: Seen) -> bool:
        """Whether it was put again since, or copied onto itself: with other headers, perhaps."""
        return bool(self.time) and seen.time > self.time + _CLOCKS


class Object(NamedTuple):
    """`mark` is the same for the same bytes and headers. A media file's bytes are at its `location`, else "".

    `is_cleaned` is as for an Attachment.
    """

    name: str
    imprint: str
    mark: str
    headers: Headers
    size: int
    body: bytes = b""
    location: str = ""
    is_cleaned: bool = False


class Packer(Wanted):
    """Knows what a bucket lists by name, too, and what was noted of it."""

    def __init__(
        self, publication: Publication, imprints: Imprints, notes: Mapping[str, Note], listed: Mapping[str, Seen], coding: str
    ) -> None:
        """`coding` is one of CODINGS, for documents that it makes smaller; "" is none."""
        super().__init__(publication, imprints, BUCKET, {})
        self._notes, self._listed, self._coding = notes, listed, coding

    def stale(self, paths: Sequence[str]) -> list[str]:
        """Those that may be others by now, or whose objects are not as they were noted."""
        return [path for path in paths if not self._is_current(path)]

    def _is_current(self, path: str) -> bool:
        name = file_name(path)
        return self.stands(name) and self._notes[name].imprint == (self.imprint(path) or None)

    def stands(self, name: str) -> bool:
        """Whether the bucket has the very object that was noted."""
        note, seen = self._notes.get(name), self._listed.get(name)
        return note is not None and seen is not None and note.tag == seen.tag and not note.is_moved(seen)

    def make(self, paths: Sequence[str]) -> list[tuple[Object, bool]]:
        """The object of each path that there is, and whether the bucket lacks it; without its bytes where it does not."""
        return [made for path in paths if (made := self._made(path))]

    def _made(self, path: str) -> tuple[Object, bool] | None:
        imprint, found = self.imprint(path), self.taken(path)
        if found is None:
            return None
        made = self._object(file_name(path), imprint, found)
        lacks = not self.stands(made.name) or self._notes[made.name].mark != made.mark
        return made if lacks else made._replace(body=b""), lacks

    def _object(self, name: str, imprint: str, found: Document | Attachment) -> Object:
        if isinstance(found, Attachment):
            said: Headers = (("Content-Type", media_type(found)), ("Cache-Control", CACHING))
            mark, size = _digest(found.location, hashlib.sha256(repr(said).encode()), is_cleaned=found.is_cleaned)
            return Object(name, imprint, mark[:_LENGTH], said, size, location=found.location, is_cleaned=found.is_cleaned)
        coded = found.coded(self._coding) if self._coding else b""
        said = (("Content-Type", typed(found.media_type)), ("Cache-Control", CACHING_MISSING if name == _MISSING else CACHING))
        said += (("Content-Encoding", self._coding),) if coded else ()
        body = coded or found.body
        mark = hashlib.sha256(repr(said).encode() + body).hexdigest()
        return Object(name, imprint, mark[:_LENGTH], said, len(body), body)

    def has_bytes(self, path: str, tag: str) -> bool:
        """Whether an object of this entity tag has the very bytes that belong there; of one put in parts nobody can tell."""
        found = self.found(path)
        if found is None:
            return False
        made, md5 = self._object(file_name(path), "", found), hashlib.md5(usedforsecurity=False)
        if made.location:
            return _digest(made.location, md5, is_cleaned=made.is_cleaned)[0] == tag
        md5.update(made.body)
        return md5.hexdigest() == tag


def _digest(location: str, begun: hashlib._Hash, *, is_cleaned: bool) -> tuple[str, int]:
    """The digest of what was begun and a file's bytes, and how many these are."""
    try:
        with open_source(location, is_cleaned=is_cleaned) as file:
            size = length_of(file)
            return hashlib.file_digest(file, lambda: begun).hexdigest(), size
    except OSError as error:
        raise FeedsvcError(f"{location} cannot be read ({error.strerror}); build again") from None
