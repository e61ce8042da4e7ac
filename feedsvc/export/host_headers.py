"""The file `_headers`, which some kinds of hosts of a tree read: response headers by patterns of addresses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from feedsvc.catalog import Catalog, pages_by_slug
from feedsvc.discovery import OPML_MEDIA_TYPE
from feedsvc.feeds import FORMATS, RSL_MEDIA_TYPE, license_link, suffixes_of
from feedsvc.free_places import StaticPageAt
from feedsvc.model import Site
from feedsvc.publication import (
    CACHE_CONTROL,
    EXPOSED_HEADERS,
    FRAME_ANCESTORS,
    SANDBOX_POLICY,
    content_type,
    root_content_types,
)
from feedsvc.redirects import BROAD_KINDS
from feedsvc.routes import LISTING_KINDS, WELL_KNOWN_FEEDS, ArticleAt, FeedAt, ListingRef, PageAt, path_of
from feedsvc.uris import absolute, root_relative

MAX_HEADER_RULES: Final = 100  # rules of `_headers` that Cloudflare reads
# Patterns of the root and of any other folder. "/*" alone, before a name, would match files with longer names, too.
_ANY_FOLDER: Final = ("/", "/*/")


def render_headers(catalog: Catalog) -> str:
    """Return the text of `_headers`: those headers of the live server whose documents can be selected by address patterns.

    At most 100 rules are written for every host, because Cloudflare reads no more. The least important ones, for files of
    root/, are left out first; `limit_warnings` reports them.
    """
    root = escape_reference(root_relative(catalog.site.base_url, "/")).rstrip("/")
    return "".join(
        f"{root}{pattern}\n" + "".join(f"  {name}: {value}\n" for name, value in headers)
        for pattern, headers in islice(_header_rules(catalog), MAX_HEADER_RULES)
    )


def count_header_rules(catalog: Catalog) -> int:
    """Return the number of rules that `_headers` would have without a limit."""
    return sum(1 for _ in _header_rules(catalog))


def _header_rules(catalog: Catalog) -> Iterator[tuple[str, Sequence[tuple[str, str]]]]:
    """Yield (pattern below base_url, its headers), the most important first, because the caller may leave out the last ones.

    Hosts may join the values of a header if two patterns match one path. So two such patterns may have only the headers Link
    and Content-Security-Policy in common.
    """
    yield "/*", _COMMON_HEADERS
    for suffix, feed_format in FORMATS.items():
        headers = (("Content-Type", content_type(feed_format.media_type)),)
        yield from ((f"{folder}feed.{suffix}", headers) for folder in _ANY_FOLDER)
        for name in (name for name, format_suffix in WELL_KNOWN_FEEDS.items() if format_suffix == suffix):
            yield from ((pattern, headers) for pattern in _well_known_patterns(catalog, name))
    yield "/feeds.opml", (("Content-Type", content_type(OPML_MEDIA_TYPE)),)
    if catalog.site.license:
        yield "/license.xml", (("Content-Type", content_type(RSL_MEDIA_TYPE)),)
        yield from _license_rules(catalog)
    yield "/media/*.svg", (("Content-Security-Policy", SANDBOX_POLICY),)
    yield from _link_rules(catalog)
    # Last, because there may be many files, and hosts know the types of most.
    types = root_content_types(catalog).items()
    yield from ((escape_reference(root_relative("", path)), (("Content-Type", value),)) for path, value in types)


_COMMON_HEADERS: Final = (
    ("Cache-Control", CACHE_CONTROL),
    ("Content-Security-Policy", FRAME_ANCESTORS),
    ("X-Content-Type-Options", "nosniff"),
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", EXPOSED_HEADERS),
)


def _well_known_patterns(catalog: Catalog, name: str) -> tuple[str, ...]:
    if "." in name:
        return tuple(f"{folder}{name}" for folder in _ANY_FOLDER)
    kinds = {ref.kind for ref in catalog.listings}
    folders = {"custom": "/feeds/*/", "language": "/language/*/"}
    homes = ("/", "/category/*/", *(folder for kind, folder in folders.items() if kind in kinds))
    return tuple(f"{home}{name}/" for home in homes)


def license_value(site: Site) -> str:
    """Return the link to the license as a value of the header Link, "" for a site without a license."""
    link = license_link(site)
    return f'<{link.href}>; rel="{link.rel}"; type="{link.type}"' if site.license else ""


def _license_rules(catalog: Catalog) -> Iterator[tuple[str, Sequence[tuple[str, str]]]]:
    """Yield (pattern, header Link to the license) for pages, for /archive/, and for feeds of all listings but the site's.

    No pattern matches a file of media/.
    """
    kinds = (kind for kind in LISTING_KINDS if kind != "site" and (kind != "language" or catalog.languages.tags))
    folders = (path_of(PageAt(ListingRef(kind, "*"))) for kind in kinds)
    static_pages = (root_relative("", path_of(StaticPageAt(page.slug))) for page in pages_by_slug(catalog.pages))
    for pattern in ("/", "/archive/*", path_of(ArticleAt("*")), *folders, "/tags/*", "/subscribe/", *static_pages):
        yield pattern.removesuffix("*/") + "*" * pattern.endswith("*/"), (("Link", license_value(catalog.site)),)


def _link_rules(catalog: Catalog) -> Iterator[tuple[str, Sequence[tuple[str, str]]]]:
    """Yield (pattern, header Link) of the newest feed in each format of each listing of BROAD_KINDS.

    The links are self, hubs and, for the site's feeds, the license. Other feeds have these links only in their bytes.
    """
    site = catalog.site
    hubs = "".join(f', <{hub}>; rel="hub"' for hub in site.hubs)
    # The rules of `_license_rules` match the feeds of categories, too; hosts join the values.
    site_license = f", {license_value(site)}" if site.license else ""
    for ref in broad_refs(catalog):
        for suffix in suffixes_of(ref):
            path = path_of(FeedAt(ref, suffix))
            pattern = escape_reference(root_relative(site.base_url, path)).removeprefix(
                escape_reference(root_relative(site.base_url, "/")).rstrip("/")
            )
            value = f'<{absolute(site.base_url, path)}>; rel="self"{hubs}'
            yield pattern, (("Link", value + (site_license if ref.kind == "site" else "")),)


def escape_reference(reference: str) -> str:
    """Percent-encode colons, which begin placeholders in `_redirects`, and asterisks, which are wildcards."""
    return reference.replace(":", "%3A").replace("*", "%2A")


def broad_refs(catalog: Catalog) -> Iterator[ListingRef]:
    return (ref for ref in catalog.listings if ref.kind in BROAD_KINDS)
