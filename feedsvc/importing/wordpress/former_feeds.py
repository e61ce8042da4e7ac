"""Addresses of the feeds that WordPress served: for the site, each category, tag, author and language."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from feedsvc.importing.addresses import split_address
from feedsvc.importing.source import SourceSite, SourceTerm, TermKind

# Last segment of a path, or value of the query `feed`, by format. "feed" and "" are the default, RSS 2.0; "rss" is RSS 0.92.
_SEGMENTS: Final = {"": "rss", "rss2": "rss", "rss": "rss", "rdf": "rss", "atom": "atom"}
_DEFAULT_FEED: Final = "feed"  # value of the query `feed` for the default
# In the site's folder, until WordPress 5.x; they redirected later.
_OLD_FILES: Final = {f"wp-{name}.php": suffix for name, suffix in {**_SEGMENTS, "feed": "rss"}.items() if name}
_MAX_PARENTS: Final = 20  # categories above a category


class FeedHolding(enum.Enum):
    """The kind of entries that a former feed held."""

    SITE = "site"
    CATEGORY = "category"
    TAG = "tag"
    AUTHOR = "author"
    LANGUAGE = "language"


@dataclass(frozen=True, slots=True)
class WordPressFeed:
    """A feed of the former site: its root-relative path with query, and the format "rss" or "atom" of the feed that replaces it.

    `key` is that of the term or author, or the language tag; "" for the site. WordPress took the parameters of
    a query in any order.
    """

    path: str
    format: str
    holding: FeedHolding
    key: str = ""


def former_feeds(site: SourceSite, *, category_base: str = "category", tag_base: str = "tag") -> Iterator[WordPressFeed]:
    """Yield the feeds that WordPress served for a site, each at several addresses.

    Paths without a query end with a slash, except those of files such as wp-rss2.php; WordPress redirected to a path with a
    slash from the same path without it. `category_base` and `tag_base` are the site's prefixes of permalinks, which an export
    does not contain.
    """
    base = split_address(site.address).path.rstrip("/")
    yield from _feeds(site, base, category_base, tag_base)
    if site.script_folder:
        paths = _feeds(site, f"{base}/{site.script_folder.rstrip('/')}", category_base, tag_base)
        yield from (feed for feed in paths if feed.path.endswith("/"))  # no query, and no file such as wp-rss2.php


def _feeds(site: SourceSite, base: str, category_base: str, tag_base: str) -> Iterator[WordPressFeed]:
    yield from _listing_feeds(f"{base}/", "", FeedHolding.SITE, "")
    for name, file_format in _OLD_FILES.items():
        yield WordPressFeed(f"{base}/{name}", file_format, FeedHolding.SITE)
    categories = {term.key: term for term in site.terms if term.kind is TermKind.CATEGORY}
    for term in site.terms:
        is_category = term.kind is TermKind.CATEGORY
        path = f"{category_base}/{_category_path(term, categories)}" if is_category else f"{tag_base}/{_segment(term.key)}"
        query = f"category_name={_segment(term.key)}&" if is_category else f"tag={_segment(term.key)}&"
        holding = FeedHolding.CATEGORY if is_category else FeedHolding.TAG
        yield from _listing_feeds(f"{base}/{path}/", query, holding, term.key, front=f"{base}/")
        if site.has_plain_addresses and is_category and term.number:
            yield from _query_feeds(f"{base}/?cat={term.number}&", holding, term.key)
    for author in site.authors:
        segment = _segment(author.key.lower().replace(" ", "-"))
        path, query = f"{base}/author/{segment}/", f"author_name={segment}&"
        yield from _listing_feeds(path, query, FeedHolding.AUTHOR, author.key, front=f"{base}/")
        if site.has_plain_addresses and author.number:
            yield from _query_feeds(f"{base}/?author={author.number}&", FeedHolding.AUTHOR, author.key)
    for language in site.languages:
        front = f"{base}/{site.language_folder}{language}"
        yield from _listing_feeds(f"{front}/", "", FeedHolding.LANGUAGE, language)
        yield from _query_feeds(f"{base}/?lang={language}&", FeedHolding.LANGUAGE, language)


def listing_page(feed: WordPressFeed) -> str:
    """Return the path of the page that had a feed, with its query, "" if another of the page's feeds gives the same path."""
    for end, rest in ((f"&feed={_DEFAULT_FEED}", ""), ("/feed/", "/")):
        if feed.path.endswith(end):
            return f"{feed.path.removesuffix(end)}{rest}"
    return ""


def feeds_below(address: str) -> Mapping[str, str]:
    """Return the formats (rss, atom) by address of the feeds of a listing, below its address or path."""
    front = address.rstrip("/")
    return {f"{front}/feed/{segment}/" if segment else f"{front}/feed/": suffix for segment, suffix in _SEGMENTS.items()}


def _listing_feeds(path: str, query: str, holding: FeedHolding, key: str, *, front: str = "") -> Iterator[WordPressFeed]:
    for segment, feed_format in _SEGMENTS.items():
        yield WordPressFeed(f"{path}feed/{segment}/" if segment else f"{path}feed/", feed_format, holding, key)
        if segment and not query:
            yield WordPressFeed(f"{path}{segment}/", feed_format, holding, key)  # a shorter form, of the site only
        yield WordPressFeed(f"{front or path}?{query}feed={segment or _DEFAULT_FEED}", feed_format, holding, key)


def _query_feeds(front: str, holding: FeedHolding, key: str) -> Iterator[WordPressFeed]:
    """Yield the feeds whose addresses begin with `front`, a path with a query and "&" at its end."""
    for segment, feed_format in _SEGMENTS.items():
        yield WordPressFeed(f"{front}feed={segment or _DEFAULT_FEED}", feed_format, holding, key)


def _category_path(term: SourceTerm, categories: Mapping[str, SourceTerm]) -> str:
    """Return the nicenames of a category and those above it, the highest first, separated by slashes."""
    names = [term.key]
    while (term := categories.get(term.parent, term)) and term.key not in names and len(names) < _MAX_PARENTS:
        names.append(term.key)
    return "/".join(_segment(name) for name in reversed(names))


def _segment(nicename: str) -> str:
    """Return a nicename percent-encoded for a path or query. Escapes in it stay: WordPress stores those of other scripts so."""
    return quote(nicename, safe="%-_.~")
