"""What a document is made from, as a digest that means the same in another process: equal imprints, equal bytes.

The other side of grounds.py, for who remembers beyond the end of a process. A room with msgspec, as what packs records is.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from hashlib import blake2b
from importlib import metadata
from typing import Final

import msgspec

from feedsvc import __version__
from feedsvc.catalog.archive import Division
from feedsvc.catalog.catalog import Catalog, Listing, Row
from feedsvc.discovery.sitemaps import LISTINGS
from feedsvc.pages.related import CONSIDERED
from feedsvc.publication.dependencies import Grounds, files, grounds, logo, pictures, section
from feedsvc.routes import ArticleAt, ListingRef, Place, SitemapAt
from feedsvc.support.process_pool import spread

_SIZE: Final = 12  # bytes
_NOTHING: Final = bytes(_SIZE)
_PART: Final = 2500  # rows that a process looks at in one go
_MOST_STRANGERS: Final = 10_000  # rows of former editions, kept beside those of this one
# Whatever has a hand in the bytes beside the program itself.
_LIBRARIES: Final = ("babel", "comrak-ext", "feedgen", "jinja2", "lxml", "markupsafe", "nh3", "pyvips-binary", "tzdata")
# And in those of the twins; zstd may be one with Python.
_CODINGS: Final = ("backports.zstd", "brotli", "deflate")
_ENCODER: Final = msgspec.msgpack.Encoder(order="deterministic")


class Imprints:
    """The imprints of one catalog's documents; those of other settings, another theme or program are none of theirs."""

    def __init__(self, catalog: Catalog, rows: dict[int, tuple[Row, bytes]] | None = None, *, every: bool = False) -> None:
        """`every` tells that nearly all will be asked for: what takes one walk through a listing is then sought no more."""
        self._catalog, self._every = catalog, every
        self._rows: dict[int, tuple[Row, bytes]] = {} if rows is None else rows
        self._cards: dict[int, bytes] = {}
        self._entries: dict[int, bytes] = {}
        self._walks: dict[ListingRef, bytes] = {}  # the cards of a listing's visible rows in order
        self._turned: dict[int, tuple[Division, Mapping[str, tuple[Row, ...]]]] = {}

    def after(self, catalog: Catalog, *, every: bool = False) -> Imprints:
        """Those of a catalog made from this one: a row that is the same object is not looked at again."""
        for listing in self._catalog.listings.values():
            listing.forget_places()
        if len(self._rows) > len(catalog.listings[ListingRef()].rows) + _MOST_STRANGERS:
            return Imprints(catalog, every=every)
        return Imprints(catalog, self._rows, every=every)

    def ahead(self, processes: int) -> None:
        """Look at all that is visible, in so many processes: where each asks on its own, each looks at nearly all of it."""
        rows = self._catalog.listings[ListingRef()].visible[:]

        def looked_at(part: Sequence[int]) -> tuple[int, bytes, bytes]:
            some = [rows[place] for place in part]
            return part[0], b"".join(map(self._row, some)), b"".join(map(self._card, some))

        for start, own, cards in spread(looked_at, range(len(rows)), processes, most=_PART):
            for row, begin in zip(rows[start : start + len(own) // _SIZE], range(0, len(own), _SIZE), strict=True):
                self._rows[id(row)] = row, own[begin : begin + _SIZE]
                self._cards[id(row)] = cards[begin : begin + _SIZE]

    def of(self, place: Place) -> str:
        """24 hex digits; "" where nothing tells whether the document would be the same. Not for files of media/."""
        if isinstance(place, SitemapAt) and place.part.startswith(LISTINGS):
            return self._of_lists
        row = self._catalog.visible.get(place.slug) if isinstance(place, ArticleAt) else None
        try:
            return self._of_article(row) if row else self._of_grounds(grounds(self._catalog, place, self._pages))
        except (TypeError, ValueError):  # nothing that has one spelling
            return ""

    @cached_property
    def _of_lists(self) -> str:
        """One for all parts of that group."""
        return self._of_grounds(grounds(self._catalog, SitemapAt(LISTINGS)))

    @cached_property
    def missing(self) -> str:
        """Of the page for what is missing."""
        return self._of_grounds(Grounds((), self._logo))

    def _of_grounds(self, found: Grounds | None) -> str:
        if found is None:
            return ""
        facts = _ENCODER.encode((len(found.objects), found.spelled))
        return _digest(b"".join(map(self._object, found.objects)) + facts).hex()

    def _of_article(self, row: Row) -> str:
        """Coarser than its grounds, and cheaper: of each tag, all that may be related are in it, not the few that are."""
        article = row.article
        parts = [self._card(row), self._beside(self._catalog.listings[section(row)], row)]
        parts += [self._older(self._catalog.listings[ListingRef("tag", tag.id)], row) for tag in article.tags]
        if facts := (*files(self._catalog, article.media), *self._logo):
            parts.append(_ENCODER.encode(facts))
        return _digest(b"".join(parts)).hex()

    def _beside(self, listing: Listing, row: Row) -> bytes:
        cards, begin = self._place(listing, row)
        newer, older = cards[begin - _SIZE : begin] if begin else b"", cards[begin + _SIZE : begin + 2 * _SIZE]
        return (newer or _NOTHING) + (older or _NOTHING)

    def _older(self, tagged: Listing, row: Row) -> bytes:
        cards, begin = self._place(tagged, row)
        found = cards[begin + _SIZE : begin + (1 + CONSIDERED) * _SIZE]
        return bytes((len(found) // _SIZE,)) + found

    def _place(self, listing: Listing, row: Row) -> tuple[bytes, int]:
        """The cards of visible rows of a listing, those around one row at least, and where among them its own begins."""
        if not self._every:
            place = listing.visible.place(row.key)
            start = max(place - 1, 0)
            return b"".join(map(self._card, listing.visible[start : place + 1 + CONSIDERED])), (place - start) * _SIZE
        walk = self._walks.get(listing.ref)
        if walk is None:
            walk = self._walks[listing.ref] = self._walk(listing)
        return walk, listing.places[id(row)] * _SIZE

    def _walk(self, listing: Listing) -> bytes:
        rows, known = listing.visible[:], self._cards
        try:
            return b"".join([known[id(row)] for row in rows])
        except KeyError:
            return b"".join(map(self._card, rows))

    def _pages(self, division: Division) -> Mapping[str, tuple[Row, ...]]:
        if not self._every:
            return division
        turned = self._turned.get(id(division))
        if turned is None:
            turned = self._turned[id(division)] = division, dict(division.items())
        return turned[1]

    @cached_property
    def _logo(self) -> tuple[object, ...]:
        return tuple(logo(self._catalog))

    def _card(self, row: Row) -> bytes:
        """With the bytes of its picture, which pages name its copies by."""
        known = self._cards.get(id(row))
        if known is None:
            facts = tuple(pictures(self._catalog, (row,))) if row.article.image else ()
            known = self._row(row)
            known = self._cards[id(row)] = _digest(known + _ENCODER.encode(facts)) if facts else known
        return known

    def _entry(self, row: Row) -> bytes:
        """Return the imprint of a row with the bytes of all its pictures, which feeds name their copies by."""
        known = self._entries.get(id(row))
        if known is None:
            facts = tuple(files(self._catalog, row.article.media))
            known = self._row(row)
            known = self._entries[id(row)] = _digest(known + _ENCODER.encode(facts)) if facts else known
        return known

    def _object(self, one: object) -> bytes:
        if isinstance(one, Row):
            return self._entry(one)
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
        titles = [self._titles[tag.id] for tag in row.article.tags]
        return _digest(_ENCODER.encode((row, titles)))

    @cached_property
    def _titles(self) -> Mapping[str, str]:
        """What tags are called, by their ids."""
        return {ref.id: listing.title for ref, listing in self._catalog.listings.items() if ref.kind == "tag"}


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=_SIZE).digest()


def common(catalog: Catalog) -> str:
    """What all documents are made from: settings, theme and the program. Imprints of another one's cannot be compared."""
    content = catalog.content
    settings = (content.site, content.categories, content.authors, content.theme, catalog.preview)
    return blake2b(_ENCODER.encode((settings, program())), digest_size=_SIZE).hexdigest()


@cache
def program() -> tuple[str, ...]:
    """Stands for the very code: a working copy has one version and many states."""
    code = blake2b(digest_size=_SIZE)
    root = os.path.dirname(os.path.dirname(__file__))
    # Python's own code, also half written; what a text editor leaves beside a file that it has open may be a link to nowhere.
    files = (os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names if ".pyc" not in name)
    for file in sorted(filter(os.path.isfile, files)):
        code.update(file.removeprefix(root).encode())
        with open(file, "rb") as opened:
            code.update(opened.read())
    return __version__, code.hexdigest(), sys.version, *map(_version, (*_LIBRARIES, *_CODINGS))


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""
