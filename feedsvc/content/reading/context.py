"""Read context of one article, page or settings entry: its YAML, what it may refer to, and its problems and media so far."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from feedsvc import uris
from feedsvc.content import text
from feedsvc.content.media import MEDIA_PREFIX, CameraDataError, MediaFolder
from feedsvc.content.reading.files import AUTHORS_FILE, CATEGORIES_FILE
from feedsvc.content.schema.dates import parse_instant
from feedsvc.content.schema.field_types import http_url
from feedsvc.content.yaml import KeyPath, YamlDocument
from feedsvc.errors import Rule
from feedsvc.model import Author, Category, MediaFile, Site

T = TypeVar("T")
_FILES: Final[Mapping[str, str]] = {"author": AUTHORS_FILE, "category": CATEGORIES_FILE}
_MAX_CHOICES: Final = 8  # names that fit on a line of a hint
_WEB_ADDRESS: Final = re.compile(r"https?:", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class References:
    """Site, media, categories and authors that a file may refer to. Categories and authors are keyed by id and each alias.

    `invalid_entries` has as keys "author ID" or "category ID" of each invalid entry that no last valid version replaces, and as
    value "FILE:LINE" of its id. If a whole file cannot be used, the key is only "author" or "category", and the value
    "FILE:LINE" of its first problem, or FILE if it cannot be read.
    """

    site: Site
    media: MediaFolder
    categories: Mapping[str, Category] = field(default_factory=dict)
    authors: Mapping[str, Author] = field(default_factory=dict)
    invalid_entries: Mapping[str, str] = field(default_factory=dict)


def rule_of(error: ValueError) -> Rule | None:
    """Return the rule of the warning about a file that cannot be used, None if that is an error."""
    return "metadata" if isinstance(error, CameraDataError) else None


def is_web_address(reference: str) -> bool:
    """Return True if a reference begins with http: or https:, in any letter case. Otherwise it should be a path in media/."""
    return bool(_WEB_ADDRESS.match(reference))


class ReadContext:
    """Collector of the problems of an article, page or settings entry, in `document.problems`, and of its files, in `media`.

    `media` has their paths in the content folder as keys. Most methods add problems instead of raising, so that all are reported.
    A location `at` is a key path in the mapping at the key path `location` of the document: of a settings file, an entry.
    """

    def __init__(self, document: YamlDocument, references: References, location: KeyPath = ()) -> None:
        self.document, self.references, self.location = document, references, location
        self.media: dict[str, None] = {}

    def add(self, at: KeyPath, message: str, hint: str = "", *, at_key: bool = False, rule: Rule | None = None) -> None:
        """Add an error, or a warning of `rule`, to the document at the value at the key path `at`, or at its key if `at_key`."""
        problem = self.document.problem((*self.location, *at), message, hint, at_key=at_key, rule=rule or "")
        self.document.problems.append(problem)

    def add_error(self, at: KeyPath, message: str, hint: str = "", *, at_key: bool = False, rule: Rule | None = None) -> None:
        """Add a problem as `add` does, whose message is prefixed with the keys of `at`, without indexes of lists: "image.src: ".

        There is no prefix if `at` is ().
        """
        name = ".".join(step for step in at if isinstance(step, str))
        self.add(at, f"{name}: {message}" if name else message, hint, at_key=at_key, rule=rule)

    def attempt(self, at: KeyPath, function: Callable[[], T]) -> T | None:
        """Return the result of `function`. If it raises ValueError, add a problem with its message at `at` and return None.

        The problem is an error, or for a picture with camera data that is not sent, a warning (`rule_of`).
        """
        try:
            return function()
        except ValueError as error:
            self.add_error(at, str(error), rule=rule_of(error))
            return None

    @property
    def zone(self) -> ZoneInfo:
        """Zone of the dates that state none."""
        return _zone(self.references.site.timezone)

    def instant(self, at: KeyPath, date: str | None) -> datetime | None:
        """Parse a date, in the site's zone if it states none, and return its moment in UTC.

        Return None for None or "", and for an invalid date, which adds an error at the key path `at`.
        """
        return self.attempt(at, lambda: parse_instant(date, self.zone)[0]) if date else None

    def slug_of_stem(self, stem: str) -> str:
        """Return the stem of the file's name if it is a slug, else a slug made from it.

        If that gives none, add an error and return "".
        """
        slug = stem if uris.is_slug(stem) else uris.slugify(stem)
        if not slug:
            self.add_error((), f"the file name '{stem}' gives no address", "write slug: a-name")
        return slug

    def unknown_name_error(self, kind: str, list_key: str, name: str, entries: Mapping[str, object]) -> tuple[str, str]:
        """Return message and hint for an error about a `name` (id or alias) that is not in `entries` (by id and alias).

        `kind` is "author" or "category", `list_key` its plural.
        """
        invalid = self.references.invalid_entries
        parts = [part.strip() for part in name.split(",") if part.strip()]
        if problem_at := invalid.get(f"{kind} {name}"):
            return f"the entry of the {kind} '{name}' has an error", f"correct {problem_at} first"
        if problem_at := invalid.get(kind):
            return f"{_FILES[kind]} has an error, so no {kind} is known", f"correct {problem_at} first"
        if len(parts) > 1 and any(part in entries or f"{kind} {part}" in invalid for part in parts):
            return f"'{name}' are several", f"write {list_key}: [{', '.join(parts)}]"
        return f"no {kind} '{name}'", text.did_you_mean(name, entries) or _choice_hint(kind, entries)

    def https_url(self, at: KeyPath, address: str) -> str:
        """Return an https address as a URI, percent-encoded, host by IDNA. For another address, add an error and return ""."""
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

    def media_path(self, reference: str) -> str:
        """Return the path, as media/a.jpg, of an absolute address in the site's own media/; any other reference unchanged.

        A file has an address only while something refers to it, so such an address must count as a reference to the file.
        """
        if not is_web_address(reference):
            return reference
        try:
            path = uris.path_below(self.references.site.base_url, uris.uri(reference))
        except (ValueError, UnicodeError):
            return reference
        return path[1:] if path.startswith(f"/{MEDIA_PREFIX}") else reference

    def own_media(self, at: KeyPath, address: str) -> str:
        """Return an address. Add the file at one in the site's own media/ to `media`.

        If that file cannot be used, return "" and add a problem at `at`.
        """
        path = self.media_path(address)
        if not path or is_web_address(path):
            return address
        file = self.attempt(at, lambda: self.sendable_file(path))
        if file:
            self.media[file.path] = None
        return address if file else ""

    def media_url(self, path: str) -> str:
        """Return the absolute URL of a file at a path like media/a.jpg, which need not exist, and add the path to `media`."""
        self.media[path] = None
        return uris.absolute(self.references.site.base_url, f"/{path}")

    def picture_url(self, at: KeyPath, reference: str | None) -> str:
        """Return the URL of a picture at a path like media/a.jpg or at a web address; "" for None or "".

        An invalid reference, or a file that is missing or unusable, adds an error at `at`, and the URL is "".
        """
        path = self.media_path(reference or "")
        if is_web_address(path):
            return self.attempt(at, lambda: http_url(path)) or ""
        file = self.attempt(at, lambda: self.sendable_file(path)) if path else None
        return self.media_url(file.path) if file else ""


def _choice_hint(kind: str, entries: Mapping[str, object]) -> str:
    """Return a hint that lists the ids and aliases in `entries` if they are 1 to 8, else names the file to add an entry to."""
    names = sorted(entries)
    return f"{_FILES[kind]} has {', '.join(names)}" if 0 < len(names) <= _MAX_CHOICES else f"add it to {_FILES[kind]}"


@lru_cache(maxsize=8)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
