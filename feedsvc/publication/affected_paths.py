"""The places whose documents may differ between two catalogs of the same settings, found at the price of what differs."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import chain

from feedsvc.catalog.archive import Division
from feedsvc.catalog.catalog import Catalog, Listing, Row
from feedsvc.catalog.former_tags import former_slugs
from feedsvc.catalog.listing import same
from feedsvc.catalog.periods import span
from feedsvc.content.media.offered_widths import copies
from feedsvc.discovery import sitemaps
from feedsvc.pages.related import leading_to
from feedsvc.publication.dependencies import grounds
from feedsvc.routes import (
    SINGLES,
    SUFFIXES,
    ArticleAt,
    FeedAt,
    FileAt,
    ListingRef,
    PageAt,
    Place,
    SingleAt,
    SitemapAt,
    TagsAt,
    place_of,
)
from feedsvc.uris import absolute, path_below

_SITE = ListingRef()
_FEW = 500  # pages that are compared sooner than they are made


def places(before: Catalog, now: Catalog) -> Iterator[Place]:
    """A superset, some of them more than once; former addresses of what changed as well."""
    yield from _files(before, now)
    yield from (SingleAt(name) for name in SINGLES if _differs(before, now, SingleAt(name)))
    if before.listings is now.listings:
        return
    left, new = _rows(before, now), _rows(now, before)
    for catalog, rows in ((before, left), (now, new)):
        yield from chain.from_iterable(_own(catalog, row) for row in rows.values())
    pictures = frozenset(_pictures(before, now))
    seen = [
        row
        for rows, other in ((left, new), (new, left))
        for id_, row in rows.items()
        if _differs_to_others(row, other.get(id_), pictures)
    ]
    for catalog in (before, now):
        yield from chain.from_iterable(_beside(catalog, row) for row in seen)
    yield from _leading(before, now, seen)
    changed = [ref for ref in {**before.listings, **now.listings} if before.listings.get(ref) is not now.listings.get(ref)]
    yield from _listings(before, now, changed)
    tags = [ref.id for ref in changed if ref.kind == "tag"]
    yield from _tag_pages(before, now, tags)
    yield from _former_tags(before, now, {*tags, *former_slugs((*left.values(), *new.values()))})
    yield from _sitemaps(before, now)


def is_logo_same(before: Catalog, now: Catalog) -> bool:
    """Every page shows it, in its own shape."""
    path = path_below(now.site.base_url, now.site.logo)[1:]
    return before.media.get(path) == now.media.get(path)


def _differs(before: Catalog, now: Catalog, place: Place) -> bool:
    one, other = grounds(before, place), grounds(now, place)
    return one is None or other is None or not one.hold(other)


def _rows(one: Catalog, other: Catalog) -> dict[str, Row]:
    """The rows of one that the other does not have, by id."""
    return {row.article.id: row for row in one.listings[_SITE].rows.beyond(other.listings[_SITE].rows)}


def _own(catalog: Catalog, row: Row) -> Iterator[Place]:
    """Yield its addresses, and the copies of its pictures."""
    article = row.article
    yield from (ArticleAt(slug) for slug in (article.slug, *article.aliases))
    yield from (FileAt(path) for path in article.media if path in catalog.media)
    for path in article.media:
        yield from (place for copy in copies(catalog.media.get(path)) if (place := place_of(copy.path)))


def _differs_to_others(row: Row, other: Row | None, pictures: AbstractSet[str]) -> bool:
    """Whether pages that only name an article, or show its card, may tell the two rows apart."""
    if other is None or _face(row) != _face(other):
        return True
    image = row.article.image
    # An article that is the same was named for the bytes of its files; a picture's name in pages is made from them.
    return image is not None and (row.article == other.article or image.url in pictures)


def _face(row: Row) -> tuple[object, ...]:
    one = row.article
    unseen = {"path": "", "text": b"", "notice": "", "updated": one.published, "aliases": (), "media": ()}
    kept = replace(one, **unseen, enclosures=(), sources=(), corrections=(), tags=())  # type: ignore[arg-type]
    return row.standing, row.mark, kept, one.summary or one.text, [tag.id for tag in one.tags]


def _beside(catalog: Catalog, row: Row) -> Iterator[Place]:
    """Those whose pages lead to it, or past where it was."""
    for ref in (_SITE, *(ListingRef("category", name) for name in row.article.categories)):
        for other in catalog.listings[ref].around(row):
            if other:
                yield ArticleAt(other.article.slug)


def _leading(before: Catalog, now: Catalog, rows: Collection[Row]) -> Iterator[Place]:
    """Those whose pages may lead to one of the rows, since these share their tags; few are looked into, and few of these do."""
    slugs = (row.article.slug for catalog in (before, now) for row in leading_to(catalog, rows))
    found = [ArticleAt(slug) for slug in dict.fromkeys(slugs)]
    yield from (place for place in found if len(found) > _FEW or _differs(before, now, place))


def _listings(before: Catalog, now: Catalog, changed: Iterable[ListingRef]) -> Iterator[Place]:
    for ref in changed:
        pages, months = _periods(before.listings.get(ref), now.listings.get(ref))
        yield from (place for place in (PageAt(ref, period) for period in pages) if _differs(before, now, place))
        feeds = (FeedAt(ref, suffix, period) for period in months for suffix in SUFFIXES)
        yield from (place for place in feeds if _differs(before, now, place))


def _tag_pages(before: Catalog, now: Catalog, changed: Collection[str]) -> Iterator[Place]:
    """The pages of tags that list a changed tag or are divided otherwise, those beside them and the one that leads to them."""
    if not changed:
        return
    starts: dict[str, None] = {"": None}
    for one, other in ((before.tags, now.tags), (now.tags, before.tags)):
        if len(one.starts) <= 1:
            continue
        places = {one.page_of(tag) for tag in changed}
        if one.pages is not other.pages:
            theirs = {*other.pages}
            places.update(place for place, page in enumerate(one.pages) if page not in theirs)
        for place in places:
            starts.update(dict.fromkeys(one.starts[max(0, place - 1) : place + 2]))
    yield from (place for place in map(TagsAt, starts) if _differs(before, now, place))


def _former_tags(before: Catalog, now: Catalog, slugs: Iterable[str]) -> Iterator[Place]:
    """Former addresses of tags that lead elsewhere now, or have come or gone."""
    for slug in slugs:
        ref, leads = ListingRef("tag", slug), [(catalog, catalog.moved.get(("tag", slug))) for catalog in (before, now)]
        if leads[0][1] == leads[1][1]:
            continue
        for listing in (catalog.tagged(tag) for catalog, tag in leads if tag):
            yield from (PageAt(ref, period) for period in ("", *listing.pages))
            yield from (FeedAt(ref, suffix, period) for period in ("", *listing.archive) for suffix in SUFFIXES)


def _periods(one: Listing | None, other: Listing | None) -> tuple[Iterable[str], Iterable[str]]:
    """The newest page, and those of the older ones that may differ: of pages, and of feeds."""
    if one is None or other is None or (one.title, one.description) != (other.title, other.description):
        some = [listing for listing in (one, other) if listing]
        pages, months = (listing.pages for listing in some), (listing.months for listing in some)
        return dict.fromkeys(chain([""], *pages)), dict.fromkeys(chain([""], *months))
    days = _days(one, other)
    found = ["", *_others(one.months, other.months, days)]
    if one.pages is one.months and other.pages is other.months:
        return found, found
    return ["", *_others(one.pages, other.pages, days)], found


def _days(one: Listing, other: Listing) -> set[str]:
    """Those of which either has rows that the other does not have."""
    return {row.day for row in chain(one.rows.beyond(other.rows), other.rows.beyond(one.rows))}


def _others(one: Division, other: Division, days: AbstractSet[str]) -> Iterator[str]:
    return (period for period in dict.fromkeys(_touched(one, other, days)) if _is_other(one, other, period))


def _is_other(one: Division, other: Division, period: str) -> bool:
    """Whether an older page of either shows other rows, or leads elsewhere."""
    if period not in one or period not in other:
        return period in one or period in other
    return one.neighbours[period] != other.neighbours[period] or not same(one[period], other[period])


def _touched(one: Division, other: Division, days: AbstractSet[str]) -> Iterator[str]:
    """The periods whose rows are others, those that came and went, and where the older pages begin; with those beside them."""
    found = {division.period_of(day) for division in (one, other) for day in days}
    found.update(chain.from_iterable(_come_and_gone(one, other, year) for year in {day[:4] for day in days}))
    found.update(_between(one, other))
    yield from found
    for division in (one, other):
        for period in found:
            start, end = span(division.names, period)
            yield from division.names[max(start - 1, 0) : end + 1]


def _come_and_gone(one: Division, other: Division, year: str) -> set[str]:
    """The names that one of the two has in a year."""
    if one.names is other.names:
        return set()
    return set(one.names[slice(*span(one.names, year))]) ^ set(other.names[slice(*span(other.names, year))])


def _between(one: Division, other: Division) -> Iterator[str]:
    """From where the older pages of one begin to where those of the other do."""
    tops = sorted(next(iter(division), "") for division in (one, other))
    for division in (one, other):
        start, end = bisect_left(division.names, tops[0]), bisect_right(division.names, tops[1])
        yield from division.names[start:end] if tops[0] != tops[1] else tops[:1]


def _sitemaps(before: Catalog, now: Catalog) -> Iterator[Place]:
    was, is_now = before.listings[_SITE].months, now.listings[_SITE].months
    all_of_them = sitemaps.is_indexed(before) != sitemaps.is_indexed(now)
    days = _days(before.listings[_SITE], now.listings[_SITE])
    every = chain(was.every, is_now.every) if all_of_them else _touched(was, is_now, days)
    empty: tuple[Row, ...] = ()
    changed = [
        one for one in dict.fromkeys(every) if all_of_them or not same(was.every.get(one, empty), is_now.every.get(one, empty))
    ]
    lists = (sitemaps.LISTINGS,) if all_of_them or _differs(before, now, SitemapAt(sitemaps.LISTINGS)) else ()
    for catalog in (before, now):
        for group in (*lists, *changed):
            yield from (SitemapAt(name) for name in sitemaps.parts_of(catalog, group))


def _files(before: Catalog, now: Catalog) -> Iterator[Place]:
    """Files that are others by now; of those that come and go, the articles know."""
    yield from (FileAt(path) for path in _differing(before, now) if path in before.media or path in now.media)


def _pictures(before: Catalog, now: Catalog) -> Iterator[str]:
    """The addresses of files that are others by now."""
    return (absolute(now.site.base_url, f"/{path}") for path in _differing(before, now))


def _differing(before: Catalog, now: Catalog) -> list[str]:
    one, other = before.media.files, now.media.files
    return [path for path in {**one, **other} if one.get(path) != other.get(path)] if one is not other and one != other else []
