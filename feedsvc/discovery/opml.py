"""The listings that are offered -> OPML 2.0 (http://opml.org/spec2.opml), to take every subscription along at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from feedsvc.catalog.catalog import Catalog, Listing
from feedsvc.feeds.builder import feed_title
from feedsvc.feeds.escaping import escape, quoted
from feedsvc.model import Site
from feedsvc.routes import FeedAt, Kind, PageAt, path_of
from feedsvc.uris import absolute

MEDIA_TYPE: Final = "text/x-opml"
_GROUPS: Final[dict[Kind, str]] = {"site": "", "category": "Categories", "author": "Authors", "tag": "Tags"}


def opml(catalog: Catalog) -> bytes:
    """Each listing's RSS feed, which every reader takes, grouped by kind below the site's own."""
    title = escape(catalog.site.title)
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n<head>\n<title>{title}</title>\n</head>\n<body>\n'
    return "\n".join((head + "\n".join(_groups(catalog)), "</body>", "</opml>", "")).encode()


def _groups(catalog: Catalog) -> Iterator[str]:
    for kind, listings in groupby(catalog.offered, key=lambda listing: listing.ref.kind):
        name = _GROUPS[kind]
        yield from ((f"<outline text={quoted(name)}>",) if name else ())
        yield from _outlines(catalog.site, listings)
        yield from (("</outline>",) if name else ())


def _outlines(site: Site, listings: Iterable[Listing]) -> Iterator[str]:
    for listing in listings:
        facts = {
            "type": "rss",
            "version": "RSS2",
            "text": listing.title,
            "title": feed_title(site, listing),
            "xmlUrl": absolute(site.base_url, path_of(FeedAt(listing.ref, "rss"))),
            "htmlUrl": absolute(site.base_url, path_of(PageAt(listing.ref))),
        }
        yield f"<outline {' '.join(f'{name}={quoted(value)}' for name, value in facts.items())}/>"
