"""Digests of feeds: detect changed feeds without rendering, from everything that any format may show."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from feedsvc.catalog import Catalog, Listing, Row
from feedsvc.content.markdown import RENDER_VERSION
from feedsvc.content.media import THUMBNAIL_WIDTH, fitting_variant
from feedsvc.feeds import builder
from feedsvc.model import Article, Author, Entry, Feed, Site
from feedsvc.routes import FEED_SUFFIXES, FeedAt, ListingRef, path_of

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

    A Listing that is the same object as before keeps its digest, and so does a Row that equals the former one, if the site
    and the names of categories, authors and tags are unchanged.
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
        marks = _EntryDigestCache(catalog, self._entry_digests)
        self._feed_digests = {
            ref: self._reusable_digest(ref, listing) or _digest_feed(listing, marks) for ref, listing in catalog.listings.items()
        }
        self._remember(catalog, marks)
        return {path: told.digest for told in self._feed_digests.values() for path in told.paths}

    def _discard_outdated(self, catalog: Catalog) -> None:
        if self._site != catalog.site:
            self._feed_digests, self._entry_digests = {}, {}
        elif self._authors != catalog.content.authors or self._has_renamed_listing(catalog):
            self._feed_digests = {}

    def _has_renamed_listing(self, catalog: Catalog) -> bool:
        now = catalog.listings
        return any(ref in now and now[ref].title != told.listing.title for ref, told in self._feed_digests.items())

    def _reusable_digest(self, ref: ListingRef, listing: Listing) -> _FeedDigest | None:
        told = self._feed_digests.get(ref)
        return told if told and told.listing is listing else None

    def _remember(self, catalog: Catalog, marks: _EntryDigestCache) -> None:
        self._site, self._authors = catalog.site, catalog.content.authors
        self._entry_digests |= marks.current
        if len(self._entry_digests) > 2 * len(catalog.visible) + 100:
            # More than half belong to removed articles.
            self._entry_digests = marks.current


class _EntryDigestCache(builder.EntryCache):
    """Entry cache for `build_feed` that returns digests as entries, computed only if the row or one of its `_names` changed."""

    def __init__(self, catalog: Catalog, previous: Mapping[str, _EntryDigest]) -> None:
        super().__init__(catalog)
        self._previous = previous
        self.current: dict[str, _EntryDigest] = {}

    def get(self, row: Row) -> Entry:
        mark = self.current.get(row.article.id)
        if mark is None:
            mark = self.current[row.article.id] = self._entry_digest(row)
        return mark.entry

    def _entry_digest(self, row: Row) -> _EntryDigest:
        names = self._names(row)
        kept = self._previous.get(row.article.id)
        if kept and kept.names == names and kept.row == row:
            return kept
        return _EntryDigest(row=row, names=names, entry=_digest_entry(self.catalog, row))

    def _names(self, row: Row) -> tuple[str | Author, ...]:
        """Return the parts of an entry that come from outside its article: titles, authors and image variants."""
        refs = [ListingRef("category", name) for name in row.article.categories]
        refs += [ListingRef("tag", tag.id) for tag in row.article.tags]
        titles = (self.catalog.listings[ref].title for ref in refs)
        people = (self.catalog.content.authors[name] for name in row.article.authors)
        return (*titles, *people, *_image_variant_paths(self.catalog, row.article))


def _image_variant_paths(catalog: Catalog, article: Article) -> Iterator[str]:
    """Yield the thumbnail's path of each media file, "" for a file without one. Paths change with the bytes of the images."""
    for path in article.media:
        copy = fitting_variant(catalog.media.get(path), THUMBNAIL_WIDTH)
        yield copy.path if copy else ""


def _digest_entry(catalog: Catalog, row: Row) -> Entry:
    article = row.article
    # The text's digest replaces its HTML or excerpt, which cost more than everything else. The renderer's version is
    # included: after an upgrade the same Markdown may become other HTML, and hubs must be notified.
    is_silent = not article.text or (catalog.site.feed.content == "summary" and article.summary)
    said = "" if is_silent else f"{RENDER_VERSION}:{article.text.hex()}"
    row = replace(row, article=replace(article, text=b"", summary=article.summary or said or article.title))
    digest = _digest([said, *_image_variant_paths(catalog, article), builder.build_entry(catalog, row)])
    return Entry(id="", url="", title="", published=row.last_changed, updated=row.last_changed, summary="", content=digest)


def _digest_feed(listing: Listing, marks: _EntryDigestCache) -> _FeedDigest:
    feed = builder.build_feed(listing, marks, *_REFERENCE_FORMAT)
    items = [item.content if isinstance(item, Entry) else item for item in feed.items]
    return _FeedDigest(
        listing=listing,
        digest=_digest([[getattr(feed, name) for name in _FEED_FIELDS], items]),
        paths=tuple(path_of(FeedAt(listing.ref, suffix)) for suffix in FEED_SUFFIXES),
    )


def _digest(value: Any) -> str:
    return sha256(json.dumps(value, default=_json_default).encode()).hexdigest()


def _json_default(value: Any) -> Any:
    """Return a datetime as ISO 8601 text, a dataclass with slots as the list of its values."""
    return value.isoformat() if isinstance(value, datetime) else [getattr(value, name) for name in value.__slots__]
