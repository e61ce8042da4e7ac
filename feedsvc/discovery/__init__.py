"""Documents by which programs find feeds and pages, and what they may do with these: OPML, sitemaps, robots.txt, license.

Input: a catalog. Output: bytes. The publication and exports use this package.
"""

from feedsvc.discovery.license import render_license
from feedsvc.discovery.news_sitemap import has_news_sitemap, render_news_sitemap
from feedsvc.discovery.opml import OPML_MEDIA_TYPE, render_opml
from feedsvc.discovery.robots_txt import render_robots_txt
from feedsvc.discovery.sitemap_pages import LISTINGS_GROUP, indexable_pages, tag_places
from feedsvc.discovery.sitemaps import (
    MEDIA_TYPES,
    SITEMAP_MEDIA_TYPE,
    catalog_fingerprint,
    group_part_names,
    is_indexed,
    listing_fingerprint,
    part_names,
    render_part,
    render_sitemap,
)

__all__ = [
    "LISTINGS_GROUP",
    "MEDIA_TYPES",
    "OPML_MEDIA_TYPE",
    "SITEMAP_MEDIA_TYPE",
    "catalog_fingerprint",
    "group_part_names",
    "has_news_sitemap",
    "indexable_pages",
    "is_indexed",
    "listing_fingerprint",
    "part_names",
    "render_license",
    "render_news_sitemap",
    "render_opml",
    "render_part",
    "render_robots_txt",
    "render_sitemap",
    "tag_places",
]
