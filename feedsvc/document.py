"""Finished bytes, ready to send or to write to disk."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from feedsvc.model import Link

_SMALLEST_GZIP: Final = 200  # bytes; below it the coding's own header eats the gain


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """What one address answers with.

    `path` is decoded and relative to base_url. `etag` is the opaque part of an entity tag, made from the identity bytes
    (RFC 9110 section 8.8.3). `modified` moved when the bytes last did; None if nobody keeps count. `gzip` is the same
    body compressed, b"" where that gains nothing. `links` are sent as Link headers. `browser_type` is the media type for
    a browser that navigates here, "" where it is no other.
    """

    path: str
    body: bytes
    media_type: str
    etag: str
    gzip: bytes = b""
    modified: datetime | None = None
    links: tuple[Link, ...] = ()
    browser_type: str = ""
    status: int = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A media file, sent from disk: `location` is where it lies, `length` its bytes when it was last looked at."""

    path: str
    location: str
    media_type: str
    length: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Redirect:
    """The address moved for good (RFC 9110 section 15.4.2); `target` is a decoded path below base_url."""

    target: str


Answer = Document | Attachment | Redirect


def digest(body: bytes) -> str:
    """The same for the same bytes, on every machine."""
    return hashlib.sha256(body).hexdigest()[:24]


def document(
    path: str,
    body: bytes,
    media_type: str,
    *,
    modified: datetime | None = None,
    links: Iterable[Link] = (),
    browser_type: str = "",
    status: int = 200,
) -> Document:
    """A document with its entity tag and compressed twin."""
    # No time stamp, so that two replicas send the same bytes.
    packed = gzip.compress(body, compresslevel=6, mtime=0) if len(body) >= _SMALLEST_GZIP else b""
    return Document(
        path=path,
        body=body,
        media_type=media_type,
        etag=digest(body),
        gzip=packed if len(packed) < len(body) else b"",
        modified=modified,
        links=tuple(links),
        browser_type=browser_type,
        status=status,
    )
