"""Fingerprints: digests of a document's dependencies that other processes can compare. Documents with equal fingerprints have
equal bytes.

Counterpart of dependencies.py for exports that outlive a process. Imports msgspec, like the codecs of content/cache/.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property, partial
from importlib import metadata
from typing import Final

import msgspec

from feedsvc import __version__
from feedsvc.catalog import Catalog, IssueRow, Listing, Periods, Row
from feedsvc.discovery import LISTINGS_GROUP
from feedsvc.extensions import plugins_fingerprint
from feedsvc.pages import MAX_CANDIDATES
from feedsvc.publication.article_dependencies import (
    file_dependencies,
    image_dependencies,
    input_digest,
    logo_dependencies,
)
from feedsvc.publication.dependencies import Dependencies, document_dependencies, not_found_dependencies
from feedsvc.routes import ArticleAt, ListingRef, Place, SitemapAt
from feedsvc.support.digest import blake2b
from feedsvc.support.process_pool import map_chunks

_DIGEST_SIZE: Final = 12  # bytes
_EMPTY_DIGEST: Final = bytes(_DIGEST_SIZE)
_CHUNK_SIZE: Final = 2500  # rows that a process digests as one task
_MAX_FORMER_ROWS: Final = 10_000  # rows of former catalogs whose digests are cached, in addition to the rows of the current one
# Libraries that influence the bytes of documents.
_LIBRARIES: Final = ("babel", "comrak-ext", "feedgen", "jinja2", "lxml", "markupsafe", "nh3", "pyvips-binary", "tzdata")
# Libraries that influence the compressed files. Python may include zstd itself.
_COMPRESSION_LIBRARIES: Final = ("backports.zstd", "brotli", "deflate")
_ENCODER: Final = msgspec.msgpack.Encoder(order="deterministic")
_digest: Final = partial(blake2b, size=_DIGEST_SIZE)


class Fingerprints:
    """Fingerprints of one catalog's documents. Those of two catalogs can be compared only if `site_fingerprint` is equal."""

    def __init__(self, catalog: Catalog, row_digests: dict[int, tuple[Row, bytes]] | None = None, *, bulk: bool = False) -> None:
        """Compute nothing yet. `row_digests` are cached digests, which this object adds to: id() of a row -> (row, its digest).

        `bulk` is True if nearly all documents will be needed: the digests of a listing's cards are then joined in one pass.
        """
        self.catalog, self._is_bulk = catalog, bulk
        self._row_digests: dict[int, tuple[Row, bytes]] = {} if row_digests is None else row_digests
        self._card_digests: dict[int, bytes] = {}
        self._entry_digests: dict[int, bytes] = {}
        self._listing_cards: dict[ListingRef, bytes] = {}  # the cards of a listing's visible rows in order
        self._archive_rows: dict[int, tuple[Periods, Mapping[str, tuple[Row, ...]]]] = {}

    def for_catalog(self, catalog: Catalog, *, bulk: bool = False) -> Fingerprints:
        """Return the Fingerprints of a catalog that was updated from this object's. Digests of Row objects in both are reused.

        None is reused if there are over _MAX_FORMER_ROWS more of them than rows in `catalog`: many are of rows of former
        catalogs. Discards `Listing.ranks` of this object's listings.
        """
        for listing in self.catalog.listings.values():
            listing.discard_ranks()
        if len(self._row_digests) > len(catalog.listings[ListingRef()].rows) + _MAX_FORMER_ROWS:
            return Fingerprints(catalog, bulk=bulk)
        return Fingerprints(catalog, self._row_digests, bulk=bulk)

    def compute_rows(self, processes: int) -> None:
        """Compute the digests of all visible rows and of their cards, in up to `processes` processes.

        Call it before worker processes are started. Otherwise every worker would compute almost all of them itself.
        """
        rows = self.catalog.listings[ListingRef()].visible[:]

        def compute_chunk(indexes: Sequence[int]) -> tuple[int, bytes, bytes]:
            chunk = [rows[index] for index in indexes]
            return indexes[0], b"".join(map(self._row_digest, chunk)), b"".join(map(self.card, chunk))

        for first, row_digests, card_digests in map_chunks(compute_chunk, range(len(rows)), processes, max_chunk=_CHUNK_SIZE):
            chunk = rows[first : first + len(row_digests) // _DIGEST_SIZE]
            for row, start in zip(chunk, range(0, len(row_digests), _DIGEST_SIZE), strict=True):
                self._row_digests[id(row)] = row, row_digests[start : start + _DIGEST_SIZE]
                self._card_digests[id(row)] = card_digests[start : start + _DIGEST_SIZE]

    def get(self, place: Place) -> str:
        """Return the fingerprint of a canonical place's document, 24 hex digits.

        "" if it has no `document_dependencies` or if one of these has no unique encoding. Not for files of media/ and static/,
        whose dependencies do not include their bytes.
        """
        if isinstance(place, SitemapAt) and place.part.startswith(LISTINGS_GROUP):
            return self._listings_sitemap
        row = self.catalog.visible.get(place.slug) if isinstance(place, ArticleAt) else None
        try:
            return (
                _digest(input_digest(self, row) + self._encoded_logo).hex()
                if row
                else self._fingerprint(document_dependencies(self.catalog, place, self._rows_by_period))
            )
        except (TypeError, ValueError):  # an object without a unique encoding
            return ""

    @cached_property
    def _listings_sitemap(self) -> str:
        """Fingerprint that all parts of the sitemap of the group LISTINGS_GROUP share."""
        return self._fingerprint(document_dependencies(self.catalog, SitemapAt(LISTINGS_GROUP)))

    @cached_property
    def not_found_page(self) -> str:
        """Fingerprint of the page with status 404."""
        return self._fingerprint(not_found_dependencies(self.catalog))

    def _fingerprint(self, dependencies: Dependencies | None) -> str:
        """Return the fingerprint of dependencies, "" for None. Raises TypeError or ValueError if one has no unique encoding."""
        if dependencies is None:
            return ""
        values = _ENCODER.encode((len(dependencies.objects), dependencies.comparable_values))
        return _digest(b"".join(map(self._object_digest, dependencies.objects)) + values).hex()

    # --- Digests of article_dependencies.py

    def card(self, row: Row) -> bytes:
        digest = self._card_digests.get(id(row))
        if digest is None:
            files = tuple(image_dependencies(self.catalog, (row,))) if row.article.image else ()
            digest = self._row_digest(row)
            digest = self._card_digests[id(row)] = _digest(digest + _ENCODER.encode(files)) if files else digest
        return digest

    def neighbour_cards(self, listing: Listing, row: Row) -> bytes:
        """Return the joined digests of the cards of the visible rows before and after `row`, _EMPTY_DIGEST for a missing one."""
        cards, start = self._locate_card(listing, row)
        newer = cards[start - _DIGEST_SIZE : start] if start else b""
        older = cards[start + _DIGEST_SIZE : start + 2 * _DIGEST_SIZE]
        return (newer or _EMPTY_DIGEST) + (older or _EMPTY_DIGEST)

    def older_cards(self, listing: Listing, row: Row) -> bytes:
        """Return the number (1 byte) and the card digests of up to MAX_CANDIDATES visible rows after `row` in a listing."""
        cards, start = self._locate_card(listing, row)
        older = cards[start + _DIGEST_SIZE : start + (1 + MAX_CANDIDATES) * _DIGEST_SIZE]
        return bytes((len(older) // _DIGEST_SIZE,)) + older

    def values(self, values: Iterable[object]) -> bytes:
        return _ENCODER.encode(tuple(values))

    def _locate_card(self, listing: Listing, row: Row) -> tuple[bytes, int]:
        """Return the joined card digests of the visible `stories` of a listing, and the offset of that of `story_of(row)`.

        Without `bulk`, they cover only `row`, the row before it and the next MAX_CANDIDATES rows.
        """
        listing, row = listing.stories, listing.story_of(row)
        if not self._is_bulk:
            rank = listing.visible.rank(row.key)
            first = max(rank - 1, 0)
            cards = b"".join(map(self.card, listing.visible[first : rank + 1 + MAX_CANDIDATES]))
            return cards, (rank - first) * _DIGEST_SIZE
        all_cards = self._listing_cards.get(listing.ref)
        if all_cards is None:
            all_cards = self._listing_cards[listing.ref] = self._join_cards(listing)
        return all_cards, listing.ranks[id(row)] * _DIGEST_SIZE

    def _join_cards(self, listing: Listing) -> bytes:
        """Return the joined card digests of all visible rows of a listing."""
        rows, digests = listing.visible[:], self._card_digests
        try:
            return b"".join([digests[id(row)] for row in rows])
        except KeyError:
            return b"".join(map(self.card, rows))

    def _rows_by_period(self, index: Periods) -> Mapping[str, tuple[Row, ...]]:
        """Return the rows of an archive index by period. With `bulk`, they are found in one pass and cached."""
        if not self._is_bulk:
            return index
        cache_entry = self._archive_rows.get(id(index))
        if cache_entry is None:
            # The index is stored, too, so that its id() is not reused.
            cache_entry = self._archive_rows[id(index)] = index, dict(index.items())
        return cache_entry[1]

    @cached_property
    def _encoded_logo(self) -> bytes:
        return self.values(logo_dependencies(self.catalog))

    def _entry_digest(self, row: Row) -> bytes:
        """Return the digest of a row and of the bytes of all images of its article: feeds name variants by a digest of these."""
        digest = self._entry_digests.get(id(row))
        if digest is None:
            files = tuple(file_dependencies(self.catalog, row.article.media))
            digest = self._row_digest(row)
            digest = self._entry_digests[id(row)] = _digest(digest + _ENCODER.encode(files)) if files else digest
        return digest

    def _object_digest(self, value: object) -> bytes:
        if isinstance(value, Row):
            return self._entry_digest(value)
        if value is None:
            return _EMPTY_DIGEST
        raise TypeError(f"{type(value).__name__} has no fingerprint")

    def _row_digest(self, row: Row) -> bytes:
        cache_entry = self._row_digests.get(id(row))
        if cache_entry is None:
            # The row is stored, too, so that its id() is not reused.
            cache_entry = self._row_digests[id(row)] = (row, self._compute_row_digest(row))
        return cache_entry[1]

    def _compute_row_digest(self, row: Row) -> bytes:
        """Return the digest of a row and of the titles of its tags, which depend on other articles.

        The digest of an issue is made of its own facts and of the cards of its articles.
        """
        if isinstance(row, IssueRow):
            facts = _ENCODER.encode((row.article, row.visibility, row.last_changed, row.listing, row.date, row.article_count))
            return _digest(facts + b"".join(map(self.card, row.articles)))
        titles = [self._tag_titles[tag.id] for tag in row.article.tags]
        return _digest(_ENCODER.encode((row, titles)))

    @cached_property
    def _tag_titles(self) -> Mapping[str, str]:
        """Titles of tags by id."""
        return {ref.id: listing.title for ref, listing in self.catalog.listings.items() if ref.kind == "tag"}


def site_fingerprint(catalog: Catalog) -> str:
    """Return the digest, 24 hex digits, of the inputs that all documents share: settings, theme, preview mode, code, plug-ins.

    The code is `code_fingerprint`. Fingerprints of two catalogs can be compared only if this digest is equal.
    """
    content = catalog.content
    inputs = (*content.settings, content.theme, catalog.is_preview)
    return blake2b(_ENCODER.encode((inputs, code_fingerprint(), plugins_fingerprint())), size=_DIGEST_SIZE).hex()


@cache
def code_fingerprint() -> tuple[str, ...]:
    """Return the version of feedsvc, a digest of its files (24 hex digits), and the versions of Python and of _LIBRARIES and
    _COMPRESSION_LIBRARIES.

    The code may change within a version. The version of a library that is not installed is "".
    """
    code: list[bytes] = []
    root = os.path.dirname(os.path.dirname(__file__))
    # Skip compiled and half-written .pyc files, and dangling links, such as lock files of text editors.
    files = (os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names if ".pyc" not in name)
    for file in sorted(filter(os.path.isfile, files)):
        with open(file, "rb") as opened:
            code += (file.removeprefix(root).encode(), opened.read())
    digest = blake2b(b"".join(code), size=_DIGEST_SIZE).hex()
    return __version__, digest, sys.version, *map(_version, (*_LIBRARIES, *_COMPRESSION_LIBRARIES))


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""
