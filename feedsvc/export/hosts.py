"""Kinds of hosts (hosting providers and servers) of a tree, and the files that some read: `_redirects` and `_headers`.

Netlify, Cloudflare and others read the same format, but with different limits. Cloudflare reads 2,000 redirects without a
wildcard and then 100 with a wildcard, and no status but 3xx; a deployment may fail at a line that it cannot read. Netlify reads
more redirects, and other statuses. It prefers a file to a redirect, unless the line has "!" after the status.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

from feedsvc.catalog import Catalog
from feedsvc.export.aliases import well_known_paths
from feedsvc.export.host_headers import MAX_HEADER_RULES, broad_refs, count_header_rules, escape_reference, render_headers
from feedsvc.export.old_addresses import is_feed_path
from feedsvc.export.rule_lines import gone_addresses, wildcard_lines
from feedsvc.feeds import suffixes_of
from feedsvc.free_places import StaticPageAt
from feedsvc.publication import (
    exact_redirects,
    redirect_target,
    withdrawn_places,
)
from feedsvc.redirects import GONE
from feedsvc.routes import LISTING_KINDS, WELL_KNOWN_FEEDS, ArticleAt, FeedAt, ListingRef, PageAt, path_of
from feedsvc.uris import root_relative

REDIRECTS: Final = "/_redirects"
HEADERS: Final = "/_headers"
MEDIA_TYPE: Final = "text/plain"

# Cloudflare's limits.
_MAX_EXACT_REDIRECTS: Final = 2000
_MAX_PATTERN_REDIRECTS: Final = 100
_MAX_LINE_LENGTH: Final = 1000  # characters

_Line = tuple[str, str]  # former path or pattern of such paths, and its target; as URI references


@dataclass(frozen=True, kw_only=True, slots=True)
class Host:
    """One kind of hosting provider, server or storage that serves a tree.

    `has_former_files` is True if the tree has files at former addresses, because the host cannot redirect from all. `files`
    says which of `_redirects` and `_headers` are written. With `is_netlify`, no limits apply to the number of lines in
    `_redirects`, the status of addresses that are gone, also of withdrawn articles, is 410, and redirects precede files, except
    those with a "*" of redirects.yaml.
    """

    has_former_files: bool = True
    files: tuple[str, ...] = (REDIRECTS, HEADERS)
    is_netlify: bool = False


HOSTING_ANY: Final = "any"
HOSTING_NGINX: Final = "nginx"
HOSTING_BUCKET: Final = "bucket"
HOSTS: Final[Mapping[str, Host]] = {
    HOSTING_ANY: Host(),
    "netlify": Host(is_netlify=True),
    HOSTING_NGINX: Host(has_former_files=False, files=()),
    HOSTING_BUCKET: Host(files=()),
}


class HostFiles:
    """Maker of the files `_redirects` and `_headers` for one kind of hosting provider (Host).

    It renders them again only if something in them may have changed since the last call.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._last: tuple[tuple[object, ...], Mapping[str, bytes]] | None = None

    def for_catalog(self, catalog: Catalog) -> Mapping[str, bytes]:
        """Return the files that this kind of host reads, as path (such as "/_redirects") -> bytes; {} if it reads none."""
        if not self._host.files:
            return {}
        listings = tuple(_former_listings(catalog)), tuple(withdrawn_places(catalog)), catalog.languages.tags
        rules = catalog.content.redirects
        # All but the last are compared by identity, so `_last` has to keep them alive. A rule may lead to any article.
        dependencies = (
            *(catalog.redirects, catalog.withdrawn, catalog.content.categories, catalog.site, rules),
            *(catalog.pages, catalog.content.root_files),
            *((catalog.visible if rules or catalog.content.addresses.articles else None), catalog.content.addresses, listings),
        )
        if self._last is None or not _is_unchanged(self._last[0], dependencies):
            files = {REDIRECTS: render_redirects(catalog, self._host).encode(), HEADERS: render_headers(catalog).encode()}
            self._last = dependencies, files
        return self._last[1]


def _is_unchanged(former: Sequence[object], current: Sequence[object]) -> bool:
    """Return whether two sequences have identical items, and an equal last one."""
    return all(map(operator.is_, former[:-1], current[:-1])) and former[-1] == current[-1]


def render_redirects(catalog: Catalog, host: Host) -> str:
    """Return the text of `_redirects`, with no more redirects than the host reads; `limit_warnings` reports those left out.

    Redirects whose line would have more than 1,000 characters are left out for every host, without a warning.
    """
    exact, patterns = _exact_redirects(catalog), _pattern_redirects(catalog)
    if host.is_netlify:
        lines = [f"{former} {target} 301!" for former, target in (*exact, *patterns)] + [*_gone_lines(catalog)]
        # Without "!": a file comes before them.
        lines += [f"{former} {target} 301" for former, target in wildcard_lines(catalog, _MAX_LINE_LENGTH, may_hide_files=True)]
    else:
        patterns = chain(patterns, wildcard_lines(catalog, _MAX_LINE_LENGTH, may_hide_files=False))
        redirects = (*islice(exact, _MAX_EXACT_REDIRECTS), *islice(patterns, _MAX_PATTERN_REDIRECTS))
        lines = [f"{former} {target} 301" for former, target in redirects]
    return "".join(f"{line}\n" for line in lines)


def limit_warnings(catalog: Catalog, host: Host) -> Iterator[str]:
    """Yield a sentence for each of Cloudflare's limits of `_headers` and `_redirects` that the catalog exceeds.

    For Netlify, only that of `_headers` counts, which is the same there; none for hosts that do not read the files.
    """
    if not host.files:
        return
    if (count := count_header_rules(catalog)) > MAX_HEADER_RULES:
        yield (
            f"{HEADERS[1:]} has {MAX_HEADER_RULES:,} of {count:,} rules, because Cloudflare reads no more; the last ones are "
            "left out, for links of feeds and for files of root/, so these have the headers of the host"
        )
    if host.is_netlify:
        return
    for lines, limit, subject in (
        (_exact_redirects(catalog), _MAX_EXACT_REDIRECTS, "former addresses"),
        (
            chain(_pattern_redirects(catalog), wildcard_lines(catalog, _MAX_LINE_LENGTH, may_hide_files=False)),
            *(_MAX_PATTERN_REDIRECTS, "patterns of former addresses"),
        ),
    ):
        count = sum(1 for _ in lines)
        if count > limit:
            yield (
                f"{REDIRECTS[1:]} has {limit:,} of {count:,} {subject}, because Cloudflare reads no more; the tree has redirect "
                "pages and copies of feeds at the others"
            )


def _exact_redirects(catalog: Catalog) -> Iterator[_Line]:
    """Yield the redirects without wildcards, each once, in the order of their importance.

    First come exact rules of redirects.yaml that lead to a feed; then former addresses of feeds, listings, static pages and
    articles; then the other exact rules and full addresses of articles, without those with the target GONE. A former address
    that a rule leads elsewhere is left out. So are lines of more than 1,000 characters.
    """
    own = chain(_feed_redirects(catalog), _page_redirects(catalog), _static_page_redirects(catalog), _article_redirects(catalog))
    if not catalog.content.redirects and not catalog.content.addresses.articles:
        return _escaped_lines(catalog, own)
    # A rule may lead from a name such as /feed.xml to another feed than the site itself does.
    effective = (pair for pair in own if redirect_target(catalog, pair[0]) == pair[1])
    rules = [pair for pair in exact_redirects(catalog) if pair[1] != GONE]
    to_feeds = [pair for pair in rules if is_feed_path(pair[1])]
    return _escaped_lines(catalog, iter(dict.fromkeys(chain(to_feeds, effective, rules))))


def _escaped_lines(catalog: Catalog, pairs: Iterator[tuple[str, str]]) -> Iterator[_Line]:
    """Return pairs (path, path or absolute address) as URI references for `_redirects`; omit lines over 1,000 characters."""
    base = catalog.site.base_url

    def reference(target: str) -> str:
        return escape_reference(root_relative(base, target)) if target.startswith("/") else target.replace("*", "%2A")

    lines = ((reference(former), reference(target)) for former, target in pairs)
    return (line for line in lines if sum(map(len, line)) + len("  301") <= _MAX_LINE_LENGTH)


def _feed_redirects(catalog: Catalog) -> Iterator[tuple[str, str]]:
    for former, current in (*((ref, ref) for ref in broad_refs(catalog)), *_former_listings(catalog)):
        for suffix in suffixes_of(current):
            target = path_of(FeedAt(current, suffix))
            if former != current:
                yield path_of(FeedAt(former, suffix)), target
            # With a slash and without: clients request both spellings of a folder.
            for path in well_known_paths(former, suffix):
                yield from ((alias, target) for alias in dict.fromkeys((path, path.rstrip("/"))))


def _page_redirects(catalog: Catalog) -> Iterator[tuple[str, str]]:
    return ((path_of(PageAt(former)), path_of(PageAt(current))) for former, current in _former_listings(catalog))


def _static_page_redirects(catalog: Catalog) -> Iterator[tuple[str, str]]:
    pages = ((name, page.slug) for name, page in catalog.pages.items() if name != page.slug)
    return ((path_of(StaticPageAt(name)), path_of(StaticPageAt(slug))) for name, slug in pages)


def _article_redirects(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Return (former path, current path) of visible articles. Former paths of withdrawn and hidden articles do not redirect."""
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
    """Yield the redirects with wildcards that need no rule of redirects.yaml.

    They are for well-known names of feeds of authors and tags, archives of renamed listings, and issues of renamed periodicals.
    """
    root = escape_reference(root_relative(catalog.site.base_url, "/")).rstrip("/")
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
        path = escape_reference(root_relative(catalog.site.base_url, path_of(place)))
        yield f"{path} {path}410.html 410!"
    missing = root_relative(catalog.site.base_url, "/404.html")
    for address in gone_addresses(catalog):
        yield f"{escape_reference(root_relative(catalog.site.base_url, address))} {missing} 410!"
