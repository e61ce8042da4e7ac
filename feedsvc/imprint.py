"""What a document is made from, as a digest that means the same in another process: equal imprints, equal bytes.

The other side of grounds.py, for who remembers beyond the end of a process. The only room with msgspec beside records.py.
"""

from __future__ import annotations

import sys
import zlib
from functools import cache
from hashlib import blake2b
from importlib import metadata
from pathlib import Path
from typing import Final

import msgspec

from feedsvc import __version__
from feedsvc.catalog import Catalog, Row
from feedsvc.grounds import grounds
from feedsvc.urls import ListingRef, Place

_SIZE: Final = 12  # bytes
_NOTHING: Final = bytes(_SIZE)
_MOST_STRANGERS: Final = 10_000  # rows of former editions, kept beside those of this one
# Whatever has a hand in the bytes beside the program itself.
_LIBRARIES: Final = ("babel", "feedgen", "jinja2", "lxml", "markdown-it-py", "markupsafe", "nh3", "pillow", "tzdata")
_ENCODER: Final = msgspec.msgpack.Encoder(order="deterministic")


class Imprints:
    """The imprints of one catalog's documents; those of other settings, another theme or program are none of theirs."""

    def __init__(self, catalog: Catalog, rows: dict[int, tuple[Row, bytes]] | None = None) -> None:
        self._catalog = catalog
        self._rows: dict[int, tuple[Row, bytes]] = {} if rows is None else rows

    def after(self, catalog: Catalog) -> Imprints:
        """Those of a catalog made from this one: a row that is the same object is not looked at again."""
        if len(self._rows) > len(catalog.listings[ListingRef()].rows) + _MOST_STRANGERS:
            return Imprints(catalog)
        return Imprints(catalog, self._rows)

    def of(self, place: Place) -> str:
        """24 hex digits; "" where nothing tells whether the document would be the same. Not for files of media/."""
        found = grounds(self._catalog, place)
        if found is None:
            return ""
        try:
            facts = _ENCODER.encode((len(found.objects), found.facts))
        except (TypeError, ValueError):  # nothing that has one spelling
            return ""
        return blake2b(b"".join(map(self._object, found.objects)) + facts, digest_size=_SIZE).hexdigest()

    def _object(self, one: object) -> bytes:
        if isinstance(one, Row):
            return self._row(one)
        if one is None:
            return _NOTHING
        raise TypeError(f"{type(one).__name__} has no imprint")

    def _row(self, row: Row) -> bytes:
        known = self._rows.get(id(row))
        if known is None:
            # With the row itself, so that its number stays its own.
            known = self._rows[id(row)] = (row, self._made(row))
        return known[1]

    def _made(self, row: Row) -> bytes:
        """Whatever an entry says of the article: the titles of its tags, too, which other articles decide."""
        titles = [self._catalog.listings[ListingRef("tag", tag.id)].title for tag in row.article.tags]
        return blake2b(_ENCODER.encode((row, titles)), digest_size=_SIZE).digest()


def common(catalog: Catalog) -> str:
    """What all documents are made from: settings, theme and the program. Imprints of another one's cannot be compared."""
    content = catalog.content
    settings = (content.site, content.categories, content.authors, content.theme, catalog.preview)
    return blake2b(_ENCODER.encode((settings, _program())), digest_size=_SIZE).hexdigest()


@cache
def _program() -> tuple[str, ...]:
    """Stands for the very code: a working copy has one version and many states."""
    code = blake2b(digest_size=_SIZE)
    root = Path(__file__).parent
    for file in sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc"):
        code.update(file.relative_to(root).as_posix().encode())
        code.update(file.read_bytes())
    return __version__, code.hexdigest(), sys.version, zlib.ZLIB_RUNTIME_VERSION, *map(_version, _LIBRARIES)


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""
