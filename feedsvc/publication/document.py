"""Finished bytes, ready to send or to write to disk."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from feedsvc.model import Link
from feedsvc.support.completion import Completion
from feedsvc.support.compression import compressed


class Kept:
    """What was made of a document on first need, kept as long as the document is. Safe in threads.

    `finished` is for those who send documents: what they made of this one, under keys of their own. `has_grown` until
    `size` is asked: there is more of it than then.
    """

    __slots__ = ("_coded", "_digest", "_lock", "finished", "has_grown")

    def __init__(self) -> None:
        self.finished: dict[Hashable, Any] = {}
        self.has_grown = False
        self._coded: dict[str, bytes] = {}
        self._digest = ""
        self._lock = threading.Lock()

    def digest(self, body: bytes) -> str:
        self._digest = self._digest or digest(body)
        return self._digest

    def coded(self, body: bytes, coding: str) -> bytes:
        with self._lock:
            made = self._coded.get(coding)
            if made is None:
                made = self._coded[coding] = compressed(body, coding)
                self.has_grown = self.has_grown or bool(made)
            return made

    def size(self) -> int:
        with self._lock:
            self.has_grown = False
            return sum(map(len, self._coded.values()))


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """What one address answers with.

    `path` is decoded and relative to base_url. `modified` moved when the bytes last did; None if nobody keeps count. `links`
    are sent as Link headers. `browser_type` is the media type for a browser that navigates here, "" where it is no other.
    """

    path: str
    body: bytes
    media_type: str
    modified: datetime | None = None
    links: tuple[Link, ...] = ()
    browser_type: str = ""
    status: int = 200
    kept: Kept = field(default_factory=Kept, repr=False, compare=False)

    @property
    def etag(self) -> str:
        """The opaque part of an entity tag, made from the identity bytes (RFC 9110 section 8.8.3) on first need."""
        return self.kept.digest(self.body)

    def coded(self, coding: str) -> bytes:
        """The body in a coding of CODINGS, b"" where that gains nothing; made once."""
        return self.kept.coded(self.body, coding)

    def weight(self) -> int:
        """The bytes that the document takes now, in all its codings."""
        return len(self.body) + self.kept.size()


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A media file, sent from disk: `location` is where it lies, `length` its bytes when it was last looked at.

    `is_cleaned` is True for a picture that is sent without its metadata (content.clean_file). `is_stand_in` is True for a picture
    in place of its narrower copy, which no cache may keep under the copy's address.
    """

    path: str
    location: str
    media_type: str
    length: int
    is_cleaned: bool = False
    is_stand_in: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """A file that is still being made. `completion` is complete when it is worth another look; None if too many wait."""

    path: str
    completion: Completion | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Redirect:
    """The address moved (RFC 9110 section 15.4); `target` is a decoded path below base_url.

    For good, unless `is_permanent` is False: what it leads to may be another at any time.
    """

    target: str
    is_permanent: bool = True


Answer = Document | Attachment | Pending | Redirect


def digest(body: bytes) -> str:
    """The same for the same bytes, on every machine."""
    return hashlib.sha256(body).hexdigest()[:24]
