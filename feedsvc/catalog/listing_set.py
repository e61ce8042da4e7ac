"""Listing set: all listings of a catalog, public and private, and what an update of them needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from feedsvc.catalog.aging import moments_of_change
from feedsvc.catalog.languages import Languages, build_languages
from feedsvc.catalog.listing import Listing
from feedsvc.catalog.listings import build_listings, group_by_listing, update_language_listings, update_listings
from feedsvc.catalog.periodicals import (
    IssueChange,
    Periodical,
    build_periodicals,
    closing_moments,
    update_periodicals,
    with_issues,
)
from feedsvc.catalog.private_listings import PrivateListings, build_private_listings
from feedsvc.catalog.row import Row
from feedsvc.catalog.row_groups import RowGroups
from feedsvc.catalog.schedule import Schedule
from feedsvc.catalog.selections import Selections
from feedsvc.content.folder import ContentSnapshot
from feedsvc.routes import ListingRef


@dataclass(frozen=True, kw_only=True)
class ListingSet:
    """Listings of a catalog. Immutable. `public` are sorted by kind (as in LISTING_KINDS), then by id.

    `selections` are those of the public custom feeds, `periodicals` the periodicals among these feeds by the ref of their
    listing, and `languages` the languages of all rows.
    """

    public: Mapping[ListingRef, Listing]
    private: PrivateListings
    selections: Selections = field(repr=False, compare=False)
    periodicals: Mapping[ListingRef, Periodical] = field(repr=False, compare=False)
    languages: Languages = field(repr=False, compare=False)

    def custom(self, content: ContentSnapshot) -> Iterator[Listing]:
        """Yield the listings of the public custom feeds of `content`, in no particular order."""
        return (self.public[ListingRef("custom", id_)] for id_, feed in content.custom_feeds.items() if id_ == feed.id)

    def moments_of_change(
        self, content: ContentSnapshot, schedule: Schedule, now: datetime
    ) -> tuple[datetime | None, datetime | None]:
        """Return (last change up to and including `now`, next one after it) by time alone of a catalog with these listings.

        The changes are moments; None stands for one that does not exist.
        """
        return moments_of_change(schedule, self.custom(content), closing_moments(self.periodicals.values(), now), now)

    def apply_changes(
        self,
        former: ContentSnapshot,
        content: ContentSnapshot,
        tags: Mapping[str, str],
        rows: tuple[Sequence[Row], Sequence[Row]],
        moments: tuple[datetime, datetime],
    ) -> tuple[ListingSet, IssueChange]:
        """Return the listings after a change of content, rows and time, and the changed issues. The work grows with the change.

        `former` and `content` are the content before and after; their settings may differ in private feeds only. `moments` are
        (former `now`, new `now`), `rows` are (removed, added) rows of articles. `tags` are titles of tags by id, at least of
        tags that are new or have another title.
        """
        now = moments[1]
        languages = self.languages.apply_changes(*rows)
        kept_languages = languages.with_tags(languages.tags & self.languages.tags)
        removed, added = (group_by_listing(RowGroups(changed), self.selections, kept_languages) for changed in rows)
        periodicals, issues = update_periodicals(self.periodicals, self.public, removed, added, moments)
        removed = with_issues(removed, self.selections.periodicals, issues.removed.values())
        added = with_issues(added, self.selections.periodicals, issues.added.values())
        listings = update_listings(self.public, content, tags, removed, added, now=now)
        if content.private_feeds == former.private_feeds:
            private = self.private.apply_changes(*rows, removed, added)
        else:
            private = build_private_listings(content, listings)
        return ListingSet(
            public=update_language_listings(listings, content, self.languages, languages, now=now),
            private=private,
            selections=self.selections,
            periodicals=periodicals,
            languages=languages,
        ), issues


def build_listing_set(content: ContentSnapshot, tags: Mapping[str, str], groups: RowGroups, now: datetime) -> ListingSet:
    """Return the listings at `now` of all rows of articles, which `groups` has sorted by `row_key`.

    `tags` are the titles of all tags by id.
    """
    selections = Selections(content.custom_feeds.values(), content.site.language)
    languages = build_languages(groups.rows, content.site.language)
    rows_by_listing = group_by_listing(groups, selections, languages)
    periodicals = build_periodicals(content, rows_by_listing)
    issues = {ref: periodical.issues(now) for ref, periodical in periodicals.items()}
    listings = build_listings(content, languages, tags, {**rows_by_listing, **issues}, now)
    return ListingSet(
        public=listings,
        private=build_private_listings(content, listings),
        selections=selections,
        periodicals=periodicals,
        languages=languages,
    )
