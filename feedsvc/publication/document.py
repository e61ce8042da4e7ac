"""Documents, files and redirects, to which a path resolves, ready to send or to write to disk, and the cache of documents.

An edition is one of the Publications that follow each other as the content changes.
"""

from __future__ import annotations

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from feedsvc import uris
from feedsvc.content.media import is_cleaned_type
from feedsvc.feed_model import Link
from feedsvc.feeds import quote_attribute
from feedsvc.model import MediaFile, Site
from feedsvc.publication.dependencies import Dependencies
from feedsvc.routes import MOST_READ_PATH
from feedsvc.support.compression import compress
from feedsvc.support.digest import sha256

# The start tag of an XML document's root element; no value of our roots contains ">", and none in XML contains "<".
_ROOT_TAG: Final = re.compile(rb"<[A-Za-z][^<>]*>")


class DerivedData:
    """Data derived from a document on first use (digest, encoded bodies), and cached as long as the document. Thread-safe.

    `cache` is for modules that send documents; each uses its own keys. `has_grown` is True if an encoded body was added since
    the last call of `size`.
    """

    __slots__ = ("_digest", "_encoded_bodies", "_lock", "cache", "has_grown")

    def __init__(self) -> None:
        self.cache: dict[Hashable, Any] = {}
        self.has_grown = False
        self._encoded_bodies: dict[str, bytes] = {}
        self._digest = ""
        self._lock = threading.Lock()

    def digest(self, body: bytes) -> str:
        """Return the digest (24 hex digits of SHA-256) of `body`, which must be the document's. It is computed once."""
        self._digest = self._digest or digest(body)
        return self._digest

    def encode(self, body: bytes, coding: str) -> bytes:
        """Return `body`, which must be the document's, in a coding of CODINGS; b"" if it is below MIN_SIZE or does not shrink.

        Each coding is computed once.
        """
        with self._lock:
            encoded = self._encoded_bodies.get(coding)
            if encoded is None:
                encoded = self._encoded_bodies[coding] = compress(body, coding)
                self.has_grown = self.has_grown or bool(encoded)
            return encoded

    def size(self) -> int:
        """Return the number of bytes of all encoded bodies made so far, and set `has_grown` to False."""
        with self._lock:
            self.has_grown = False
            return sum(map(len, self._encoded_bodies.values()))


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """Rendered document of one path.

    `path` is decoded and relative to base_url; it is "" for a page that many paths share: with status 400 or 404, or 410 for a
    path that redirects.yaml calls gone. `last_modified` is when the bytes last changed; None if that is not recorded. `links`
    are sent as Link headers. `browser_type` is the media type for a browser that navigates to the document, "" if it is
    `media_type`; `browser_script` is the root-relative address of the script that `browser_body` has for such a browser, "" if
    there is none.
    """

    path: str
    body: bytes
    media_type: str
    last_modified: datetime | None = None
    links: tuple[Link, ...] = ()
    browser_type: str = ""
    browser_script: str = ""
    status: int = 200
    derived_data: DerivedData = field(default_factory=DerivedData, repr=False, compare=False)

    @property
    def etag(self) -> str:
        """Opaque part of the entity tag (RFC 9110 section 8.8.3): a digest of the uncompressed body, computed on first use."""
        return self.derived_data.digest(self.body)

    @property
    def browser_body(self) -> bytes:
        """Body for a browser that navigates to the document: with `browser_script`, if any, as first element of its XML root."""
        if not self.browser_script:
            return self.body
        script = f'<script xmlns="http://www.w3.org/1999/xhtml" defer="defer" src={quote_attribute(self.browser_script)}/>'
        return _ROOT_TAG.sub(lambda tag: tag[0] + script.encode(), self.body, count=1)

    def encode(self, coding: str) -> bytes:
        """Return the body in a coding of CODINGS, b"" if it is below MIN_SIZE or does not shrink; computed once."""
        return self.derived_data.encode(self.body, coding)

    def size_in_bytes(self) -> int:
        """Return the bytes of the body and of all encoded bodies made so far. Set `derived_data.has_grown` to False."""
        return len(self.body) + self.derived_data.size()


# The document at MOST_READ_PATH where reads are not counted.
UNCOUNTED_READS: Final = Document(
    path=MOST_READ_PATH, body=json.dumps({"counted": False, "articles": []}).encode(), media_type="application/json"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class FileResource:
    """Media file or image variant that is sent from disk.

    `path` is the requested path, decoded and relative to base_url; `location` is the path of the file on disk. `length` is its
    size in bytes when it was last read or scanned. `is_cleaned` is True for an image that is to be sent without its metadata
    (`content.media.clean_file`). `is_substitute` is True for an original image sent in place of its variant; no cache may store
    it under the variant's address.
    """

    path: str
    location: str
    media_type: str
    length: int
    is_cleaned: bool = False
    is_substitute: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Redirect:
    """Redirect of a former address (RFC 9110 section 15.4); `target` is a decoded path below base_url, or an absolute address.

    If `is_permanent` is False, the target may change at any time.
    """

    target: str
    is_permanent: bool = True

    def location(self, base_url: str) -> str:
        """Return the value of the header Location: a root-relative reference below `base_url`'s path, or an absolute address."""
        return uris.root_relative(base_url, self.target) if self.target.startswith("/") else self.target


Resource = Document | FileResource | Redirect


def is_sent_cleaned(site: Site, file: MediaFile) -> bool:
    """Return whether a file is sent without its metadata: any JPEG, PNG, GIF, WebP and AVIF, unless `site.keep_metadata`."""
    return not site.keep_metadata and is_cleaned_type(file.type)


def digest(body: bytes) -> str:
    """Return the first 24 hex digits of the SHA-256 digest of `body`: the same for the same bytes on every machine."""
    return sha256(body).hex()[:24]


@dataclass(slots=True)
class CacheStatistics:
    """Numbers of cache hits and misses of documents, continued from edition to edition."""

    hits: int = 0
    misses: int = 0


@dataclass(frozen=True, slots=True)
class CachedDocument:
    """Document in the cache, of this edition if `is_current`, else of an earlier one.

    `dependencies` are those that it was rendered from; None if the next edition must not reuse it. `size_in_bytes` is the size
    that the cache counts for it, encoded bodies included.
    """

    document: Document
    dependencies: Dependencies | None
    size_in_bytes: int
    is_current: bool = True


class DocumentCache:
    """LRU cache of up to `max_bytes` bytes of documents of this edition, and of earlier editions for reuse (`former`).

    Thread-safe. An evicted document is rendered again on the next request. A single document may be larger than `max_bytes`.
    """

    def __init__(
        self, max_bytes: int, statistics: CacheStatistics | None = None, entries: Mapping[str, CachedDocument] | None = None
    ) -> None:
        self.statistics = statistics or CacheStatistics()
        self._max_bytes = max_bytes
        self._entries = OrderedDict(entries or {})  # those of earlier editions first
        self._size = sum(entry.size_in_bytes for entry in self._entries.values())
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Number of bytes of all cached documents, encoded bodies included."""
        return self._size

    def get(self, path: str) -> Document | None:
        """Return the document of this edition at a path and count a hit; None, without counting, if it is not cached."""
        with self._lock:
            entry = self._entries.get(path)
            if entry is None or not entry.is_current:
                return None
            self._entries.move_to_end(path)
            self.statistics.hits += 1
            return entry.document

    def former(self, path: str) -> CachedDocument | None:
        """Return the document of an earlier edition at a path; None if there is none, or already one of this edition.

        Compare its dependencies before reuse.
        """
        with self._lock:
            entry = self._entries.get(path)
            return None if entry is None or entry.is_current else entry

    def put(self, path: str, document: Document, dependencies: Dependencies | None) -> None:
        """Store a document of this edition and count a miss, then evict documents above the limit.

        Do nothing if there is a document of this edition at the path: another thread has stored it.
        """
        with self._lock:
            former = self._entries.get(path)
            if former is None or not former.is_current:
                self.statistics.misses += 1
                self._store(path, CachedDocument(document, dependencies, document.size_in_bytes()))

    def update_size(self, path: str) -> None:
        """Update the recorded size of the document of this edition at a path, then evict documents above the limit.

        Do nothing if it is not cached. Call it after `Document.encode`, which may add an encoded body.
        """
        with self._lock:
            entry = self._entries.get(path)
            if entry is not None and entry.is_current:
                self._store(path, replace(entry, size_in_bytes=entry.document.size_in_bytes()))

    def discard(self, predicate: Callable[[Document], bool]) -> None:
        """Remove the documents, of this and earlier editions, for which `predicate` is true, so that they are rendered again."""
        with self._lock:
            for path in [path for path, entry in self._entries.items() if predicate(entry.document)]:
                self._size -= self._entries.pop(path).size_in_bytes

    def carry_over(self) -> DocumentCache:
        """Return the cache for the next edition: all documents of this cache, of any edition, are earlier documents in it.

        Documents without dependencies are left out. Statistics are shared. This cache stays usable.
        """
        with self._lock:
            entries = {
                path: replace(entry, is_current=False) for path, entry in self._entries.items() if entry.dependencies is not None
            }
        return DocumentCache(self._max_bytes, self.statistics, entries)

    def _store(self, path: str, entry: CachedDocument) -> None:
        """Replace the entry at a path, then evict entries until they take at most `max_bytes` or one is left, oldest first."""
        former = self._entries.pop(path, None)
        self._entries[path] = entry
        self._size += entry.size_in_bytes - (former.size_in_bytes if former else 0)
        while self._size > self._max_bytes and len(self._entries) > 1:
            self._size -= self._entries.popitem(last=False)[1].size_in_bytes
