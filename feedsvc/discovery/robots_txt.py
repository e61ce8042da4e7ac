"""robots.txt (RFC 9309), which tells crawlers what they may read, under which license, and where the sitemaps are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from feedsvc.catalog import Catalog
from feedsvc.discovery.news_sitemap import has_news_sitemap
from feedsvc.feeds import license_link
from feedsvc.license_model import RobotsGroup
from feedsvc.model import Site
from feedsvc.routes import SiteDocumentAt, path_of
from feedsvc.uris import absolute

_ALL: Final = "*"  # all crawlers that no other group names


def render_robots_txt(catalog: Catalog) -> bytes:
    """Render robots.txt: the address of the license, if any, groups of rules for crawlers, and the addresses of the sitemaps.

    Specification of Sitemap lines: "Informing search engine crawlers" of https://www.sitemaps.org/protocol.html. Crawlers request
    robots.txt at the host's root only (RFC 9309 section 2.3), so it has no effect if base_url has a path.
    """
    site = catalog.site
    names = ("sitemap.xml", "news-sitemap.xml") if has_news_sitemap(catalog) else ("sitemap.xml",)
    lines = (f"Sitemap: {absolute(site.base_url, path_of(SiteDocumentAt(name)))}\n" for name in names)
    # RSL 1.0 section 4.4: before the first group, the line holds for all crawlers.
    license_line = f"License: {license_link(site).href}\n\n" if site.license else ""
    return "".join((license_line, *_groups(site), *lines)).encode()


def _groups(site: Site) -> Iterator[str]:
    """Yield the groups (RFC 9309 section 2.2) as text, each with an empty line at its end: one for each crawler in
    `site.crawlers`, one for each of `site.robots`, and, if none of these is for "*", one for "*" that allows everything.

    Those for "*" are last. A crawler obeys its own group, else that of "*" (section 2.2.1).
    """
    crawlers = site.crawlers
    groups: list[tuple[tuple[str, ...], tuple[str, ...]]] = [((name,), ("Disallow: /",)) for name in crawlers.disallow]
    groups += [((name,), ("Allow: /",)) for name in crawlers.allow]
    groups += [(group.agents, _rules(group)) for group in site.robots]
    if not any(_ALL in agents for agents, _ in groups):
        groups.append(((_ALL,), ("Allow: /",)))
    for agents, rules in sorted(groups, key=lambda group: _ALL in group[0]):
        yield "".join(f"{line}\n" for line in (*(f"User-agent: {name}" for name in agents), *rules, ""))


def _rules(group: RobotsGroup) -> tuple[str, ...]:
    return *(f"Allow: {path}" for path in group.allow), *(f"Disallow: {path}" for path in group.disallow)
