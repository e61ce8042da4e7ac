"""Feed diff: changes that subscribers see when one catalog replaces another, feed by feed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from feedsvc.catalog import Catalog, IssueRow, Listing, Row, Visibility, is_withdrawn_later
from feedsvc.content.reading.files import AUTHORS_FILE, CATEGORIES_FILE, FEEDS_FILE
from feedsvc.feed_model import Entry
from feedsvc.feeds import EntryCache, issue_title
from feedsvc.model import ArticleStatus
from feedsvc.publication import redirect_target
from feedsvc.routes import FeedAt, ListingKind, ListingRef, path_of, place_of

_SUFFIX: Final = "rss"  # format whose address stands for those of all
_MISSING_ARTICLE_REASON: Final = "no article any more"
_DRAFT_REASON: Final = "a draft now"
_SCHEDULED_REASON: Final = "published later now"
# Files with an entry for each listing of a kind: a missing entry of a file with errors means nothing.
_SETTINGS_FILES: Final[Mapping[ListingKind, str]] = {
    "category": CATEGORIES_FILE,
    "author": AUTHORS_FILE,
    "custom": FEEDS_FILE,
}
_REMOVAL_REASONS: Final[Mapping[Visibility, str]] = {
    Visibility.VISIBLE: "no longer in this feed",
    Visibility.WITHDRAWN: "withdrawn",
    Visibility.HIDDEN: "expired",
}
_HIDDEN_REASON: Final = "hidden until its withdrawal"


class ChangeKind(Enum):
    """Kind of change of an entry. A change without a later `updated` is silent: many readers never show it."""

    NEW = "new"
    UPDATED = "updated"
    CHANGED_SILENTLY = "changed silently"
    REMOVED = "gone"


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryChange:
    """Change of one entry. `reason` is the reason of a removal in English words, "" for other kinds."""

    kind: ChangeKind
    id: str
    title: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedChange:
    """Changes of a feed that existed before. `name` is like category/asia, or "site".

    If `is_removed`, the address of the feed leads to no feed of this site now, and there are no `changes`.
    """

    name: str
    changes: tuple[EntryChange, ...] = ()
    is_removed: bool = False

    def count(self, kind: ChangeKind) -> int:
        return sum(change.kind is kind for change in self.changes)


def feed_changes(previous: Catalog, current: Catalog, invalid_paths: frozenset[str] = frozenset()) -> tuple[FeedChange, ...]:
    """Return the feeds that differ for their subscribers, in the order of the previous listings.

    New feeds and private ones are left out; changes of licenses do not count. A feed is compared with the one at its address
    now.

    An entry is new if it is in the feed document and its article was not visible in the listing before. An entry is updated if
    it is in the feed document and differs; without a later `updated`, it is changed silently. An entry is removed if it was in
    the feed document and its article is not visible in the listing now. `invalid_paths` are paths of files that have errors
    now: their articles stay public in their last valid version, so their entries are neither changed nor removed. A missing
    listing does not count as removed if its settings file, or the file of one of the articles that were visible in it, has
    errors.
    """
    diff = _CatalogDiff(previous, current, invalid_paths)
    return tuple(change for ref in previous.listings if (change := diff.feed_change(ref)))


class _CatalogDiff:
    def __init__(self, previous: Catalog, current: Catalog, invalid_paths: frozenset[str]) -> None:
        self.previous, self.current, self.invalid_paths = previous, current, invalid_paths
        self.previous_entries, self.current_entries = EntryCache(previous), EntryCache(current)
        self.current_statuses = {article.id: article.status for article in current.content.articles}
        refs = (ListingRef(), *current.periodicals)
        self.rows_by_id = {row.article.id: row for ref in refs for row in current.listings[ref].rows}

    def feed_change(self, ref: ListingRef) -> FeedChange | None:
        """Return the change of the feed of a listing, None if the feed's subscribers see no change."""
        name = f"{ref.kind}/{ref.id}" if ref.id else ref.kind
        before = self.previous.listings[ref]
        after = self._successor(ref)
        if after is None:
            return None if self._is_unknown(before) else FeedChange(name=name, is_removed=True)
        changes = (*self._new_and_updated(before, after), *self._removed(before, after))
        return FeedChange(name=name, changes=changes) if changes else None

    def _successor(self, ref: ListingRef) -> Listing | None:
        """Return the listing whose feed is now at the address of a previous listing's feed, or to which that redirects.

        None if there is none.
        """
        listing = self.current.listings.get(self.current.canonical_listing_ref(ref))
        if listing is not None:
            return listing
        place = place_of(redirect_target(self.current, path_of(FeedAt(ref, _SUFFIX))))
        return self.current.listings.get(place.listing) if isinstance(place, FeedAt) and not place.period else None

    def _is_unknown(self, before: Listing) -> bool:
        """Return whether a listing may be missing only because of errors in its settings file or in its articles."""
        return _SETTINGS_FILES.get(before.ref.kind) in self.invalid_paths or any(map(self._has_errors, before.visible))

    def _has_errors(self, row: Row) -> bool:
        """Return whether the current file of an article, or of an article in an issue, has errors."""
        rows = row.articles if isinstance(row, IssueRow) else (row,)
        return any(one.article.path in self.invalid_paths for one in rows)

    def _new_and_updated(self, before: Listing, after: Listing) -> Iterator[EntryChange]:
        rows_before = {row.article.id: row for row in before.visible}
        for row in _visible_newest(after):
            previous_row = rows_before.get(row.article.id)
            kind = self._change_kind(before, previous_row, after, row) if previous_row else ChangeKind.NEW
            if kind and not (previous_row and self._has_errors(previous_row)):
                yield EntryChange(kind=kind, id=row.article.id, title=_title(self.current, row))

    def _change_kind(self, before: Listing, previous_row: Row, after: Listing, row: Row) -> ChangeKind | None:
        previous_entry = self.previous_entries.get(previous_row, before.feed.content)
        current_entry = self.current_entries.get(row, after.feed.content)
        if _without_license(previous_entry) == _without_license(current_entry):
            return None
        return ChangeKind.UPDATED if current_entry.updated > previous_entry.updated else ChangeKind.CHANGED_SILENTLY

    def _removed(self, before: Listing, after: Listing) -> Iterator[EntryChange]:
        current_ids = {row.article.id for row in after.visible}
        for row in _visible_newest(before):
            article = row.article
            if article.id not in current_ids and not self._has_errors(row):
                title, reason = _title(self.previous, row), self._removal_reason(article.id)
                yield EntryChange(kind=ChangeKind.REMOVED, id=article.id, title=title, reason=reason)

    def _removal_reason(self, article_id: str) -> str:
        if row := self.rows_by_id.get(article_id):
            return _HIDDEN_REASON if is_withdrawn_later(row) else _REMOVAL_REASONS[row.visibility]
        status = self.current_statuses.get(article_id)
        return _DRAFT_REASON if status is ArticleStatus.DRAFT else _SCHEDULED_REASON if status else _MISSING_ARTICLE_REASON


def _title(catalog: Catalog, row: Row) -> str:
    return issue_title(catalog.site, row) if isinstance(row, IssueRow) else row.article.title


def _without_license(entry: Entry) -> Entry:
    """Return an entry as feed readers show it: without its license, which is for programs."""
    return replace(entry, license=None, is_unlicensed=False)


def _visible_newest(listing: Listing) -> Iterator[Row]:
    return (row for row in listing.feed_rows if row.visibility is Visibility.VISIBLE)
