"""What a document is made from, beside the settings and the theme: as long as that is the same, so are its bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from feedsvc.catalog.archive import Division
from feedsvc.catalog.catalog import Catalog, Listing, Row
from feedsvc.catalog.listing import same
from feedsvc.content.media import image_facts
from feedsvc.discovery import sitemaps
from feedsvc.pages.related import related
from feedsvc.pages.tags import tag_page
from feedsvc.routes import ArticleAt, FeedAt, FileAt, ListingRef, PageAt, Place, SingleAt, SitemapAt, TagsAt
from feedsvc.uris import path_below

_WITH_LOGO: Final = (ArticleAt, PageAt, SingleAt, TagsAt)
Pages = Callable[[Division], Mapping[str, tuple[Row, ...]]]


def _nothing(_: Listing) -> object:
    return None


@dataclass(frozen=True, slots=True)
class Grounds:
    """`objects` must be the very same ones, `facts` equal, and so must what `tell` says of each of the `listings`."""

    objects: tuple[object, ...] = ()
    facts: tuple[object, ...] = ()
    listings: tuple[Listing, ...] = ()
    tell: Callable[[Listing], object] = _nothing

    @property
    def spelled(self) -> tuple[object, ...]:
        """All that is to be equal."""
        return *self.facts, *map(self.tell, self.listings)

    def hold(self, other: Grounds) -> bool:
        return self.facts == other.facts and same(self.objects, other.objects) and self._tell_as(other)

    def _tell_as(self, other: Grounds) -> bool:
        """A listing that is the very same tells the same, and need not be asked."""
        if len(self.listings) != len(other.listings):
            return False
        pairs = zip(self.listings, other.listings, strict=True)
        return all(one is two or self.tell(one) == other.tell(two) for one, two in pairs)


def _as_asked(division: Division) -> Mapping[str, tuple[Row, ...]]:
    return division


def grounds(catalog: Catalog, place: Place, pages: Pages = _as_asked) -> Grounds | None:
    """None where there is no document, or none that should outlive its edition; `pages` gives the rows of a division."""
    make = _MAKERS.get(type(place))
    found = make(catalog, place, pages) if make else None
    if found is None or not isinstance(place, _WITH_LOGO):
        return found
    return Grounds(found.objects, (*found.facts, *logo(catalog)), found.listings, found.tell)


def are_alike(one: Catalog, other: Catalog) -> bool:
    """Whether grounds can be compared: the settings, the theme and the audience are the same."""
    return one.preview == other.preview and _settings(one) == _settings(other)


def _settings(catalog: Catalog) -> tuple[object, ...]:
    content = catalog.content
    return content.site, content.categories, content.authors, content.theme


def _feed(catalog: Catalog, place: FeedAt, pages: Pages) -> Grounds | None:
    listing = catalog.listings.get(place.listing)
    if listing is None or (place.period and not listing.archived):
        return None
    return _part(listing, place.period, listing.months, pages) if place.period else _newest(listing, listing.prev_archive)


def _page(catalog: Catalog, place: PageAt, pages: Pages) -> Grounds | None:
    listing = catalog.listings.get(place.listing)
    if listing is None:
        return None
    found = _part(listing, place.period, listing.pages, pages) if place.period else _newest(listing, listing.pages.older)
    return Grounds(found.objects, (*found.facts, *pictures(catalog, found.objects))) if found else None


def _newest(listing: Listing, older: str) -> Grounds:
    return Grounds(listing.newest, (listing.title, listing.description, older))


def _part(listing: Listing, period: str, division: Division, pages: Pages) -> Grounds | None:
    """The rows of a period, and what is before and after them."""
    rows, beside = pages(division).get(period), division.neighbours.get(period)
    return Grounds(rows, (listing.title, listing.description, beside)) if rows is not None else None


def _article(catalog: Catalog, place: ArticleAt, _: Pages) -> Grounds | None:
    row, gone = catalog.visible.get(place.slug), catalog.withdrawn.get(place.slug)
    if row is None:
        return Grounds((gone,)) if gone else None
    shown = (row, *related(catalog, row))
    # A row is another one where a tag that it bears is called another name.
    objects = (*shown, *catalog.listings[section(row)].around(row))
    return Grounds(objects, (*files(catalog, row.article.media), *pictures(catalog, shown)))


def section(row: Row) -> ListingRef:
    """The listing in which an article's page has its neighbours."""
    return next((ListingRef("category", name) for name in row.article.categories), ListingRef())


def pictures(catalog: Catalog, rows: Iterable[object]) -> Iterator[object]:
    """Pages name the narrower copies of pictures by the pictures' bytes."""
    base = catalog.site.base_url
    images = (row.article.image for row in rows if isinstance(row, Row))
    yield from files(catalog, {path_below(base, image.url)[1:]: None for image in images if image})


def files(catalog: Catalog, paths: Iterable[str]) -> Iterator[object]:
    """Pages tell the width and height of pictures by the pictures' bytes, too."""
    for path in paths:
        file = catalog.media.get(path)
        if file:
            yield path, file, _digest(file)


def logo(catalog: Catalog) -> Iterator[object]:
    """Every page shows it."""
    return files(catalog, [path_below(catalog.site.base_url, catalog.site.logo)[1:]])


def _digest(file: Any) -> str:
    try:
        return image_facts.digest(file) if image_facts.can_size(file) else ""
    except OSError:
        return ""


def _file(_: Catalog, __: FileAt, ___: Pages) -> Grounds:
    return Grounds()


def _called(listing: Listing) -> object:
    return listing.ref, listing.title


def _subscription(listing: Listing) -> object:
    """What the page of all feeds says of one."""
    return listing.ref, listing.title, len(listing.visible), listing.touched


def _is_every_tag_offered(catalog: Catalog) -> bool:
    return sum(one.ref.kind == "tag" for one in catalog.offered) == catalog.tags.total


def _listed(catalog: Catalog, tell: Callable[[Listing], object], facts: tuple[object, ...] = ()) -> Grounds:
    return Grounds((), facts, tuple(catalog.shown), tell)


def _offered(catalog: Catalog, tell: Callable[[Listing], object], facts: tuple[object, ...] = ()) -> Grounds:
    return Grounds((), facts, catalog.offered, tell)


_SINGLES: Final[Mapping[str, Callable[[Catalog], Grounds]]] = {
    "feeds.opml": lambda catalog: _offered(catalog, _called),
    "subscribe/": lambda catalog: _offered(catalog, _subscription, (_is_every_tag_offered(catalog),)),
    "sitemap.xml": lambda catalog: _listed(catalog, sitemaps.told, sitemaps.facts(catalog)),
    "news-sitemap.xml": lambda catalog: Grounds(catalog.recent),
    "robots.txt": lambda catalog: Grounds((), (sitemaps.has_news(catalog),)),
}


def _single(catalog: Catalog, place: SingleAt, _: Pages) -> Grounds:
    return _SINGLES[place.name](catalog)


def _tags(catalog: Catalog, place: TagsAt, _: Pages) -> Grounds | None:
    found = tag_page(catalog, place.start)
    return Grounds((), found) if found else None


def _sitemap(catalog: Catalog, place: SitemapAt, _: Pages) -> Grounds | None:
    """The articles of a period change nothing in the sitemap of another."""
    if not sitemaps.is_indexed(catalog):
        return None
    rows = catalog.listings[ListingRef()].months.every.get(place.part.partition(".")[0])
    return Grounds(rows) if rows is not None else _listed(catalog, sitemaps.told)


_MAKERS: Final[Mapping[type[Place], Callable[[Catalog, Any, Pages], Grounds | None]]] = {
    FeedAt: _feed,
    PageAt: _page,
    ArticleAt: _article,
    FileAt: _file,
    SingleAt: _single,
    TagsAt: _tags,
    SitemapAt: _sitemap,
}
