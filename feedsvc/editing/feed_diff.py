"""What subscribers see when one catalog takes the place of another, feed by feed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from feedsvc.catalog.catalog import Catalog, Listing, Row, Standing
from feedsvc.feeds.builder import Entries
from feedsvc.routes import ListingRef

_NOWHERE: Final = "no article any more"
_REASONS: Final[Mapping[Standing, str]] = {
    Standing.VISIBLE: "no longer in this feed",
    Standing.WITHDRAWN: "withdrawn",
    Standing.GHOST: "expired",
}


class Sight(Enum):
    """What a feed reader makes of one entry. A change with an unmoved `updated` is silent: many readers never show it."""

    NEW = "new"
    UPDATED = "updated"
    SILENT = "changed silently"
    GONE = "gone"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """`reason` tells why an entry is gone, "" otherwise."""

    sight: Sight
    id: str
    title: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedChange:
    """A feed that had subscribers before: `name` is like category/asia; `ended` means that it answers 404 now."""

    name: str
    changes: tuple[Change, ...] = ()
    ended: bool = False

    def number(self, sight: Sight) -> int:
        return sum(change.sight is sight for change in self.changes)


def changes(was: Catalog, now: Catalog, aside: frozenset[str] = frozenset()) -> tuple[FeedChange, ...]:
    """Every feed that differs to its subscribers, in the order of the listings.

    New is an entry among a feed's newest that the feed held nowhere before, not in its archives either. Updated is one
    among the newest that says something else, and a later `updated` with it. Gone is one of the former newest that the
    feed holds nowhere any more; one that slid into the archives is not. `aside` are paths of broken files, whose
    articles stay up as they were.
    """
    look = _Look(was, now, aside)
    return tuple(change for ref in was.listings if (change := look.feed(ref)))


class _Look:
    def __init__(self, was: Catalog, now: Catalog, aside: frozenset[str]) -> None:
        self.was, self.now, self.aside = was, now, aside
        self.old, self.new = Entries(was), Entries(now)
        self.standing = {row.article.id: row.standing for row in now.listings[ListingRef()].rows}

    def feed(self, ref: ListingRef) -> FeedChange | None:
        """None if the subscribers of a feed see nothing."""
        name = f"{ref.kind}/{ref.id}" if ref.id else ref.kind
        before = self.was.listings[ref]
        after = self.now.listings.get(ListingRef(ref.kind, self.now.moved.get((ref.kind, ref.id), ref.id)))
        if after is None:
            return FeedChange(name=name, ended=True)
        found = (*self._come(before, after), *self._gone(before, after))
        return FeedChange(name=name, changes=found) if found else None

    def _come(self, before: Listing, after: Listing) -> Iterator[Change]:
        held = {row.article.id: row for row in before.visible}
        for row in _shown(after):
            former = held.get(row.article.id)
            sight = self._sight(former, row) if former else Sight.NEW
            if sight:
                yield Change(sight=sight, id=row.article.id, title=row.article.title)

    def _sight(self, former: Row, row: Row) -> Sight | None:
        one, other = self.old.of(former), self.new.of(row)
        if one == other:
            return None
        return Sight.UPDATED if other.updated > one.updated else Sight.SILENT

    def _gone(self, before: Listing, after: Listing) -> Iterator[Change]:
        held = {row.article.id for row in after.visible}
        for row in _shown(before):
            article = row.article
            if article.id not in held and article.path not in self.aside:
                standing = self.standing.get(article.id)
                reason = _REASONS[standing] if standing else _NOWHERE
                yield Change(sight=Sight.GONE, id=article.id, title=article.title, reason=reason)


def _shown(listing: Listing) -> Iterator[Row]:
    return (row for row in listing.newest if row.standing is Standing.VISIBLE)
