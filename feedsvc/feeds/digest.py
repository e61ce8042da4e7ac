"""Which feeds changed, told without rendering one: a digest over all that a feed's formats may show."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from feedsvc.catalog.catalog import Catalog, Listing, Row
from feedsvc.content.markdown import render
from feedsvc.content.media import offered_widths
from feedsvc.feeds import builder
from feedsvc.model import Article, Author, Entry, Feed, Site
from feedsvc.routes import SUFFIXES, FeedAt, ListingRef, path_of

# The three formats say the same of a listing but for their own addresses, so any one of them speaks for all.
_SPOKESMAN: Final = ("atom", "application/atom+xml")
_HEAD: Final = tuple(name for name in Feed.__slots__ if name != "items")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Told:
    listing: Listing
    digest: str
    paths: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Mark:
    """Stands for an entry: `entry` holds nothing but the digest of all that the feeds say, as its `content`."""

    row: Row
    names: tuple[str | Author, ...]
    entry: Entry


class Digests:
    """Remembers the last edition, so that the next one costs what changed. Not safe in threads.

    A Listing that is the same object as in the last edition is not looked at again, nor is a Row that equals its
    predecessor, as long as the site and the names of categories, authors and tags stay.
    """

    def __init__(self) -> None:
        self._site: Site | None = None
        self._authors: Mapping[str, Author] = {}
        self._told: dict[ListingRef, _Told] = {}
        self._marks: dict[str, _Mark] = {}

    def of(self, catalog: Catalog) -> Mapping[str, str]:
        """Path of each feed (no archive) -> its digest, the same in every process and on every machine.

        Feeds with equal digests have equal bytes in every format. A digest may change where no byte does: when a format
        shows less than its siblings (only Atom has tombstones); a caption, where feeds hold summaries only; a summary that
        is written, and says what the text begins with.
        """
        self._forget(catalog)
        marks = _Marks(catalog, self._marks)
        self._told = {ref: self._kept(ref, listing) or _tell(listing, marks) for ref, listing in catalog.listings.items()}
        self._remember(catalog, marks)
        return {path: told.digest for told in self._told.values() for path in told.paths}

    def _forget(self, catalog: Catalog) -> None:
        if self._site != catalog.site:
            self._told, self._marks = {}, {}
        elif self._authors != catalog.content.authors or self._renamed(catalog):
            self._told = {}

    def _renamed(self, catalog: Catalog) -> bool:
        now = catalog.listings
        return any(ref in now and now[ref].title != told.listing.title for ref, told in self._told.items())

    def _kept(self, ref: ListingRef, listing: Listing) -> _Told | None:
        told = self._told.get(ref)
        return told if told and told.listing is listing else None

    def _remember(self, catalog: Catalog, marks: _Marks) -> None:
        self._site, self._authors = catalog.site, catalog.content.authors
        self._marks |= marks.checked
        if len(self._marks) > 2 * len(catalog.visible) + 100:
            # Most of them belong to articles that have gone.
            self._marks = marks.checked


class _Marks(builder.Entries):
    """What `assemble` takes for entries: short, and made only where an article or a name in it changed."""

    def __init__(self, catalog: Catalog, kept: Mapping[str, _Mark]) -> None:
        super().__init__(catalog)
        self._kept = kept
        self.checked: dict[str, _Mark] = {}

    def of(self, row: Row) -> Entry:
        mark = self.checked.get(row.article.id)
        if mark is None:
            mark = self.checked[row.article.id] = self._mark(row)
        return mark.entry

    def _mark(self, row: Row) -> _Mark:
        names = self._names(row)
        kept = self._kept.get(row.article.id)
        if kept and kept.names == names and kept.row == row:
            return kept
        return _Mark(row=row, names=names, entry=_standing_for(self.catalog, row))

    def _names(self, row: Row) -> tuple[str | Author, ...]:
        """What an entry says that is written outside its article."""
        refs = [ListingRef("category", name) for name in row.article.categories]
        refs += [ListingRef("tag", tag.id) for tag in row.article.tags]
        titles = (self.catalog.listings[ref].title for ref in refs)
        people = (self.catalog.content.authors[name] for name in row.article.authors)
        return (*titles, *people, *_pictures(self.catalog, row.article))


def _pictures(catalog: Catalog, article: Article) -> Iterator[str]:
    """The addresses of the copies that stand for an article's pictures, which change with the bytes of the pictures."""
    for path in article.media:
        copy = offered_widths.fitting(catalog.media.get(path), offered_widths.THUMBNAIL)
        yield copy.path if copy else ""


def _standing_for(catalog: Catalog, row: Row) -> Entry:
    article = row.article
    # To make HTML of a text, or take its beginning, costs more than all the rest, and its digest says as much.
    # The rendering's version with it: after an upgrade the same Markdown may be other HTML, of which hubs must hear.
    is_silent = not article.text or (catalog.site.feed.content == "summary" and article.summary)
    said = "" if is_silent else f"{render.RENDERING}:{article.text.hex()}"
    row = replace(row, article=replace(article, text=b"", summary=article.summary or said or article.title))
    digest = _digest([said, *_pictures(catalog, article), builder.entry(catalog, row)])
    return Entry(id="", url="", title="", published=row.touched, updated=row.touched, summary="", content=digest)


def _tell(listing: Listing, marks: _Marks) -> _Told:
    feed = builder.feed(listing, marks, *_SPOKESMAN)
    items = [item.content if isinstance(item, Entry) else item for item in feed.items]
    return _Told(
        listing=listing,
        digest=_digest([[getattr(feed, name) for name in _HEAD], items]),
        paths=tuple(path_of(FeedAt(listing.ref, suffix)) for suffix in SUFFIXES),
    )


def _digest(value: Any) -> str:
    return sha256(json.dumps(value, default=_spelled).encode()).hexdigest()


def _spelled(value: Any) -> Any:
    """A moment as text, frozen data as its values in their order."""
    return value.isoformat() if isinstance(value, datetime) else [getattr(value, name) for name in value.__slots__]
