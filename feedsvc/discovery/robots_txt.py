"""robots.txt (RFC 9309), which tells crawlers where the sitemaps are."""

from __future__ import annotations

from feedsvc.catalog import Catalog
from feedsvc.discovery.news_sitemap import has_news_sitemap
from feedsvc.routes import SiteDocumentAt, path_of
from feedsvc.uris import absolute


def render_robots_txt(catalog: Catalog) -> bytes:
    """Render robots.txt: allow everything (RFC 9309 section 2.2.2) and name the sitemaps.

    Specification of Sitemap lines: "Informing search engine crawlers" of https://www.sitemaps.org/protocol.html. Crawlers request
    robots.txt at the host's root only (RFC 9309 section 2.3), so it has no effect if base_url has a path.
    """
    names = ("sitemap.xml", "news-sitemap.xml") if has_news_sitemap(catalog) else ("sitemap.xml",)
    lines = (f"Sitemap: {absolute(catalog.site.base_url, path_of(SiteDocumentAt(name)))}\n" for name in names)
    return "".join(("User-agent: *\nAllow: /\n\n", *lines)).encode()
