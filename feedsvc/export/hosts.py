"""Kinds of hosts that serve a tree, and the two files that some of them read: `_redirects` and `_headers`.

Both have the same form at Netlify, Cloudflare and others, but no host reads all that another one does. Cloudflare reads 2,000
redirects without a wildcard and then 100 with one, and no status but 3xx; a deployment may fail at a line that it cannot read.
Netlify reads more. It prefers a file to a redirect, unless the line has "!" after the status.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

from feedsvc.catalog.catalog import Catalog
from feedsvc.discovery.opml import MEDIA_TYPE as OPML_TYPE
from feedsvc.export.aliases import well_known
from feedsvc.feeds import FORMATS
from feedsvc.publication.cache_control import CACHING, EXPOSED, FRAMES, SANDBOX, typed
from feedsvc.routes import KINDS, WELL_KNOWN, ArticleAt, FeedAt, ListingRef, PageAt, path_of
from feedsvc.uris import absolute, rooted

REDIRECTS: Final = "/_redirects"
HEADERS: Final = "/_headers"
MEDIA_TYPE: Final = "text/plain"

# Cloudflare's limits.
_MOST_STATIC: Final = 2000
_MOST_DYNAMIC: Final = 100
_LONGEST: Final = 1000  # characters of a line
_MOST_RULES: Final = 100  # of headers

_Line = tuple[str, str]  # former path, or a pattern of such paths, and where it leads; as URI references


@dataclass(frozen=True, kw_only=True, slots=True)
class Host:
    """One kind of host.

    `has_former` tells that files stand at former addresses. `files` are those of `_redirects` and `_headers` that are written.
    With `is_netlify` a redirect comes before a file, a withdrawn article is answered with 410, and no limits apply.
    """

    has_former: bool = True
    files: tuple[str, ...] = (REDIRECTS, HEADERS)
    is_netlify: bool = False


ANY: Final = "any"
NGINX: Final = "nginx"
HOSTS: Final[Mapping[str, Host]] = {
    ANY: Host(),
    "netlify": Host(is_netlify=True),
    NGINX: Host(has_former=False, files=()),
}
BUCKET: Final = Host(files=())


class HostFiles:
    """Makes the two files of one host, and makes them again only when something in them may have changed."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._last: tuple[tuple[object, ...], Mapping[str, bytes]] | None = None

    def of(self, catalog: Catalog) -> Mapping[str, bytes]:
        """Return path -> bytes."""
        if not self._host.files:
            return {}
        listings = tuple(_former_listings(catalog))
        # Held here, so that no other object takes their places in memory.
        held = catalog.moved, catalog.withdrawn, catalog.content.categories, catalog.site
        if self._last is None or not _is_same(self._last[0], (*held, listings)):
            made = {REDIRECTS: redirects(catalog, self._host).encode(), HEADERS: headers(catalog).encode()}
            self._last = (*held, listings), made
        return self._last[1]


def _is_same(one: Sequence[object], other: Sequence[object]) -> bool:
    return all(a is b for a, b in zip(one[:-1], other[:-1], strict=True)) and one[-1] == other[-1]


def redirects(catalog: Catalog, host: Host) -> str:
    """Return the text of `_redirects`."""
    static, dynamic = _static(catalog), _dynamic(catalog)
    if host.is_netlify:
        lines = [f"{former} {now} 301!" for former, now in (*static, *dynamic)] + [*_gone(catalog)]
    else:
        limited = (*islice(static, _MOST_STATIC), *islice(dynamic, _MOST_DYNAMIC))
        lines = [f"{former} {now} 301" for former, now in limited]
    return "".join(f"{line}\n" for line in lines)


def advice(catalog: Catalog, host: Host) -> Iterator[str]:
    """Return a sentence for each limit of `_redirects` that the host has and the catalog exceeds."""
    if not host.files or host.is_netlify:
        return
    for lines, most, what in (
        (_static(catalog), _MOST_STATIC, "former addresses"),
        (_dynamic(catalog), _MOST_DYNAMIC, "patterns of former addresses"),
    ):
        count = sum(1 for _ in lines)
        if count > most:
            yield (
                f"{REDIRECTS[1:]} has {most:,} of {count:,} {what}, as many as Cloudflare reads; at the others stand pages "
                "that lead on and copies of feeds"
            )


def _static(catalog: Catalog) -> Iterator[_Line]:
    """Return the former addresses that are known by name: of feeds, of listings, of articles."""
    return _lines(catalog, chain(_feeds(catalog), _pages(catalog), _articles(catalog)))


def _lines(catalog: Catalog, pairs: Iterator[tuple[str, str]]) -> Iterator[_Line]:
    base = catalog.site.base_url
    spelled = ((_spelled(rooted(base, former)), _spelled(rooted(base, now))) for former, now in pairs)
    return (line for line in spelled if sum(map(len, line)) + len("  301") <= _LONGEST)


def _spelled(reference: str) -> str:
    """Escape colons, which begin placeholders, and asterisks, which are wildcards."""
    return reference.replace(":", "%3A").replace("*", "%2A")


def _feeds(catalog: Catalog) -> Iterator[tuple[str, str]]:
    site = [(ListingRef(), ListingRef())]
    categories = [(ref, ref) for ref in catalog.listings if ref.kind == "category"]
    for former, now in (*site, *categories, *_former_listings(catalog)):
        for suffix in FORMATS:
            target = path_of(FeedAt(now, suffix))
            if former != now:
                yield path_of(FeedAt(former, suffix)), target
            # With a slash after it and without: what is a folder in the tree is asked for either way.
            for path in well_known(former, suffix):
                yield from ((one, target) for one in dict.fromkeys((path, path.rstrip("/"))))


def _pages(catalog: Catalog) -> Iterator[tuple[str, str]]:
    return ((path_of(PageAt(former)), path_of(PageAt(now))) for former, now in _former_listings(catalog))


def _articles(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Return the former paths of visible articles with their paths: no list names a withdrawn article."""
    aliases = ((alias, slug) for (kind, alias), slug in catalog.moved.items() if kind == "article" and slug in catalog.visible)
    return ((path_of(ArticleAt(alias)), path_of(ArticleAt(slug))) for alias, slug in aliases)


def _former_listings(catalog: Catalog) -> Iterator[tuple[ListingRef, ListingRef]]:
    for kind in KINDS:
        for (named, listing), aliases in catalog.moved.of_listings.items():
            ref = ListingRef(kind, listing)
            if named == kind and ref in catalog.listings:
                yield from ((ListingRef(kind, alias), ref) for alias in aliases)


def _dynamic(catalog: Catalog) -> Iterator[_Line]:
    """Return patterns for addresses without files: other publishers' names of feeds, and archives of renamed listings."""
    root = _spelled(rooted(catalog.site.base_url, "/")).rstrip("/")
    for kind in ("author", "tag"):
        for name, suffix in WELL_KNOWN.items():
            for end in ("",) if "." in name else ("/", ""):
                yield f"{root}/{kind}/:id/{name}{end}", f"{root}/{kind}/:id/feed.{suffix}"
    homes = ((path_of(PageAt(former)), path_of(PageAt(now))) for former, now in _former_listings(catalog))
    yield from ((f"{former}archive/*", f"{now}archive/:splat") for former, now in _lines(catalog, homes))


def _gone(catalog: Catalog) -> Iterator[str]:
    for slug in sorted(catalog.withdrawn):
        path = _spelled(rooted(catalog.site.base_url, path_of(ArticleAt(slug))))
        yield f"{path} {path}410.html 410!"


def headers(catalog: Catalog) -> str:
    """Return the text of `_headers`: the live server's headers, as far as patterns of addresses tell documents apart."""
    root = _spelled(rooted(catalog.site.base_url, "/")).rstrip("/")
    return "".join(
        f"{root}{pattern}\n" + "".join(f"  {name}: {value}\n" for name, value in said)
        for pattern, said in islice(_rules(catalog), _MOST_RULES)
    )


def _rules(catalog: Catalog) -> Iterator[tuple[str, Sequence[tuple[str, str]]]]:
    """Return patterns with their headers. Two that match one path share only Link and CSP, whose values hosts may join."""
    yield "/*", _ALL
    for suffix, form in FORMATS.items():
        said = (("Content-Type", typed(form.media_type)),)
        yield f"/*feed.{suffix}", said
        for name in (name for name, of in WELL_KNOWN.items() if of == suffix):
            yield from ((pattern, said) for pattern in _patterns(name))
    yield "/feeds.opml", (("Content-Type", typed(OPML_TYPE)),)
    yield "/media/*.svg", (("Content-Security-Policy", SANDBOX),)
    yield from _links(catalog)


_ALL: Final = (
    ("Cache-Control", CACHING),
    ("Content-Security-Policy", FRAMES),
    ("X-Content-Type-Options", "nosniff"),
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", EXPOSED),
)


def _patterns(name: str) -> tuple[str, ...]:
    return (f"/*{name}",) if "." in name else (f"/{name}/", f"/category/*/{name}/")


def _links(catalog: Catalog) -> Iterator[tuple[str, Sequence[tuple[str, str]]]]:
    """Return the Link headers of the feeds of the site and its categories. Other feeds have those links in their bytes alone."""
    site = catalog.site
    hubs = "".join(f', <{hub}>; rel="hub"' for hub in site.hubs)
    for ref in (ref for ref in catalog.listings if ref.kind in ("site", "category")):
        for suffix in FORMATS:
            path = path_of(FeedAt(ref, suffix))
            pattern = _spelled(rooted(site.base_url, path)).removeprefix(_spelled(rooted(site.base_url, "/")).rstrip("/"))
            yield pattern, (("Link", f'<{absolute(site.base_url, path)}>; rel="self"{hubs}'),)
