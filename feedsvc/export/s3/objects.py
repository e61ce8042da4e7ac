"""Documents as objects of a bucket: bytes with headers. This module sends no requests, so it can run in several processes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from feedsvc.errors import FeedsvcError
from feedsvc.export.contents import ExportContents
from feedsvc.export.file_bytes import length_of, open_source
from feedsvc.export.hosts import BUCKET_HOST
from feedsvc.export.layout import MISSING_PATH, file_name
from feedsvc.publication import (
    CACHE_CONTROL,
    CACHE_CONTROL_MISSING,
    Document,
    FileResource,
    Fingerprints,
    Publication,
    content_type,
    file_content_type,
)

Headers = tuple[tuple[str, str], ...]

_DIGEST_LENGTH: Final = 24  # hexadecimal digits
_MISSING_NAME: Final = file_name(MISSING_PATH)
CLOCK_SKEW: Final = 60  # seconds that the answering server's clock may be behind the storing one's


class StoredObject(NamedTuple):
    """An object as the storage reports it: entity tag, and time of its last PUT in seconds since 1970, 0 if unknown."""

    etag: str
    time: int


class ObjectState(NamedTuple):
    """The recorded state of an object: fingerprint, entity tag, digest of bytes and headers, and time of its PUT.

    The defaults are for a reserved object, which is recorded before it is put. "" and 0 stand for unknown.
    """

    fingerprint: str = ""
    etag: str = ""
    digest: str = ""
    time: int = 0

    def is_replaced(self, stored: StoredObject, clock_skew: int) -> bool:
        """Return whether the object was put again or copied onto itself since it was recorded, perhaps with other headers.

        Times of the storage's servers differ by up to `clock_skew` seconds.
        """
        return bool(self.time) and stored.time > self.time + clock_skew


class BucketObject(NamedTuple):
    """An object to put. `digest` is the same for the same bytes and headers, `size` is in bytes.

    The bytes are in `body`, or for media files and image variants in the file at `location`. `is_cleaned` is as in FileResource.
    """

    name: str
    fingerprint: str
    digest: str
    headers: Headers
    size: int
    body: bytes = b""
    location: str = ""
    is_cleaned: bool = False


class ObjectBuilder(ExportContents):
    """Contents of an export, compared with the objects of a bucket and their recorded states."""

    def __init__(
        self,
        publication: Publication,
        imprints: Fingerprints,
        notes: Mapping[str, ObjectState],
        listed: Mapping[str, StoredObject],
        coding: str,
        *,
        clock_skew: int = CLOCK_SKEW,
    ) -> None:
        """Take the recorded states (`notes`) and the current ones (`listed`) of objects by name.

        Documents that the `coding` makes smaller are put in that coding; "" for none. `clock_skew` is as in
        `ObjectState.is_replaced`.
        """
        super().__init__(publication, imprints, BUCKET_HOST, {})
        self._states, self._objects, self._coding, self._clock_skew = notes, listed, coding, clock_skew

    def stale_paths(self, paths: Sequence[str]) -> list[str]:
        """Return the paths whose documents may have changed since they were put, or whose objects are missing or modified."""
        return [path for path in paths if not self._is_current(path)]

    def _is_current(self, path: str) -> bool:
        name = file_name(path)
        return self.is_unmodified(name) and self._states[name].fingerprint == (self.fingerprint(path) or None)

    def is_unmodified(self, name: str) -> bool:
        """Return whether the bucket still has the object as it was recorded."""
        note, seen = self._states.get(name), self._objects.get(name)
        return note is not None and seen is not None and note.etag == seen.etag and not note.is_replaced(seen, self._clock_skew)

    def build_objects(self, paths: Sequence[str]) -> list[tuple[BucketObject, bool]]:
        """Return (object, whether it must be put) of each path with a document. An object that need not be put has no `body`."""
        return [made for path in paths if (made := self._build_object(path))]

    def _build_object(self, path: str) -> tuple[BucketObject, bool] | None:
        imprint, found = self.fingerprint(path), self.take(path)
        if found is None:
            return None
        made = self._to_object(file_name(path), imprint, found)
        lacks = not self.is_unmodified(made.name) or self._states[made.name].digest != made.digest
        return made if lacks else made._replace(body=b""), lacks

    def _to_object(self, name: str, imprint: str, found: Document | FileResource) -> BucketObject:
        if isinstance(found, FileResource):
            said: Headers = (("Content-Type", file_content_type(found)), ("Cache-Control", CACHE_CONTROL))
            mark, size = _digest(found.location, hashlib.sha256(repr(said).encode()), is_cleaned=found.is_cleaned)
            return BucketObject(
                name, imprint, mark[:_DIGEST_LENGTH], said, size, location=found.location, is_cleaned=found.is_cleaned
            )
        coded = found.encode(self._coding) if self._coding else b""
        said = (
            ("Content-Type", content_type(found.media_type)),
            ("Cache-Control", CACHE_CONTROL_MISSING if name == _MISSING_NAME else CACHE_CONTROL),
        )
        said += (("Content-Encoding", self._coding),) if coded else ()
        body = coded or found.body
        mark = hashlib.sha256(repr(said).encode() + body).hexdigest()
        return BucketObject(name, imprint, mark[:_DIGEST_LENGTH], said, len(body), body)

    def has_bytes(self, path: str, tag: str) -> bool:
        """Return whether an object with the entity tag `tag` has the bytes that belong at a path.

        False for multipart uploads, whose entity tag is not the MD5 of their bytes.
        """
        found = self.find(path)
        if found is None:
            return False
        made, md5 = self._to_object(file_name(path), "", found), hashlib.md5(usedforsecurity=False)
        if made.location:
            return _digest(made.location, md5, is_cleaned=made.is_cleaned)[0] == tag
        md5.update(made.body)
        return md5.hexdigest() == tag


def _digest(location: str, begun: hashlib._Hash, *, is_cleaned: bool) -> tuple[str, int]:
    """Return the hexadecimal digest of `begun` continued with a file's bytes, and the number of bytes. Raises FeedsvcError."""
    try:
        with open_source(location, is_cleaned=is_cleaned) as file:
            size = length_of(file)
            return hashlib.file_digest(file, lambda: begun).hexdigest(), size
    except OSError as error:
        raise FeedsvcError(f"{location} cannot be read ({error.strerror}); build again") from None
