"""Digests of feeds, computed from everything that any format may show: they detect changed feeds without rendering."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from feedsvc.catalog import Catalog, Listing, Row
from feedsvc.content.markdown import RENDER_VERSION
from feedsvc.content.media import THUMBNAIL_WIDTH, fitting_variant
from feedsvc.feeds import builder
from feedsvc.model import Article, Author, Entry, Feed, Site
from feedsvc.routes import FEED_SUFFIXES, FeedAt, ListingRef, path_of
from feedsvc.support.digest import sha256

# The three formats of a listing differ in their own addresses only, so one digest serves all of them.
_REFERENCE_FORMAT: Final = ("atom", "application/atom+xml")
_FEED_FIELDS: Final = tuple(name for name in Feed.__slots__ if name != "items")


@dataclass(frozen=True, kw_only=True, slots=True)
class _FeedDigest:
    listing: Listing
    digest: str
    paths: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _EntryDigest:
    """Digest of an entry: the `content` of `entry` is the digest of everything that feeds show of the article.

    `names` are the parts that came from outside the article; see `_EntryDigestCache._names`.
    """

    row: Row
    names: tuple[str | Author, ...]
    entry: Entry


class FeedDigests:
    """Digests of all feeds, computed incrementally from those of the previous catalog. Not thread-safe.

    The digest of a Listing is reused if the Listing is the same object as before, that of a Row if the Row equals the former one;
    both only if the site and the names of categories, authors and tags are unchanged.
    """

    def __init__(self) -> None:
        self._site: Site | None = None
        self._authors: Mapping[str, Author] = {}
        self._feed_digests: dict[ListingRef, _FeedDigest] = {}
        self._entry_digests: dict[str, _EntryDigest] = {}

    def compute(self, catalog: Catalog) -> Mapping[str, str]:
        """Return the digest of each feed (not of archives) by path. Digests are equal in every process and on every machine.

        Feeds with equal digests have equal bytes in every format. A digest may change although a format's bytes do not:
        only Atom has tombstones; feeds of summaries do not show captions; a new summary may equal the text's beginning.
        """
        self._discard_outdated(catalog)
        cache = _EntryDigestCache(catalog, self._entry_digests)
        self._feed_digests = {
            ref: self._reusable_digest(ref, listing) or _digest_feed(listing, cache) for ref, listing in catalog.listings.items()
        }
        self._remember(catalog, cache)
        return {path: feed_digest.digest for feed_digest in self._feed_digests.values() for path in feed_digest.paths}

    def _discard_outdated(self, catalog: Catalog) -> None:
        if self._site != catalog.site:
            self._feed_digests, self._entry_digests = {}, {}
        elif self._authors != catalog.content.authors or self._has_renamed_listing(catalog):
            self._feed_digests = {}

    def _has_renamed_listing(self, catalog: Catalog) -> bool:
        former = ((ref, feed_digest.listing.title) for ref, feed_digest in self._feed_digests.items())
        return any(ref in catalog.listings and catalog.listings[ref].title != title for ref, title in former)

    def _reusable_digest(self, ref: ListingRef, listing: Listing) -> _FeedDigest | None:
        feed_digest = self._feed_digests.get(ref)
        return feed_digest if feed_digest and feed_digest.listing is listing else None

    def _remember(self, catalog: Catalog, cache: _EntryDigestCache) -> None:
        self._site, self._authors = catalog.site, catalog.content.authors
        self._entry_digests |= cache.current
        if len(self._entry_digests) > 2 * len(catalog.visible) + 100:
            # More than half belong to removed articles.
            self._entry_digests = cache.current


class _EntryDigestCache(builder.EntryCache):
    """Entry cache for `build_feed` that returns digests as entries, computed only if the row or one of its `_names` changed."""

    def __init__(self, catalog: Catalog, previous: Mapping[str, _EntryDigest]) -> None:
        super().__init__(catalog)
        self._previous = previous
        self.current: dict[str, _EntryDigest] = {}

    def get(self, row: Row) -> Entry:
        entry_digest = self.current.get(row.article.id)
        if entry_digest is None:
            entry_digest = self.current[row.article.id] = self._entry_digest(row)
        return entry_digest.entry

    def _entry_digest(self, row: Row) -> _EntryDigest:
        names = self._names(row)
        previous = self._previous.get(row.article.id)
        if previous and previous.names == names and previous.row == row:
            return previous
        return _EntryDigest(row=row, names=names, entry=_digest_entry(self.catalog, row))

    def _names(self, row: Row) -> tuple[str | Author, ...]:
        """Return the parts of an entry that come from outside its article: titles, authors and image variants."""
        refs = [ListingRef("category", name) for name in row.article.categories]
        refs += [ListingRef("tag", tag.id) for tag in row.article.tags]
        titles = (self.catalog.listings[ref].title for ref in refs)
        authors = (self.catalog.content.authors[name] for name in row.article.authors)
        return (*titles, *authors, *_image_variant_paths(self.catalog, row.article))


def _image_variant_paths(catalog: Catalog, article: Article) -> Iterator[str]:
    """Yield the thumbnail's path of each media file, "" for a file without one. Paths change with the bytes of the images."""
    for path in article.media:
        thumbnail = fitting_variant(catalog.media.get(path), THUMBNAIL_WIDTH)
        yield thumbnail.path if thumbnail else ""


def _digest_entry(catalog: Catalog, row: Row) -> Entry:
    article = row.article
    # The text's digest replaces its HTML or excerpt, which cost more than everything else. The renderer's version is
    # included: after an upgrade the same Markdown may become other HTML, and hubs must be notified.
    is_text_hidden = not article.text or (catalog.site.feed.content == "summary" and article.summary)
    text_digest = "" if is_text_hidden else f"{RENDER_VERSION}:{article.text.hex()}"
    row = replace(row, article=replace(article, text=b"", summary=article.summary or text_digest or article.title))
    digest = _digest([text_digest, *_image_variant_paths(catalog, article), builder.build_entry(catalog, row)])
    return Entry(id="", url="", title="", published=row.last_changed, updated=row.last_changed, summary="", content=digest)


def _digest_feed(listing: Listing, cache: _EntryDigestCache) -> _FeedDigest:
    feed = builder.build_feed(listing, cache, *_REFERENCE_FORMAT)
    items = [item.content if isinstance(item, Entry) else item for item in feed.items]
    return _FeedDigest(
        listing=listing,
        digest=_digest([[getattr(feed, name) for name in _FEED_FIELDS], items]),
        paths=tuple(path_of(FeedAt(listing.ref, suffix)) for suffix in FEED_SUFFIXES),
    )


def _digest(value: Any) -> str:
    return sha256(json.dumps(value, default=_json_default)).hex()


def _json_default(value: Any) -> Any:
    """Return a datetime as ISO 8601 text, a dataclass with slots as the list of its values."""
    return value.isoformat() if isinstance(value, datetime) else [getattr(value, name) for name in value.__slots__]
