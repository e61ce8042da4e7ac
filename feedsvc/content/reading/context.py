"""What one article's reading shares: its tree, what it may refer to, the problems and the media found so far."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from feedsvc import uris
from feedsvc.content.media.files import Media
from feedsvc.content.schema import dates
from feedsvc.content.yaml.document import Tree
from feedsvc.content.yaml.positions import Location
from feedsvc.model import Author, Category, MediaFile, Site

T = TypeVar("T")
_FAR: Final = re.compile(r"https?:", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What an article may refer to. `set_aside` are ids whose own entry has a problem, told where it stands."""

    site: Site
    media: Media
    categories: Mapping[str, Category]
    authors: Mapping[str, Author]
    set_aside: Mapping[str, str] = field(default_factory=dict)


class Desk:
    """Collects instead of raising: every problem of a file is told, not the first."""

    def __init__(self, tree: Tree, known: Known) -> None:
        self.tree, self.known = tree, known
        self.zone = _zone(known.site.timezone)
        self.media: dict[str, None] = {}

    def complain(self, at: Location, message: str, hint: str = "", *, at_key: bool = False) -> None:
        name = ".".join(str(step) for step in at if isinstance(step, str))
        self.tree.problems.append(self.tree.problem(at, f"{name}: {message}" if name else message, hint, at_key=at_key))

    def warn(self, at: Location, message: str, hint: str, *, at_key: bool = False) -> None:
        self.tree.problems.append(replace(self.tree.problem(at, message, hint, at_key=at_key), severity="warning"))

    def tried(self, at: Location, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except ValueError as error:
            self.complain(at, str(error))
            return None

    def moment(self, at: Location, written: str | None) -> datetime | None:
        return self.tried(at, lambda: dates.instant(written, self.zone)[0]) if written else None

    def far(self, at: Location, address: str) -> str:
        try:
            url = uris.uri(address)
        except (ValueError, UnicodeError):
            url = ""
        if not url.startswith("https://"):
            self.complain(at, f"'{address}' is not an https address")
            return ""
        return url

    def sendable(self, path: str) -> MediaFile:
        """The file at a path like media/a.jpg. Raises ValueError if there is none that may be sent."""
        return self.known.media.sendable(path, keep_metadata=self.known.site.keep_metadata)

    def refer(self, path: str) -> str:
        self.media[path] = None
        return uris.absolute(self.known.site.base_url, f"/{path}")


@lru_cache(maxsize=8)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def is_far(address: str) -> bool:
    """Whether a `src` means a web address rather than a file in media/."""
    return bool(_FAR.match(address))
