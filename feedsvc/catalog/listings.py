"""Grouping of rows into listings: the site's, and those of every category, author, custom feed, language and tag."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from feedsvc.catalog.indexes import update_counts
from feedsvc.catalog.languages import Languages
from feedsvc.catalog.listing import Listing
from feedsvc.catalog.row import Row, row_key
from feedsvc.catalog.row_groups import RowGroups
from feedsvc.catalog.selections import Selections
from feedsvc.catalog.tags import Spellings, TagEntries, entry_of, tag_description, tag_title
from feedsvc.content.folder import ContentSnapshot
from feedsvc.model import CustomFeed, FeedOptions, FeedOverrides, ListingSettings
from feedsvc.routes import LISTING_KINDS, ListingKind, ListingRef
from feedsvc.support.sorted_chunks import PersistentSortedList

_NO_OVERRIDES: Final = FeedOverrides()
_MAX_ISSUES: Final = 10


def group_by_listing(groups: RowGroups, selections: Selections, languages: Languages) -> dict[ListingRef, Sequence[Row]]:
    """Return the rows of `groups` by public listing, in the same order; a row is in each of its listings.

    `selections` are those of the public custom feeds. A periodical has the rows of its articles here, not its issues. Listings
    without rows are left out.
    """
    kinds: tuple[tuple[ListingKind, Mapping[str, Sequence[Row]]], ...] = (
        ("category", groups.categories),
        ("author", groups.authors),
        ("tag", groups.tags),
    )
    rows_by_ref: dict[ListingRef, Sequence[Row]] = {
        ListingRef(kind, name): listing_rows for kind, rows_by_name in kinds for name, listing_rows in rows_by_name.items()
    }
    rows = groups.rows
    if not rows:
        return {}
    return {ListingRef(): rows, **rows_by_ref, **selections.group(rows, rows_by_ref), **languages.group(rows)}


def update_spellings(
    spellings: Spellings, entries: TagEntries, removed: RowGroups, added: RowGroups
) -> tuple[Spellings, dict[str, str]]:
    """Return `spellings` after a change of rows, and the titles of all tags of these rows, visible or not, by tag id.

    A tag whose last visible row was removed keeps an empty entry in the spellings. A title is that in `entries`, the entries of
    tags.yaml; else the most frequent spelling in visible rows; of equally frequent ones, the first in alphabetical order. It is
    the id if there is no spelling.
    """
    removed_counts, added_counts = removed.count_spellings(), added.count_spellings()
    tags = {*removed_counts, *added_counts}
    changed = {tag: update_counts(spellings.get(tag, {}), removed_counts.get(tag, ()), added_counts.get(tag, ())) for tag in tags}
    titles = {tag: tag_title(entries, tag, counts) for tag, counts in changed.items()}
    return ({**spellings, **changed} if tags else spellings), titles


def _titles(content: ContentSnapshot, languages: Languages, tags: Mapping[str, str]) -> dict[ListingRef, tuple[str, str]]:
    """Return (title, description) of every public listing by ref; `tags` are the titles of all tags by id."""
    titles = {ListingRef(): (content.site.title, content.site.description)}
    titles |= {
        ListingRef("category", category.id): (category.title, category.description) for category in content.categories.values()
    }
    titles |= {ListingRef("author", author.id): (author.name, author.bio) for author in content.authors.values()}
    feeds = content.custom_feeds.values()
    titles |= {ListingRef("custom", feed.id): (feed.title, feed.description) for feed in feeds}
    titles |= {ListingRef("language", language): (language, "") for language in languages.tags}
    titles |= {ListingRef("tag", tag): (title, tag_description(content.tags, tag)) for tag, title in tags.items()}
    return titles


def _listing_key(ref: ListingRef) -> tuple[int, str]:
    return LISTING_KINDS.index(ref.kind), ref.id


def build_listings(
    content: ContentSnapshot,
    languages: Languages,
    tags: Mapping[str, str],
    rows_by_listing: Mapping[ListingRef, Sequence[Row]],
    now: datetime,
) -> dict[ListingRef, Listing]:
    """Return the public listings at `now`, sorted by kind and id, of rows sorted by `row_key`; `tags` are all tag titles by id.

    Categories, authors, public custom feeds and each of the `languages.tags` have a listing even if they have no rows.
    """
    titles = _titles(content, languages, tags)
    refs = sorted(titles, key=_listing_key)
    return {ref: build_listing(content, ref, *titles[ref], rows_by_listing.get(ref, ())).at(now) for ref in refs}


def build_listing(content: ContentSnapshot, ref: ListingRef, title: str, description: str, rows: Sequence[Row]) -> Listing:
    """Return a listing of rows that are sorted by `row_key`, without `recent_count` (call `at`).

    Its options are its `feed_options`; a custom feed has the `image` and the `max_age` of its entry in feeds.yaml.
    """
    settings = listing_settings(content, ref)
    custom_feed = settings if isinstance(settings, CustomFeed) else None
    return Listing(
        ref=ref,
        title=title,
        description=description,
        rows=PersistentSortedList.from_sorted(rows, row_key),
        feed=feed_options(content, ref),
        image=custom_feed.image if custom_feed else "",
        max_age=timedelta(seconds=custom_feed.max_age) if custom_feed and custom_feed.max_age else None,
    )


def update_listings(
    before: Mapping[ListingRef, Listing],
    content: ContentSnapshot,
    tags: Mapping[str, str],
    removed_by_ref: Mapping[ListingRef, Sequence[Row]],
    added_by_ref: Mapping[ListingRef, Sequence[Row]],
    *,
    now: datetime,
) -> Mapping[ListingRef, Listing]:
    """Return the public listings at `now`: `before`, the former ones, after a change of rows.

    Listings without a changed row are the same objects as in `before`. A tag without rows of any visibility has no listing.
    `tags` are titles of tags by id, at least of tags that are new or have another title.
    """
    listings = dict(before)
    for ref in {**removed_by_ref, **added_by_ref}:
        listing = listings.get(ref) or build_listing(content, ref, "", tag_description(content.tags, ref.id), ())
        title = tags.get(ref.id, listing.title) if ref.kind == "tag" else listing.title
        listings[ref] = listing.apply_changes(removed_by_ref.get(ref, ()), added_by_ref.get(ref, ()), title, now)
        if ref.kind == "tag" and not listings[ref].rows:
            del listings[ref]
    if not removed_by_ref and not added_by_ref:
        return before
    new_refs = sorted((ref for ref in added_by_ref if ref not in before and ref in listings), key=_listing_key)
    if not new_refs:
        return listings
    return {ref: listings[ref] for ref in _insert_sorted([*before], new_refs) if ref in listings}


def update_language_listings(
    listings: Mapping[ListingRef, Listing], content: ContentSnapshot, before: Languages, after: Languages, *, now: datetime
) -> Mapping[ListingRef, Listing]:
    """Return `listings` without those of languages that are no longer in `after.tags`, and with new ones of added languages.

    All other listings in `listings` must be updated already. If a language gets a listing, which is rare, all rows of the site
    are read.
    """
    if before.tags == after.tags:
        return listings
    removed, added = before.tags - after.tags, after.tags - before.tags
    kept = {ref: listing for ref, listing in listings.items() if ref.kind != "language" or ref.id not in removed}
    groups = after.with_tags(added).group(listings[ListingRef()].rows[:])
    new = {ref: build_listing(content, ref, ref.id, "", rows).at(now) for ref, rows in groups.items()}
    return dict(sorted({**kept, **new}.items(), key=lambda item: _listing_key(item[0])))


def _insert_sorted(refs: list[ListingRef], new_refs: Iterable[ListingRef]) -> list[ListingRef]:
    """Insert `new_refs` into the sorted `refs` by bisection, so that few keys are computed. Return `refs`."""
    for ref in new_refs:
        insort(refs, ref, key=_listing_key)
    return refs


def feed_options(content: ContentSnapshot, ref: ListingRef) -> FeedOptions:
    """Return the options of a listing's feed: those of site.yaml, overridden key by key by its own entry of the settings.

    `archives` is "all" or "none". Raises KeyError for a combination.

    For a periodical, the defaults are not the site's: `content` is "full", because the HTML of an issue holds summaries only,
    and `entries` is at most _MAX_ISSUES, because an issue may be as long as a hundred entries. Its own entry may override both.
    """
    settings = listing_settings(content, ref)
    site_options = content.site.feed
    if isinstance(settings, CustomFeed) and settings.digest:
        site_options = replace(site_options, content="full", entries=min(site_options.entries, _MAX_ISSUES))
    return _effective_options(site_options, settings.feed if settings else _NO_OVERRIDES, ref.kind)


def listing_settings(content: ContentSnapshot, ref: ListingRef) -> ListingSettings | None:
    """Return the entry of a listing in its settings file; None if it has none; also None for the site, languages and aliases.

    Raises KeyError for a combination.
    """
    entries: Mapping[ListingKind, Mapping[str, ListingSettings]] = {
        "site": {},
        "category": content.categories,
        "author": content.authors,
        "custom": content.custom_feeds,
        "private": content.private_feeds,
        "language": {},
        "tag": content.tags,
    }
    return entry_of(entries[ref.kind], ref.id)


@lru_cache(maxsize=1024)  # most listings share one object
def _effective_options(options: FeedOptions, overrides: FeedOverrides, kind: ListingKind) -> FeedOptions:
    changes = {name: value for name in FeedOverrides.__slots__ if (value := getattr(overrides, name)) is not None}
    if options.archives == "site":
        changes = {"archives": "all" if kind == "site" else "none"} | changes
    return replace(options, **changes)
