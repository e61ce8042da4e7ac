"""Names of an import: slugs, file names and one-line texts made from what a source has, the same at each import."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Final
from urllib.parse import unquote

from feedsvc import uris
from feedsvc.content.lint import is_reserved_name
from feedsvc.content.text import FORBIDDEN_CHARACTER
from feedsvc.importing.addresses import split_address

_PAGE_SUFFIXES: Final = (".html", ".htm", ".php", ".aspx", ".asp", ".shtml")
_MAX_BYTES: Final = 180  # of a slug, which leave room for a number and a suffix in the file's name
_FALLBACK: Final = "article"
_TAG: Final = re.compile(r"</?[A-Za-z][A-Za-z0-9]*(?:\s[^<>]*)?/?>")
_END_TAG: Final = re.compile(r"</[A-Za-z][A-Za-z0-9]*>|<(?:br|hr|img|wbr)\b[^<>]*>", re.IGNORECASE)
_ENTITY: Final = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]*|#[0-9]+|#[xX][0-9A-Fa-f]+);")


def name_key(name: str) -> str:
    """Return a key that is equal for slugs that differ in letter case or Unicode form only, which some file systems ignore."""
    return unicodedata.normalize("NFC", name).casefold()


def slug_of_address(address: str) -> str:
    """Return the last segment of an address's path, without a suffix like .html, as a slug; of index.html, the one before.

    Return "" if the path gives none, as in https://example.org/?p=12.
    """
    segments = [unquote(segment) for segment in split_address(address).path.split("/") if segment]
    name = segments[-1] if segments else ""
    for suffix in _PAGE_SUFFIXES:
        name = name.removesuffix(suffix)
    if name in ("", "index"):
        name = segments[-2] if name == "index" and len(segments) > 1 else ""
    return as_slug(name)


def as_slug(name: str) -> str:
    """Return a name in Unicode form NFC if it can be a slug, else a slug made from it; "" if it has no letter or digit.

    A slug has at most 180 bytes.
    """
    name = unicodedata.normalize("NFC", name)
    if not uris.is_slug(name) or len(name.encode()) > _MAX_BYTES:
        name = uris.slugify(name).encode()[:_MAX_BYTES].decode(errors="ignore").strip("-")
    return name if uris.is_slug(name) else ""


def portable_name(name: str) -> str:
    """Return a name that Windows can have, too: "con-2.jpg" for "con.jpg", because "con" is the name of a device."""
    device, dot, rest = name.partition(".")
    return f"{device}-2{dot}{rest}" if is_reserved_name(name) else name


class NamePool:
    """Names in use. Names that differ only in letter case or Unicode form count as one. `used` are `name_key`s of names."""

    def __init__(self, used: Iterable[str] = ()) -> None:
        self._used = set(used)
        self._numbers: dict[str, int] = {}

    def candidates(self, wanted: str) -> Iterator[tuple[str, bool]]:
        """Yield (name, whether it is in use) without an end: `wanted`, then it with the numbers from 2, as in "name-2".

        Names that an earlier call yielded for the same `wanted` are left out. If `wanted` is "", it is "article".
        """
        wanted = wanted or _FALLBACK
        for number in count(self._numbers.get(wanted, 1)):
            self._numbers[wanted] = number + 1
            name = wanted if number == 1 else f"{wanted}-{number}"
            yield name, self.is_used(name)

    def take(self, wanted: str) -> str:
        """Return the first of `candidates` that is not in use, and mark it as used."""
        name = next(name for name, is_used in self.candidates(wanted) if not is_used)
        self.add(name)
        return name

    def is_used(self, name: str) -> bool:
        return name_key(name) in self._used

    def add(self, name: str) -> None:
        self._used.add(name_key(name))


def one_line(text: str) -> str:
    """Return a text in one line: characters that no feed can carry become spaces, and each run of white space one space."""
    return " ".join(FORBIDDEN_CHARACTER.sub(" ", text).split())


def line_of(*, is_exact: bool) -> Callable[[str], str]:
    """Return `one_line` if the texts are exactly what the source shows, else `plain_line`, because they may be HTML."""
    return one_line if is_exact else plain_line


def plain_line(text: str) -> str:
    """Return a text in one line, without HTML tags if it seems to be HTML, and with entities as their characters."""
    if _END_TAG.search(text):
        text = _TAG.sub("", text)
    if "&" in text and _ENTITY.search(text):
        text = html.unescape(text)
    return one_line(text)
