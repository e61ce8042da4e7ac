"""robots.txt (RFC 9309), which tells crawlers what they may read, under which license, and where the sitemaps are."""

from __future__ import annotations

from collections.abc import Iterator

from feedsvc.catalog import Catalog
from feedsvc.discovery.news_sitemap import has_news_sitemap
from feedsvc.feeds import license_link
from feedsvc.license_model import Crawlers
from feedsvc.routes import SiteDocumentAt, path_of
from feedsvc.uris import absolute


def render_robots_txt(catalog: Catalog) -> bytes:
    """Render robots.txt: the license, a group for each crawler that has a rule (RFC 9309 section 2.2), and the sitemaps.

    Specification of Sitemap lines: "Informing search engine crawlers" of https://www.sitemaps.org/protocol.html. Crawlers request
    robots.txt at the host's root only (RFC 9309 section 2.3), so it has no effect if base_url has a path.
    """
    site = catalog.site
    names = ("sitemap.xml", "news-sitemap.xml") if has_news_sitemap(catalog) else ("sitemap.xml",)
    lines = (f"Sitemap: {absolute(site.base_url, path_of(SiteDocumentAt(name)))}\n" for name in names)
    # RSL 1.0 section 4.4: before the first group, the line holds for all crawlers.
    license_line = f"License: {license_link(site).href}\n\n" if site.license else ""
    return "".join((license_line, *_groups(site.crawlers), *lines)).encode()


def _groups(crawlers: Crawlers) -> Iterator[str]:
    """Yield a group for each crawler, those for "*" last. A crawler obeys its own group, else that of "*"."""
    rules = {**dict.fromkeys(crawlers.disallow, "Disallow: /"), **dict.fromkeys(crawlers.allow, "Allow: /")}
    rule_of_others = rules.pop("*", "Allow: /")
    for name, rule in (*rules.items(), ("*", rule_of_others)):
        yield f"User-agent: {name}\n{rule}\n\n"
