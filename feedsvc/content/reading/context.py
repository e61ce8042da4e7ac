"""Read context of one article: its YAML document, what it may refer to, and the problems and media found so far."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from feedsvc import uris
from feedsvc.content.media import MediaFolder
from feedsvc.content.schema import parse_instant
from feedsvc.content.yaml import KeyPath, YamlDocument
from feedsvc.model import Author, Category, MediaFile, Site

T = TypeVar("T")
_WEB_ADDRESS: Final = re.compile(r"https?:", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class References:
    """Site, media, categories and authors that an article may refer to. Categories and authors are keyed by id and each alias.

    `invalid_entries` maps an invalid entry, as the text "author ID" or "category ID", to the "FILE:LINE" of its problem. If a
    whole file cannot be used, the key is only "author" or "category", and the value may be only FILE.
    """

    site: Site
    media: MediaFolder
    categories: Mapping[str, Category]
    authors: Mapping[str, Author]
    invalid_entries: Mapping[str, str] = field(default_factory=dict)


class ReadContext:
    """Collector of the problems of an article, in `document.problems`, and of the paths of its files in media/, in `media`.

    Most methods add problems instead of raising, so that all are reported. A location `at` is a key path in the document.
    """

    def __init__(self, document: YamlDocument, references: References) -> None:
        self.document, self.references = document, references
        self.zone = _zone(references.site.timezone)
        self.media: dict[str, None] = {}

    def add_error(self, at: KeyPath, message: str, hint: str = "", *, at_key: bool = False) -> None:
        """Add an error at a value, or at its key if `at_key`. The message is prefixed with the keys of `at`, as "image.src: "."""
        name = ".".join(str(step) for step in at if isinstance(step, str))
        self.document.problems.append(self.document.problem(at, f"{name}: {message}" if name else message, hint, at_key=at_key))

    def add_warning(self, at: KeyPath, message: str, hint: str, *, at_key: bool = False) -> None:
        """Add a warning at a value, or at its key if `at_key`. Unlike that of an error, the message gets no prefix."""
        self.document.problems.append(replace(self.document.problem(at, message, hint, at_key=at_key), severity="warning"))

    def attempt(self, at: KeyPath, function: Callable[[], T]) -> T | None:
        """Return the result of `function`. If it raises ValueError, add an error with its message and return None."""
        try:
            return function()
        except ValueError as error:
            self.add_error(at, str(error))
            return None

    def instant(self, at: KeyPath, date: str | None) -> datetime | None:
        """Parse a date and return its moment in UTC. Return None for None or "", and for an invalid date, which adds an error."""
        return self.attempt(at, lambda: parse_instant(date, self.zone)[0]) if date else None

    def https_url(self, at: KeyPath, address: str) -> str:
        """Return the address as a URI. If it is not an https address, add an error and return ""."""
        try:
            url = uris.uri(address)
        except (ValueError, UnicodeError):
            url = ""
        if not url.startswith("https://"):
            self.add_error(at, f"'{address}' is not an https address")
            return ""
        return url

    def sendable_file(self, path: str) -> MediaFile:
        """Return the file at a path like media/a.jpg. Raises ValueError if it is missing, unusable or must not be sent.

        An image must not be sent if its metadata cannot be removed, unless the site keeps metadata.
        """
        return self.references.media.sendable_file(path, keep_metadata=self.references.site.keep_metadata)

    def media_url(self, path: str) -> str:
        """Return the absolute URL of a file at a path like media/a.jpg, and add the path to `media`."""
        self.media[path] = None
        return uris.absolute(self.references.site.base_url, f"/{path}")


@lru_cache(maxsize=8)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def is_web_address(address: str) -> bool:
    """Return True if a `src` begins with http: or https:. Otherwise it should be a path in media/."""
    return bool(_WEB_ADDRESS.match(address))
