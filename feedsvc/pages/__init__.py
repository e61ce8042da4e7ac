"""Listing and Article -> HTML. The only room with Jinja.

What a page itself loads or leads to inside the site is root-relative; what it tells others (canonical) is absolute.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources
from typing import Final, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from feedsvc import feeds
from feedsvc.catalog import Catalog, Listing, Row, Standing
from feedsvc.feeds import assemble
from feedsvc.feeds.dates import rfc3339
from feedsvc.model import Article, Site
from feedsvc.urls import ArticleAt, FeedAt, ListingRef, PageAt, Place, SingleAt, absolute, path_of, rooted

MEDIA_TYPE: Final = "text/html"
STATIC: Final = {
    file.name: file.read_bytes() for file in resources.files(__name__).joinpath("static").iterdir() if file.is_file()
}
STATIC_TYPES: Final = {".css": "text/css"}

_TEMPLATES: Final = Environment(
    loader=PackageLoader(__name__),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


class Shown(NamedTuple):
    """A link on a page."""

    title: str
    href: str


class FeedShown(NamedTuple):
    name: str
    type: str
    title: str
    href: str


def listing(catalog: Catalog, one: Listing, period: str = "") -> bytes:
    """A listing's page: its newest articles, its feeds and, at the front, every other listing."""
    site = catalog.site
    others = (other for other in catalog.listings.values() if other.ref != one.ref) if one.ref == ListingRef() else ()
    return _page(
        "listing.html",
        site,
        front=one.ref == ListingRef(),
        title=assemble.feed_title(site, one),
        listing=one,
        canonical=absolute(site.base_url, path_of(PageAt(one.ref))),
        feeds=_feeds(site, (one,)),
        entries=[_line(site, row) for row in (one.pages[period] if period else one.newest) if row.standing is Standing.VISIBLE],
        opml=_href(site, SingleAt("feeds.opml")),
        listings=[_shown(site, other) for other in others],
    )


def article(catalog: Catalog, row: Row) -> bytes:
    """A visible article's page."""
    site, one = catalog.site, row.article
    sections = [catalog.listings[ListingRef("category", name)] for name in one.categories]
    return _page(
        "article.html",
        site,
        article=one,
        canonical=one.link or absolute(site.base_url, path_of(ArticleAt(one.slug))),
        summary=assemble.summarise(one),
        feeds=_feeds(site, (catalog.listings[ListingRef()], *sections)),
        sections=[_shown(site, section) for section in sections],
        authors=[_shown(site, catalog.listings[ListingRef("author", name)]) for name in one.authors],
        tags=[_shown(site, catalog.listings[ListingRef("tag", tag.id)]) for tag in one.tags],
        published=rfc3339(one.published),
        day=row.day,
        # Cleaned where it was read, escaped where it was put together.
        content=Markup(assemble.content(one)),  # noqa: S704
        enclosures=one.enclosures,
    )


def gone(site: Site, one: Article) -> bytes:
    """What stands at a withdrawn article's address."""
    return _page("message.html", site, heading="This article was withdrawn", text=one.notice or "It is no longer available.")


def missing(site: Site) -> bytes:
    """What stands at an address that nothing has."""
    return _page("message.html", site, heading="Nothing is here", text="The address is wrong, or what it led to has gone.")


def _page(template: str, site: Site, *, front: bool = False, **facts: object) -> bytes:
    facts = {"site": site, "language": site.language, "front": front, "home": rooted(site.base_url, "/"), **facts}
    return _TEMPLATES.get_template(template).render(facts).encode()


def _href(site: Site, place: Place) -> str:
    return rooted(site.base_url, path_of(place))


def _shown(site: Site, one: Listing) -> Shown:
    return Shown(one.title, _href(site, PageAt(one.ref)))


def _feeds(site: Site, listings: Iterable[Listing]) -> list[FeedShown]:
    return [
        FeedShown(form.suffix.upper(), form.media_type, assemble.feed_title(site, one), _href(site, FeedAt(one.ref, form.suffix)))
        for one in listings
        for form in feeds.FORMATS.values()
    ]


def _line(site: Site, row: Row) -> dict[str, str]:
    one = row.article
    return {
        "href": _href(site, ArticleAt(one.slug)),
        "title": one.title,
        "language": one.language,
        "published": rfc3339(one.published),
        "day": row.day,
    }
