"""Catalog: the immutable index of everything that is public at one moment. Only this package decides which articles are public.

Time is an argument. Between two scheduled changes every moment gives the same catalog. A catalog updated from another one
equals a newly built one; the work grows with the change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from itertools import chain, takewhile
from operator import attrgetter

from feedsvc.catalog.aging import aged_rows, next_aging
from feedsvc.catalog.change import CatalogChange
from feedsvc.catalog.derived_values import (
    article_redirects,
    corrected_rows,
    count_external,
    media_paths,
    most_used_listings,
    page_media,
    public_pages,
    recent_rows,
    settings_media,
    settings_redirects,
    sort_corrected,
    update_pages,
    withdrawn_rows,
)
from feedsvc.catalog.indexes import Redirects, ReferencedMedia, RowsBySlug
from feedsvc.catalog.languages import Languages
from feedsvc.catalog.listing import Listing
from feedsvc.catalog.listing_set import ListingSet, build_listing_set
from feedsvc.catalog.listings import update_spellings
from feedsvc.catalog.periodicals import Periodical, closing_moments, find_issue
from feedsvc.catalog.private_listings import find_token_listing
from feedsvc.catalog.row import IssueRow, Row, count_alternates, is_visible, row_key, sort_articles
from feedsvc.catalog.row_changes import RowChanges
from feedsvc.catalog.row_groups import RowGroups
from feedsvc.catalog.schedule import Schedule, build_schedule
from feedsvc.catalog.tags import Spellings, Tags, alias_redirects, tag_aliases
from feedsvc.catalog.translations import Works, add_translations, build_works
from feedsvc.catalog.visibility import RowBuilder
from feedsvc.content.folder import ContentSnapshot
from feedsvc.model import Article, Site
from feedsvc.page_model import StaticPage
from feedsvc.routes import ListingRef
from feedsvc.support.sorted_chunks import PersistentSortedList


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """Everything that is public at one moment, with its indexes. Immutable.

    `pages` are the public static pages by slug and former slug. An update that does not change them keeps the object.
    `visible` and `withdrawn` (articles with the status WITHDRAWN, even before the moment of withdrawal) are rows by slug,
    newest first. `corrected` are the visible rows with corrections, sorted by their latest correction, the latest first.
    `redirects` has former names: (kind or "article", alias) -> id or slug. `media` are the files of media/ that visible
    articles, `pages` or public settings name. `recent` are the visible rows published in the last two days, newest first,
    without `preview_label`; `external_count` is the number of visible articles with a `link`, `alternate_count` is
    `count_alternates` of all visible rows. The catalog is valid from `last_change` until just before `next_change`: moments at
    which time alone changes it, None if there is none. If `is_preview`, drafts, scheduled and expired articles are visible too,
    with a `preview_label`. `change` is the change from the catalog that this one was updated from; None if it was built anew.
    """

    content: ContentSnapshot
    pages: Mapping[str, StaticPage]
    listing_set: ListingSet
    visible: RowsBySlug
    withdrawn: RowsBySlug
    corrected: PersistentSortedList[Row]
    redirects: Redirects
    media: ReferencedMedia
    recent: tuple[Row, ...]
    external_count: int
    alternate_count: int
    last_change: datetime | None
    next_change: datetime | None
    is_preview: bool
    now: datetime = field(repr=False, compare=False)
    schedule: Schedule = field(repr=False, compare=False)
    spellings: Spellings = field(repr=False, compare=False)
    works: Works = field(repr=False, compare=False)
    change: CatalogChange | None = field(default=None, repr=False, compare=False)

    @property
    def site(self) -> Site:
        return self.content.site

    @property
    def listings(self) -> Mapping[ListingRef, Listing]:
        """Public listings by ref, sorted by kind (as in LISTING_KINDS), then by id."""
        return self.listing_set.public

    @property
    def private_listings(self) -> Mapping[str, Listing]:
        """Listings of the private feeds by id. Nothing public may show them."""
        return self.listing_set.private.listings

    @property
    def periodicals(self) -> Mapping[ListingRef, Periodical]:
        """Public periodicals by the ref of their listing, which holds issues."""
        return self.listing_set.periodicals

    @property
    def languages(self) -> Languages:
        """Languages of all rows, and the language tags that have a listing."""
        return self.listing_set.languages

    @property
    def next_visible_change(self) -> datetime | None:
        """Next moment after `now` at which time alone changes more than the news sitemap; None if there is none."""
        closing = closing_moments(self.periodicals.values(), self.now)
        moments = self.schedule.next_visible_change(self.now), *next_aging(self.custom_listings), *closing
        return min(filter(None, moments), default=None)

    def find_issue(self, ref: ListingRef, day: str) -> IssueRow | None:
        """Return the issue named by `day` (YYYY-MM-DD), of any visibility, in the periodical `ref`; None if there is none."""
        periodical = self.periodicals.get(ref)
        try:
            return find_issue(periodical, self.listings[ref], date.fromisoformat(day)) if periodical else None
        except (ValueError, OverflowError):  # no date, or one at the end of the calendar
            return None

    def canonical_listing_ref(self, ref: ListingRef) -> ListingRef:
        """Return the ref of the listing that the address of `ref` shows or redirects to; `ref` itself if there is none."""
        if ref.kind == "language":
            return self.languages.resolve(ref.id) or ref
        return ListingRef(ref.kind, self.redirects.get((ref.kind, ref.id), ref.id))

    @property
    def custom_listings(self) -> Iterator[Listing]:
        """Listings of the public custom feeds, in no particular order."""
        return self.listing_set.custom(self.content)

    @property
    def indexable_listings(self) -> Iterator[Listing]:
        """Listings in sitemaps: all public ones, except those of tags and languages without a visible article."""
        return (item for item in self.listings.values() if item.ref.kind not in ("tag", "language") or not item.is_empty)

    @cached_property
    def language_ranges(self) -> frozenset[str]:
        """Language ranges, in lower case, that match the language of a visible article."""
        return self.languages.matching_ranges(lambda ref: not self.listings[ref].is_empty)

    @cached_property
    def tags(self) -> Tags:
        """Tags that at least one visible article has."""
        return Tags(self.spellings)

    @cached_property
    def subscribable_listings(self) -> tuple[Listing, ...]:
        """Listings on /subscribe/ and in feeds.opml, by kind and id: no empty languages; the most used of each kind."""
        without_tags = takewhile(lambda listing: listing.ref.kind != "tag", self.listings.values())
        listings = (listing for listing in without_tags if listing.ref.kind != "language" or not listing.is_empty)
        used_tags = map(self.tag_listing, self.tags.most_used)
        return (*most_used_listings(listings), *sorted(used_tags, key=attrgetter("ref.id")))

    def private_listing(self, name: str, now: datetime) -> Listing | None:
        """Return the listing that tokens of custom feed `name` (id or alias), public or not, show at `now`; None if unknown."""
        listing = find_token_listing(self.content, name, self.private_listings, self.listings, self.media)
        return listing.at(now) if listing else None

    def tag_listing(self, tag: str) -> Listing:
        """Return the listing of the tag with this id, not an alias. Raises KeyError if no row has the tag."""
        return self.listings[ListingRef("tag", tag)]

    def apply_changes(
        self, content: ContentSnapshot, now: datetime, *, removed: Iterable[Article] = (), added: Iterable[Article] = ()
    ) -> Catalog:
        """Return what `build_catalog` returns for content and moment, by updating this catalog: the work grows with the change.

        `removed` and `added` are the articles in which the content differs from this catalog's; the former version of an edited
        article is in `removed`, the new one in `added`. An article whose media files have other bytes must be in both, too.
        Unchanged listings and rows are the same objects. If `content.settings` differ, all is built anew, and `change` is None.
        """
        if content.settings != self.content.settings:
            return build_catalog(content, now, is_preview=self.is_preview)
        removed_articles, added_articles = tuple(removed), tuple(added)
        schedule = self.schedule.apply_changes(removed_articles, added_articles)
        due_articles = schedule.changes_between(self.now, now)
        rows = RowChanges(self.listings[ListingRef()].find, RowBuilder(content.site, now, is_preview=self.is_preview))
        rows.replace_articles(removed_articles, added_articles)
        rows.rebuild(due_articles)
        rows.copy(aged_rows((listing for listing in self.custom_listings if listing.ref not in self.periodicals), self.now, now))
        works = self.works.apply_changes(content.articles, removed_articles, added_articles)
        rows.update_translations(self.works, works, (*removed_articles, *added_articles), self.site)
        spellings, titles = update_spellings(self.spellings, content.tags, *rows.groups())
        rows.copy(self._retitled_rows(titles))
        removed_rows, added_rows = [*rows.removed.values()], [*rows.added.values()]
        listing_set, issues = self.listing_set.apply_changes(
            self.content, content, titles, (removed_rows, added_rows), (self.now, now)
        )
        last_change, next_change = listing_set.moments_of_change(content, schedule, now)
        languages = self.languages, listing_set.languages
        catalog = replace(
            self,
            content=content,
            pages=update_pages(self.pages, self.content, content, is_preview=self.is_preview),
            listing_set=listing_set,
            last_change=last_change,
            next_change=next_change,
            now=now,
            schedule=schedule,
            spellings=spellings,
            change=CatalogChange(rows.removed, rows.added, listing_set.selections, issues, *languages),
            works=works,
        )
        slugs = {*titles, *tag_aliases(content.tags, titles)}
        catalog = _with_updated_indexes(catalog, self, removed_rows, added_rows, slugs)
        if "tags" in vars(self):
            vars(catalog)["tags"] = self.tags.apply_changes(spellings, titles)  # vars() is where cached_property stores values
        return catalog

    def _retitled_rows(self, titles: Mapping[str, str]) -> Iterator[Row]:
        """Yield the rows of the tags whose title in `titles` (tag id -> title) is a new one, because their entries show it."""
        for tag, title in titles.items():
            listing = self.listings.get(ListingRef("tag", tag))
            if listing and listing.title != title:
                yield from listing.rows


def build_catalog(content: ContentSnapshot, now: datetime, *, is_preview: bool = False) -> Catalog:
    """Build the catalog of what is public at `now`; if `is_preview`, drafts, scheduled and expired articles are visible."""
    builder, articles = RowBuilder(content.site, now, is_preview=is_preview), sort_articles(content.articles)
    rows = [*filter(None, map(builder.build, articles))]
    add_translations(articles, rows, content.site)
    groups = RowGroups(rows)
    spellings, titles = update_spellings({}, content.tags, RowGroups(()), groups)
    listing_set = build_listing_set(content, titles, groups, now)
    listings = listing_set.public
    site, schedule = listings[ListingRef()], build_schedule(articles)
    last_change, next_change = listing_set.moments_of_change(content, schedule, now)
    redirects = article_redirects(rows) | alias_redirects(content.tags, listings) | settings_redirects(content)
    # Only media that public articles, pages or settings refer to, so that a draft's images are not served.
    pages = public_pages(content, is_preview=is_preview)
    media = chain(settings_media(content), page_media(pages), media_paths(site.visible))
    return Catalog(
        content=content,
        pages=pages,
        listing_set=listing_set,
        visible=RowsBySlug(site.visible),
        withdrawn=RowsBySlug(PersistentSortedList.from_sorted(withdrawn_rows(rows), row_key)),
        corrected=sort_corrected(rows),
        redirects=Redirects(redirects),
        media=ReferencedMedia.from_references(content.media, media),
        recent=recent_rows(site, now),
        external_count=count_external(filter(is_visible, rows)),
        last_change=last_change,
        next_change=next_change,
        alternate_count=count_alternates(site.visible),
        is_preview=is_preview,
        now=now,
        schedule=schedule,
        spellings=spellings,
        works=build_works(articles),
    )


def _with_updated_indexes(
    catalog: Catalog, former: Catalog, removed: list[Row], added: list[Row], slugs: Collection[str]
) -> Catalog:
    """Return a copy of `catalog`, whose `listing_set` is updated already, with updated indexes and counts of rows.

    `former` is the catalog before the change, `removed` and `added` are the changed rows, `slugs` the ids
    and aliases of the tags of these rows.
    """
    site = catalog.listings[ListingRef()]
    removed_visible, added_visible = [*filter(is_visible, removed)], [*filter(is_visible, added)]
    redirects_before = {**article_redirects(removed), **alias_redirects(former.content.tags, former.listings, slugs)}
    redirects_after = {**article_redirects(added), **alias_redirects(catalog.content.tags, catalog.listings, slugs)}
    removed_media = chain(media_paths(removed_visible), page_media(former.pages))
    added_media = chain(media_paths(added_visible), page_media(catalog.pages))
    return replace(
        catalog,
        visible=catalog.visible.apply_changes(removed_visible, added_visible, site.visible),
        withdrawn=catalog.withdrawn.apply_changes(withdrawn_rows(removed), withdrawn_rows(added)),
        corrected=catalog.corrected.apply_changes(corrected_rows(removed), corrected_rows(added)),
        redirects=catalog.redirects.apply_changes(redirects_before, redirects_after),
        media=catalog.media.apply_changes(catalog.content.media, removed_media, added_media),
        recent=recent_rows(site, catalog.now),
        external_count=catalog.external_count + count_external(added_visible) - count_external(removed_visible),
        alternate_count=catalog.alternate_count + count_alternates(added_visible) - count_alternates(removed_visible),
    )
