"""OPML 2.0 export (http://opml.org/spec2.opml) of RSS feeds, for import into feed readers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from feedsvc.catalog import Catalog, Listing
from feedsvc.feeds import escape, feed_title, listing_title, quote_attribute
from feedsvc.model import Site
from feedsvc.routes import FeedAt, ListingKind, PageAt, path_of
from feedsvc.uris import absolute

OPML_MEDIA_TYPE: Final = "text/x-opml"
_GROUP_TITLES: Final[dict[ListingKind, str]] = {
    "site": "",
    "category": "Categories",
    "author": "Authors",
    "custom": "Feeds",
    "language": "Languages",
    "tag": "Tags",
}


def render_opml(catalog: Catalog) -> bytes:
    """Render the RSS feeds of `subscribable_listings` as OPML: the site's feed, then a group with an English title for each kind.

    These listings are those on /subscribe/: only the most used tags, and no languages without a visible article. Other formats
    are left out, because every reader accepts RSS.
    """
    title = escape(catalog.site.title)
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n<head>\n<title>{title}</title>\n</head>\n<body>\n'
    return "\n".join((head + "\n".join(_outline_groups(catalog)), "</body>", "</opml>", "")).encode()


def _outline_groups(catalog: Catalog) -> Iterator[str]:
    for kind, listings in groupby(catalog.subscribable_listings, key=lambda listing: listing.ref.kind):
        name = _GROUP_TITLES[kind]
        yield from ((f"<outline text={quote_attribute(name)}>",) if name else ())
        yield from _outlines(catalog.site, listings)
        yield from (("</outline>",) if name else ())


def _outlines(site: Site, listings: Iterable[Listing]) -> Iterator[str]:
    for listing in listings:
        attributes = {
            "type": "rss",
            "version": "RSS2",
            "text": listing_title(listing),
            "title": feed_title(site, listing),
            "description": listing.description,
            "xmlUrl": absolute(site.base_url, path_of(FeedAt(listing.ref, "rss"))),
            "htmlUrl": absolute(site.base_url, path_of(PageAt(listing.ref))),
        }
        yield f"<outline {' '.join(f'{name}={quote_attribute(value)}' for name, value in attributes.items() if value)}/>"
