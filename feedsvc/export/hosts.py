"""Kinds of hosts that serve a tree, and the two files that some hosts read: `_redirects` and `_headers`.

Netlify, Cloudflare and others read the same format, but with different limits. Cloudflare reads 2,000 redirects without a
wildcard and then 100 with a wildcard, and no status but 3xx; a deployment may fail at a line that it cannot read. Netlify reads
more. Netlify prefers a file to a redirect, unless the line has "!" after the status.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

from feedsvc.catalog import Catalog
from feedsvc.discovery import OPML_MEDIA_TYPE
from feedsvc.export.aliases import BROAD_KINDS, well_known_paths
from feedsvc.feeds import FORMATS, RSL_MEDIA_TYPE, license_link
from feedsvc.model import Site
from feedsvc.publication import CACHE_CONTROL, EXPOSED_HEADERS, FRAME_ANCESTORS, SANDBOX_POLICY, content_type, withdrawn_places
from feedsvc.routes import LISTING_KINDS, WELL_KNOWN_FEEDS, ArticleAt, FeedAt, ListingRef, PageAt, path_of
from feedsvc.uris import absolute, root_relative

REDIRECTS: Final = "/_redirects"
HEADERS: Final = "/_headers"
MEDIA_TYPE: Final = "text/plain"

# Cloudflare's limits.
_MAX_EXACT_REDIRECTS: Final = 2000
_MAX_PATTERN_REDIRECTS: Final = 100
_MAX_LINE_LENGTH: Final = 1000  # characters
_MAX_HEADER_RULES: Final = 100  # rules of `_headers`

_Line = tuple[str, str]  # former path or pattern of such paths, and its target; as URI references


@dataclass(frozen=True, kw_only=True, slots=True)
class Host:
    """One kind of host.

    `has_former_files` is True if the tree has files at former addresses, because the host cannot redirect from all. `files` says
    which of `_redirects` and `_headers` are written. With `is_netlify`, redirects precede files, withdrawn articles are answered
    with 410, and no limits apply.
    """

    has_former_files: bool = True
    files: tuple[str, ...] = (REDIRECTS, HEADERS)
    is_netlify: bool = False


HOSTING_ANY: Final = "any"
HOSTING_NGINX: Final = "nginx"
HOSTS: Final[Mapping[str, Host]] = {
    HOSTING_ANY: Host(),
    "netlify": Host(is_netlify=True),
    HOSTING_NGINX: Host(has_former_files=False, files=()),
}
BUCKET_HOST: Final = Host(files=())


class HostFiles:
    """The files `_redirects` and `_headers` of one host, rendered again only if something in them may have changed."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._last: tuple[tuple[object, ...], Mapping[str, bytes]] | None = None

    def for_catalog(self, catalog: Catalog) -> Mapping[str, bytes]:
        """Return the files that the host reads: path -> bytes."""
        if not self._host.files:
            return {}
        listings = tuple(_former_listings(catalog)), tuple(withdrawn_places(catalog)), catalog.languages.tags
        # All but the last are compared by identity, so `_last` has to keep them alive.
        dependencies = (catalog.redirects, catalog.withdrawn, catalog.content.categories, catalog.site, listings)
        if self._last is None or not _is_unchanged(self._last[0], dependencies):
            files = {REDIRECTS: render_redirects(catalog, self._host).encode(), HEADERS: render_headers(catalog).encode()}
            self._last = dependencies, files
        return self._last[1]


def _is_unchanged(former: Sequence[object], current: Sequence[object]) -> bool:
    """Return whether two sequences have identical items, and an equal last one."""
    return all(map(operator.is_, former[:-1], current[:-1])) and former[-1] == current[-1]


def render_redirects(catalog: Catalog, host: Host) -> str:
    """Return the text of `_redirects`."""
    exact, patterns = _exact_redirects(catalog), _pattern_redirects(catalog)
    if host.is_netlify:
        lines = [f"{former} {target} 301!" for former, target in (*exact, *patterns)] + [*_gone_lines(catalog)]
    else:
        redirects = (*islice(exact, _MAX_EXACT_REDIRECTS), *islice(patterns, _MAX_PATTERN_REDIRECTS))
        lines = [f"{former} {target} 301" for former, target in redirects]
    return "".join(f"{line}\n" for line in lines)


def limit_warnings(catalog: Catalog, host: Host) -> Iterator[str]:
    """Yield a sentence for each of the host's limits for `_redirects` that the catalog exceeds."""
    if not host.files or host.is_netlify:
        return
    for lines, limit, subject in (
        (_exact_redirects(catalog), _MAX_EXACT_REDIRECTS, "former addresses"),
        (_pattern_redirects(catalog), _MAX_PATTERN_REDIRECTS, "patterns of former addresses"),
    ):
        count = sum(1 for _ in lines)
        if count > limit:
            yield (
                f"{REDIRECTS[1:]} has {limit:,} of {count:,} {subject}, because Cloudflare reads no more; the tree has redirect "
                "pages and copies of feeds at the others"
            )


def _exact_redirects(catalog: Catalog) -> Iterator[_Line]:
    """Yield the redirects without wildcards: first of feeds, then of listings, then of articles."""
    return _escaped_lines(catalog, chain(_feed_redirects(catalog), _page_redirects(catalog), _article_redirects(catalog)))


def _escaped_lines(catalog: Catalog, pairs: Iterator[tuple[str, str]]) -> Iterator[_Line]:
    """Return lines of `_redirects` for pairs of paths, except lines that are too long."""
    base = catalog.site.base_url

    def reference(path: str) -> str:
        return _escape_reference(root_relative(base, path))

    lines = ((reference(former), reference(target)) for former, target in pairs)
    return (line for line in lines if sum(map(len, line)) + len("  301") <= _MAX_LINE_LENGTH)


def _escape_reference(reference: str) -> str:
    """Escape colons, which begin placeholders in `_redirects`, and asterisks, which are wildcards."""
    return reference.replace(":", "%3A").replace("*", "%2A")


def _feed_redirects(catalog: Catalog) -> Iterator[tuple[str, str]]:
    for former, current in (*((ref, ref) for ref in _broad_refs(catalog)), *_former_listings(catalog)):
        for suffix in FORMATS:
            target = path_of(FeedAt(current, suffix))
            if former != current:
                yield path_of(FeedAt(former, suffix)), target
            # With a slash and without: clients request both spellings of a folder.
            for path in well_known_paths(former, suffix):
                yield from ((alias, target) for alias in dict.fromkeys((path, path.rstrip("/"))))


def _broad_refs(catalog: Catalog) -> Iterator[ListingRef]:
    return (ref for ref in catalog.listings if ref.kind in BROAD_KINDS)


def _page_redirects(catalog: Catalog) -> Iterator[tuple[str, str]]:
    return ((path_of(PageAt(former)), path_of(PageAt(current))) for former, current in _former_listings(catalog))


def _article_redirects(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Return (former path, current path) of visible articles. Former paths of withdrawn articles do not redirect."""
    aliases = (
        (alias, slug) for (kind, alias), slug in catalog.redirects.items() if kind == "article" and slug in catalog.visible
    )
    return ((path_of(ArticleAt(alias)), path_of(ArticleAt(slug))) for alias, slug in aliases)


def _former_listings(catalog: Catalog) -> Iterator[tuple[ListingRef, ListingRef]]:
    """Yield (former ref, current ref) of renamed listings, by kind in the order of LISTING_KINDS."""
    for kind in LISTING_KINDS:
        for (listing_kind, listing_id), aliases in catalog.redirects.listing_aliases.items():
            ref = ListingRef(kind, listing_id)
            if listing_kind == kind and ref in catalog.listings:
                yield from ((ListingRef(kind, alias), ref) for alias in aliases)


def _pattern_redirects(catalog: Catalog) -> Iterator[_Line]:
    """Yield patterns for addresses without files: well-known names of feeds, archives and issues of renamed listings."""
    root = _escape_reference(root_relative(catalog.site.base_url, "/")).rstrip("/")
    for kind in ("author", "tag"):
        for name, suffix in WELL_KNOWN_FEEDS.items():
            for slash in ("",) if "." in name else ("/", ""):
                yield f"{root}/{kind}/:id/{name}{slash}", f"{root}/{kind}/:id/feed.{suffix}"
    former_homes = ((path_of(PageAt(former)), path_of(PageAt(current))) for former, current in _former_listings(catalog))
    yield from ((f"{former}archive/*", f"{current}archive/:splat") for former, current in _escaped_lines(catalog, former_homes))
    former_digests = (pair for pair in _former_listings(catalog) if pair[1] in catalog.periodicals)
    homes = ((path_of(PageAt(former)), path_of(PageAt(current))) for former, current in former_digests)
    yield from ((f"{former}:date/", f"{current}:date/") for former, current in _escaped_lines(catalog, homes))


def _gone_lines(catalog: Catalog) -> Iterator[str]:
    for place in withdrawn_places(catalog):
        path = _escape_reference(root_relative(catalog.site.base_url, path_of(place)))
        yield f"{path} {path}410.html 410!"


def render_headers(catalog: Catalog) -> str:
    """Return the text of `_headers`: those headers of the live server whose documents can be selected by address patterns.

    At most _MAX_HEADER_RULES rules are written.
    """
    root = _escape_reference(root_relative(catalog.site.base_url, "/")).rstrip("/")
    return "".join(
        f"{root}{pattern}\n" + "".join(f"  {name}: {value}\n" for name, value in headers)
        for pattern, headers in islice(_header_rules(catalog), _MAX_HEADER_RULES)
    )


def _header_rules(catalog: Catalog) -> Iterator[tuple[str, Sequence[tuple[str, str]]]]:
    """Yield patterns with their headers.

    Hosts may join the values of a header if two patterns match one path. So only Link and Content-Security-Policy may be in both.
    """
    yield "/*", _COMMON_HEADERS
    for suffix, feed_format in FORMATS.items():
        headers = (("Content-Type", content_type(feed_format.media_type)),)
        yield f"/*feed.{suffix}", headers
        for name in (name for name, format_suffix in WELL_KNOWN_FEEDS.items() if format_suffix == suffix):
            yield from ((pattern, headers) for pattern in _well_known_patterns(catalog, name))
    yield "/feeds.opml", (("Content-Type", content_type(OPML_MEDIA_TYPE)),)
    if catalog.site.license:
        yield "/license.xml", (("Content-Type", content_type(RSL_MEDIA_TYPE)),)
        yield from _license_rules(catalog)
    yield "/media/*.svg", (("Content-Security-Policy", SANDBOX_POLICY),)
    yield from _link_rules(catalog)


_COMMON_HEADERS: Final = (
    ("Cache-Control", CACHE_CONTROL),
    ("Content-Security-Policy", FRAME_ANCESTORS),
    ("X-Content-Type-Options", "nosniff"),
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", EXPOSED_HEADERS),
)


def _well_known_patterns(catalog: Catalog, name: str) -> tuple[str, ...]:
    if "." in name:
        return (f"/*{name}",)
    kinds = {ref.kind for ref in catalog.listings}
    folders = {"custom": "/feeds/*/", "language": "/language/*/"}
    homes = ("/", "/category/*/", *(folder for kind, folder in folders.items() if kind in kinds))
    return tuple(f"{home}{name}/" for home in homes)


def license_value(site: Site) -> str:
    """Return the link to the license as a value of the header Link, "" for a site without a license."""
    link = license_link(site)
    return f'<{link.href}>; rel="{link.rel}"; type="{link.type}"' if site.license else ""


def _license_rules(catalog: Catalog) -> Iterator[tuple[str, Sequence[tuple[str, str]]]]:
    """Yield the Link headers of pages, and of the feeds below the folders of pages. No rule matches a file of media/."""
    kinds = (kind for kind in LISTING_KINDS if kind != "site" and (kind != "language" or catalog.languages.tags))
    folders = (path_of(PageAt(ListingRef(kind, "*"))) for kind in kinds)
    for pattern in ("/", "/archive/*", path_of(ArticleAt("*")), *folders, "/tags/*", "/subscribe/"):
        yield pattern.removesuffix("*/") + "*" * pattern.endswith("*/"), (("Link", license_value(catalog.site)),)


def _link_rules(catalog: Catalog) -> Iterator[tuple[str, Sequence[tuple[str, str]]]]:
    """Yield the Link headers of the feeds of BROAD_KINDS. Other feeds have these links only in their bytes."""
    site = catalog.site
    hubs = "".join(f', <{hub}>; rel="hub"' for hub in site.hubs)
    # The rules of `_license_rules` match the feeds of categories, too; hosts join the values.
    site_license = f", {license_value(site)}" if site.license else ""
    for ref in _broad_refs(catalog):
        for suffix in FORMATS:
            path = path_of(FeedAt(ref, suffix))
            pattern = _escape_reference(root_relative(site.base_url, path)).removeprefix(
                _escape_reference(root_relative(site.base_url, "/")).rstrip("/")
            )
            value = f'<{absolute(site.base_url, path)}>; rel="self"{hubs}'
            yield pattern, (("Link", value + (site_license if ref.kind == "site" else "")),)
