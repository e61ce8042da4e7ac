"""Rules that a host which only serves files cannot answer: those for which a static tree can have no file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from feedsvc.redirects.patterns import GONE, RedirectPattern
from feedsvc.redirects.rules import RedirectRules
from feedsvc.routes import ArticleAt, FeedAt, ListingKind, PageAt, place_of

# Kinds of listings whose number is small, however large the archive is.
BROAD_KINDS: Final[tuple[ListingKind, ...]] = ("site", "category", "custom", "language")
SAMPLE: Final = "q7-sample"  # a name that no literal part of a pattern has
_SAMPLE_DIGITS: Final = {"year": "2026", "month": "01", "day": "02", "number": "2"}
_MAX_NAME_BYTES: Final = 255  # of a file system
_RESERVED_ENDINGS: Final = (".br", ".gz", ".zst")  # of names of files and folders: compressed variants have them
_RESERVED_NAMES: Final = frozenset(("404.html", "410.html", "index.html"))  # in every folder of a tree
_RESERVED_STARTS: Final = ("/.feedsvc-", "/_redirects", "/_headers", "/views.json")


def can_be_file(address: str) -> bool:
    """Return whether a file of a tree may have an address: no query, no name that the tree needs, none above 255 bytes.

    Other rules and documents, which may need the same name, are not considered.
    """
    if "?" in address or address.startswith(_RESERVED_STARTS):
        return False
    names = address.split("/")
    return (
        _RESERVED_NAMES.isdisjoint(names)
        and not any(name.endswith(_RESERVED_ENDINGS) for name in names)
        and all(len(name.encode()) <= _MAX_NAME_BYTES for name in names)
    )


def is_below_file(rules: RedirectRules, address: str) -> bool:
    """Return whether a folder in an address is the address, and so the file, of an exact rule: /a.html of /a.html/b/."""
    folder = address.rstrip("/").rpartition("/")[0]
    while folder:
        if "." in folder[folder.rfind("/") :] and folder in rules.exact:
            return True
        folder = folder.rpartition("/")[0]
    return False


def is_expanded_target(path: str) -> bool:
    """Return whether a tree has files for the old addresses from which patterns lead to a path of the site.

    It has them for paths of articles, and of the newest pages and feeds of the listings of BROAD_KINDS, if the old addresses
    can be computed (`RedirectPattern.source_of`).
    """
    match place_of(path):
        case ArticleAt():
            return True
        case PageAt(ref, "") | FeedAt(ref, _, ""):
            return ref.kind in BROAD_KINDS
        case _:
            return False


def plain_host_gaps(rules: RedirectRules) -> tuple[str, ...]:
    """Return the old addresses of exact rules, then the sources of patterns, that a host which only serves files cannot answer.

    Such a host answers addresses with the target GONE with 404, so those without a query are left out.
    """
    return tuple(_gaps(rules))


def _gaps(rules: RedirectRules) -> Iterator[str]:
    for address, target in rules.exact.items():
        if "?" in address or (target != GONE and (not can_be_file(address) or is_below_file(rules, address))):
            yield address
    yield from (pattern.source for pattern in rules.patterns if not _is_answered(pattern))


def _is_answered(pattern: RedirectPattern) -> bool:
    if pattern.target == GONE:
        return not pattern.parameters
    return pattern.is_invertible and is_expanded_target(sample_target(pattern))


def sample_target(pattern: RedirectPattern) -> str:
    """Return the target of a pattern with a sample value for each placeholder: a path, an absolute address or GONE.

    Its form can be compared with those of the addresses of places.
    """
    parts = pattern.target_parts
    return "".join(part if isinstance(part, str) else _SAMPLE_DIGITS.get(part.name, SAMPLE) for part in parts)
