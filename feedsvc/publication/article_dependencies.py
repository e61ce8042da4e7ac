"""Dependencies of article pages on rows and on media files: one table for all code that must know when a page changes.

To show another fact on the page, add its dependency to ARTICLE_DEPENDENCIES. The running server compares `inputs` by identity,
builds compare the digests with those of the last build, and `dependent_rows` finds the pages that a changed row affects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, Protocol

from feedsvc.catalog import Catalog, Listing, Row
from feedsvc.content.media import can_have_variants, digest_of
from feedsvc.pages import find_linking_rows, find_related
from feedsvc.routes import ListingRef
from feedsvc.uris import path_below


class Digests(Protocol):
    """Digests of one catalog's cards and values, which `Fingerprints` computes and caches.

    A card is what another page shows of an article: its row and the bytes of its lead image.
    """

    catalog: Catalog

    def card(self, row: Row) -> bytes:
        """Return the digest of a row's card."""

    def neighbour_cards(self, listing: Listing, row: Row) -> bytes:
        """Return two joined digests: of the cards of the next newer and the next older visible row of `row` in a listing.

        The digest for a row that does not exist is constant.
        """

    def older_cards(self, listing: Listing, row: Row) -> bytes:
        """Return the number, and then the joined digests of the cards, of rows from which related articles of `row` are chosen.

        These are up to `pages.MAX_CANDIDATES` next older visible rows in `listing`, the listing of a tag.
        """

    def values(self, values: Iterable[object]) -> bytes:
        """Return an encoding of values: equal bytes for equal values only."""


@dataclass(frozen=True, slots=True)
class ArticleDependency:
    """One dependency of an article's page, in the three forms in which it is used.

    `inputs(catalog, row)` returns the rows that the page of `row` shows by this dependency, to be compared by identity, None
    for one that does not exist. The bytes of their lead images are inputs, too. `digest(digests, row)` is a digest of these
    inputs, which may cover more rows if that is faster. `dependent_rows(catalog, rows)` yields at least those rows of a
    catalog, except `rows`, whose `inputs` include one of `rows`, or did so before a change.
    """

    inputs: Callable[[Catalog, Row], Iterable[Row | None]]
    digest: Callable[[Digests, Row], bytes]
    dependent_rows: Callable[[Catalog, Iterable[Row]], Iterable[Row]]


def section_listing(catalog: Catalog, row: Row) -> Listing:
    """Return the listing that gives an article's page its previous and next article: its first category's, else the site's."""
    return catalog.listings[next((ListingRef("category", name) for name in row.article.categories), ListingRef())]


def _neighbours(catalog: Catalog, row: Row) -> Iterable[Row | None]:
    return section_listing(catalog, row).neighbours_of(row)


def _rows_beside(catalog: Catalog, rows: Iterable[Row]) -> Iterator[Row]:
    """Yield, for each of `rows`, its `neighbours_of` in some listings of `catalog`.

    The listings are the site's and those of the categories of the row's article. A row may be yielded more than once.
    """
    for row in rows:
        for ref in (ListingRef(), *(ListingRef("category", name) for name in row.article.categories)):
            yield from filter(None, catalog.listings[ref].neighbours_of(row))


def _older_tag_cards(digests: Digests, row: Row) -> bytes:
    """Return the joined `older_cards` of `row` for each of its article's tags.

    The page shows only up to three of these cards, but choosing them would take longer.
    """
    listings = (digests.catalog.tag_listing(tag.id) for tag in row.article.tags)
    return b"".join([digests.older_cards(listing, row) for listing in listings])


ARTICLE_DEPENDENCIES: Final[tuple[ArticleDependency, ...]] = (
    # The article itself.
    ArticleDependency(lambda _, row: (row,), lambda digests, row: digests.card(row), lambda *_: ()),
    # The previous and the next article.
    ArticleDependency(
        _neighbours, lambda digests, row: digests.neighbour_cards(section_listing(digests.catalog, row), row), _rows_beside
    ),
    # Related articles.
    ArticleDependency(find_related, _older_tag_cards, find_linking_rows),
)


def input_rows(catalog: Catalog, row: Row) -> tuple[Row | None, ...]:
    """Return the rows that the page of the visible article `row` shows: the joined `inputs` of ARTICLE_DEPENDENCIES, in order.

    These are `row` itself, its next newer and its next older visible row in its `section_listing`, None for one that does not
    exist, and then its related articles (`pages.find_related`), of which there may be none.
    """
    return tuple(chain.from_iterable([dependency.inputs(catalog, row) for dependency in ARTICLE_DEPENDENCIES]))


def input_digest(digests: Digests, row: Row) -> bytes:
    """Return the joined digests of all that the page of the visible article `row` shows, except settings, theme and logo.

    These are rows as in `input_rows` and those from which related articles are chosen, lead images, the article's media files,
    and `language_dependencies`.
    """
    parts = [dependency.digest(digests, row) for dependency in ARTICLE_DEPENDENCIES]
    facts = (*file_dependencies(digests.catalog, row.article.media), *language_dependencies(digests.catalog, row))
    return b"".join(parts) + digests.values(facts)


def language_dependencies(catalog: Catalog, row: Row) -> Iterator[object]:
    """Yield one bool: whether the article's language has a listing, to which the page links. Nothing if it names none."""
    if row.article.language:
        yield ListingRef("language", row.article.language) in catalog.listings


def dependent_rows(catalog: Catalog, rows: Iterable[Row]) -> Iterator[Row]:
    """Yield at least those visible rows of `catalog`, except `rows`, whose pages show the card of one of `rows`.

    `rows` may be of another catalog with the same settings. A row may be yielded more than once.
    """
    found = [*chain.from_iterable([dependency.dependent_rows(catalog, rows) for dependency in ARTICLE_DEPENDENCIES])]
    # A translation has the neighbours and related articles of its story.
    translations = chain.from_iterable(row.translations for row in (*rows, *found))
    return chain(found, filter(None, (catalog.visible.get(one.slug) for one in translations)))


def image_dependencies(catalog: Catalog, rows: Iterable[object]) -> Iterator[object]:
    """Yield the `file_dependencies` of the lead images of the rows' articles, once for each file.

    Pages name image variants by a digest of the image's bytes. Objects in `rows` that are no Row, such as None, are ignored.
    """
    base = catalog.site.base_url
    images = (row.article.image for row in rows if isinstance(row, Row))
    yield from file_dependencies(catalog, {path_below(base, image.url)[1:]: None for image in images if image})


def file_dependencies(catalog: Catalog, paths: Iterable[str]) -> Iterator[object]:
    """Yield (path, MediaFile, image digest) of each of `paths` (media/...) that is a public file; others are left out.

    Pages show sizes and variants, which depend on the bytes. The image digest is "" if the file can have no variants or cannot
    be read.
    """
    for path in paths:
        file = catalog.media.get(path)
        if file:
            yield path, file, _image_digest(file)


def logo_dependencies(catalog: Catalog) -> Iterator[object]:
    """Yield the `file_dependencies` of the logo, which every page shows: one tuple, to be compared or digested.

    Nothing if there is no logo or it is not a file of this site.
    """
    return file_dependencies(catalog, [path_below(catalog.site.base_url, catalog.site.logo)[1:]])


def _image_digest(file: Any) -> str:
    try:
        return digest_of(file) if can_have_variants(file) else ""
    except OSError:
        return ""
