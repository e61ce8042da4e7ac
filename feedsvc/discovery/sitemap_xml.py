"""XML of sitemaps and of their index.

Specification: https://www.sitemaps.org/protocol.html (its section titles are quoted below).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from feedsvc.feeds import escape, quote_attribute
from feedsvc.model import Site
from feedsvc.routes import SitemapAt, path_of
from feedsvc.support.date_formats import rfc3339
from feedsvc.uris import absolute

_NAMESPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_XHTML_NAMESPACE: Final = "http://www.w3.org/1999/xhtml"


class SitemapUrl(NamedTuple):
    """Path of a page, with the page's last change. If not `is_visible`, that change removed the page from the sitemap.

    `alternates` are (hreflang, path) of the page in each of its languages, this one included, then of the page for the hreflang
    "x-default", if there is one; translations with a `link` are left out. () if there is one language only.
    """

    path: str
    last_changed: datetime
    is_visible: bool = True
    alternates: tuple[tuple[str, str], ...] = ()


def render_urlset(site: Site, urls: Iterable[SitemapUrl]) -> bytes:
    """Render a urlset of those of `urls` that are visible ("XML tag definitions"), with their alternates.

    Alternates: https://developers.google.com/search/docs/specialty/international/localized-versions#sitemap
    """
    visible = [url for url in urls if url.is_visible]
    has_alternates = any(url.alternates for url in visible)
    lines = (f"<url>{loc_and_lastmod(site, url.path, url.last_changed)}{_alternate_links(site, url)}</url>\n" for url in visible)
    return xml_document("urlset", "".join(lines), f' xmlns:xhtml="{_XHTML_NAMESPACE}"' if has_alternates else "")


def _alternate_links(site: Site, url: SitemapUrl) -> str:
    links = ((language, quote_attribute(absolute(site.base_url, path))) for language, path in url.alternates)
    return "".join(f'\n<xhtml:link rel="alternate" hreflang="{language}" href={href}/>' for language, href in links)


def render_index(site: Site, parts: Iterable[tuple[str, datetime]]) -> bytes:
    """Render a sitemap index of parts ("Sitemap index XML tag definitions").

    `parts` are (name, last change); a part's last change is the last addition, removal or edit of one of its pages.
    """
    entries = (loc_and_lastmod(site, path_of(SitemapAt(name)), last_changed) for name, last_changed in parts)
    return xml_document("sitemapindex", "".join(f"<sitemap>{entry}</sitemap>\n" for entry in entries))


def loc_and_lastmod(site: Site, path: str, last_changed: datetime) -> str:
    return f"<loc>{escape(absolute(site.base_url, path))}</loc><lastmod>{rfc3339(last_changed)}</lastmod>"


def xml_document(root: str, content: str, further_namespaces: str = "") -> bytes:
    """Return an XML document with the element `root` in the namespace of sitemaps, and with the XML text `content`.

    `further_namespaces` are attributes of the root, with a leading space.
    """
    start = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_NAMESPACE}"{further_namespaces}>\n'
    return f"{start}{content}</{root}>\n".encode()
