"""Objects of a bucket, built from documents: bytes with headers. Several processes may run this module: it sends no requests."""

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
from feedsvc.support.digest import sha256

Headers = tuple[tuple[str, str], ...]

_DIGEST_LENGTH: Final = 24  # hexadecimal digits
_MISSING_NAME: Final = file_name(MISSING_PATH)
CLOCK_SKEW: Final = 60  # seconds; a PUT's response and the listing may have times of different servers of the storage


class StoredObject(NamedTuple):
    """An object as the storage reports it: unquoted entity tag, and time of its last PUT in seconds since 1970, 0 if unknown."""

    etag: str
    time: int


class ObjectState(NamedTuple):
    """The recorded state of an object: fingerprint, entity tag, digest of bytes and headers, and time of its PUT.

    The time is in seconds since 1970. "" and 0 stand for unknown values, as in a reserved object, which is recorded before it
    is put.
    """

    fingerprint: str = ""
    etag: str = ""
    digest: str = ""
    time: int = 0

    def is_replaced(self, stored: StoredObject, clock_skew: int) -> bool:
        """Return whether the object was put again or copied onto itself since it was recorded, perhaps with other headers.

        That is so if the time of `stored` is more than `clock_skew` seconds later: the clocks of the storage's servers may
        differ by that. False if the recorded time is unknown.
        """
        return bool(self.time) and stored.time > self.time + clock_skew


class BucketObject(NamedTuple):
    """An object to put, or to compare. `digest` is the same for the same bytes and headers, `size` is in bytes.

    The bytes are in `body`, or for media files and image variants in the file at `location`; with `is_cleaned`, an image is put
    without its metadata.
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
        fingerprints: Fingerprints,
        states: Mapping[str, ObjectState],
        objects: Mapping[str, StoredObject],
        coding: str,
        *,
        clock_skew: int = CLOCK_SKEW,
    ) -> None:
        """Take the recorded `states` of objects and the current ones, `objects`, as listed by the bucket, both by name.

        Documents that the `coding` makes smaller are put in that coding; "" stands for none. `clock_skew` is the number of
        seconds by which clocks of the storage's servers may differ.
        """
        super().__init__(publication, fingerprints, BUCKET_HOST, {})
        self._states, self._objects, self._coding, self._clock_skew = states, objects, coding, clock_skew

    def stale_paths(self, paths: Sequence[str]) -> list[str]:
        """Return the paths whose documents may have changed since they were put, or whose objects are missing or modified."""
        return [path for path in paths if not self._is_current(path)]

    def _is_current(self, path: str) -> bool:
        name = file_name(path)
        return self.is_unmodified(name) and self._states[name].fingerprint == (self.fingerprint(path) or None)

    def is_unmodified(self, name: str) -> bool:
        """Return whether the bucket still has the object as it was recorded: with its entity tag, and not put again since.

        False for an object that is not recorded.
        """
        state, stored = self._states.get(name), self._objects.get(name)
        if state is None or stored is None:
            return False
        return state.etag == stored.etag and not state.is_replaced(stored, self._clock_skew)

    def build_objects(self, paths: Sequence[str]) -> list[tuple[BucketObject, bool]]:
        """Render the documents at these paths, and return (object, whether it must be put) of each path with a document.

        An object need not be put if the bucket has it with the same bytes and headers; its `body` is empty then.
        """
        return [result for path in paths if (result := self._build_object(path))]

    def _build_object(self, path: str) -> tuple[BucketObject, bool] | None:
        fingerprint, content = self.fingerprint(path), self.take(path)
        if content is None:
            return None
        bucket_object = self._to_object(file_name(path), fingerprint, content)
        must_put = not self.is_unmodified(bucket_object.name) or self._states[bucket_object.name].digest != bucket_object.digest
        return bucket_object if must_put else bucket_object._replace(body=b""), must_put

    def _to_object(self, name: str, fingerprint: str, content: Document | FileResource) -> BucketObject:
        if isinstance(content, FileResource):
            headers: Headers = (("Content-Type", file_content_type(content)), ("Cache-Control", CACHE_CONTROL))
            location, is_cleaned = content.location, content.is_cleaned
            digest, size = _digest(location, hashlib.sha256(repr(headers).encode()), is_cleaned=is_cleaned)
            digest = digest[:_DIGEST_LENGTH]
            return BucketObject(name, fingerprint, digest, headers, size, location=location, is_cleaned=is_cleaned)
        encoded = content.encode(self._coding) if self._coding else b""
        headers = (
            ("Content-Type", content_type(content.media_type)),
            ("Cache-Control", CACHE_CONTROL_MISSING if name == _MISSING_NAME else CACHE_CONTROL),
        )
        headers += (("Content-Encoding", self._coding),) if encoded else ()
        body = encoded or content.body
        digest = sha256(repr(headers).encode() + body).hex()[:_DIGEST_LENGTH]
        return BucketObject(name, fingerprint, digest, headers, len(body), body)

    def has_bytes(self, path: str, etag: str) -> bool:
        """Return whether an object with the entity tag `etag` has the bytes of the document or file at a path.

        Return False for multipart uploads, whose entity tag is not the MD5 of their bytes.
        """
        content = self.find(path)
        if content is None:
            return False
        bucket_object, md5 = self._to_object(file_name(path), "", content), hashlib.md5(usedforsecurity=False)
        if bucket_object.location:
            return _digest(bucket_object.location, md5, is_cleaned=bucket_object.is_cleaned)[0] == etag
        md5.update(bucket_object.body)
        return md5.hexdigest() == etag


def _digest(location: str, initial: hashlib._Hash, *, is_cleaned: bool) -> tuple[str, int]:
    """Update `initial` with the bytes of the file at `location`; return its hexadecimal digest and the number of bytes.

    With `is_cleaned`, the bytes are those of an image without its metadata. Raises FeedsvcError if the file cannot be read.
    """
    try:
        with open_source(location, is_cleaned=is_cleaned) as file:
            size = length_of(file)
            return hashlib.file_digest(file, lambda: initial).hexdigest(), size
    except OSError as error:
        raise FeedsvcError(f"{location} cannot be read ({error.strerror}); build again") from None
