"""Catalog: the immutable index of everything that is public at one moment. Only this package decides which articles are public.

Time is an argument. Between two scheduled changes every moment gives the same catalog. A catalog updated from another one
equals a newly built one; the work grows with the change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from itertools import accumulate, chain, takewhile
from typing import Final

from feedsvc.catalog.aging import aged_rows, moments_of_change, next_aging
from feedsvc.catalog.change import CatalogChange
from feedsvc.catalog.derived_values import (
    article_redirects,
    count_external,
    estimated_size,
    media_paths,
    recent_rows,
    withdrawn_rows,
)
from feedsvc.catalog.former_tags import FormerTags, build_former_tags, former_slugs
from feedsvc.catalog.indexes import OverlayDict, QualifiedName, Redirects, ReferencedMedia, RowsBySlug
from feedsvc.catalog.languages import Languages, build_languages
from feedsvc.catalog.listing import Listing
from feedsvc.catalog.listings import (
    Spellings,
    build_listings,
    group_by_listing,
    update_language_listings,
    update_listings,
    update_spellings,
)
from feedsvc.catalog.periodicals import (
    Periodical,
    build_periodicals,
    closing_moments,
    find_issue,
    update_periodicals,
    with_issues,
)
from feedsvc.catalog.private_listings import PrivateListings, as_private, build_private_listings
from feedsvc.catalog.row import IssueRow, Row, count_alternates, is_visible, row_key, sort_articles
from feedsvc.catalog.schedule import Schedule, build_schedule
from feedsvc.catalog.selections import Selections
from feedsvc.catalog.tag_settings import alias_redirects, tag_aliases
from feedsvc.catalog.tags import Tags
from feedsvc.catalog.translations import Works, add_translations, build_works, changed_translations, keep_translations
from feedsvc.catalog.visibility import RowBuilder
from feedsvc.content.folder import ContentSnapshot
from feedsvc.model import Article, Author, CustomFeed, Site
from feedsvc.routes import ListingRef
from feedsvc.support.sorted_chunks import PersistentSortedList

_RowsById = dict[str, Row]
_RedirectMap = Mapping[QualifiedName, str]
_MAX_TAG_BYTES: Final = 800_000  # bytes of /subscribe/ that tags may take


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """Everything that is public at one moment, with its indexes. Immutable.

    `listings` are in the order of their kinds and ids. `visible` and `withdrawn` are keyed by slug, newest first. `redirects`
    maps former addresses: (kind or "article", alias) -> id or slug. `media` are the files that public articles or settings refer
    to. `recent` are the visible rows of the last two days, newest first, without those that only a preview shows;
    `external_count` is the number of visible articles with a `link` to another address, `alternate_count` is `count_alternates`
    of all visible rows. The catalog is valid from `last_change` until just before `next_change`: moments at which time alone
    changes it, None if there is none. If `is_preview`, drafts, scheduled and expired articles are visible too, with a
    `preview_label`. `private_listings` are in none of these. `change` is the change from the catalog that this one was updated
    from; None if it was built anew.
    """

    content: ContentSnapshot
    listings: Mapping[ListingRef, Listing]
    visible: RowsBySlug
    withdrawn: RowsBySlug
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
    former_tags: FormerTags = field(repr=False, compare=False)
    selections: Selections = field(repr=False, compare=False)
    private_listings: PrivateListings = field(repr=False)
    periodicals: Mapping[ListingRef, Periodical] = field(repr=False, compare=False)
    languages: Languages = field(repr=False, compare=False)
    works: Works = field(repr=False, compare=False)
    change: CatalogChange | None = field(default=None, repr=False, compare=False)

    @property
    def site(self) -> Site:
        return self.content.site

    @property
    def next_visible_change(self) -> datetime | None:
        """Next moment at which time alone changes what readers see; None if there is none."""
        closing = closing_moments(self.periodicals.values(), self.now)
        moments = self.schedule.next_visible_change(self.now), *next_aging(self.custom_listings), *closing
        return min(filter(None, moments), default=None)

    def find_issue(self, ref: ListingRef, day: str) -> IssueRow | None:
        """Return the issue of a day (YYYY-MM-DD) of a digest feed, also a withdrawn one; None if there is none."""
        periodical = self.periodicals.get(ref)
        try:
            return find_issue(periodical, self.listings[ref], date.fromisoformat(day)) if periodical else None
        except (ValueError, OverflowError):  # no date, or one at the end of the calendar
            return None

    def canonical_listing_ref(self, ref: ListingRef) -> ListingRef:
        """Return the ref of the listing to which the address of `ref` leads or redirects; `ref` itself if there is none."""
        if ref.kind == "language":
            return self.languages.resolve(ref.id) or ref
        return ListingRef(ref.kind, self.redirects.get((ref.kind, ref.id), ref.id))

    @property
    def custom_listings(self) -> Iterator[Listing]:
        """Listings of the custom feeds, in no particular order."""
        return _custom_listings(self.content, self.listings)

    @property
    def indexable_listings(self) -> Iterator[Listing]:
        """Listings in sitemaps: all except tags and languages without visible articles."""
        kinds = ("tag", "language")
        return (listing for listing in self.listings.values() if listing.ref.kind not in kinds or not listing.is_empty)

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
        """Listings on /subscribe/ and in feeds.opml: all but tags and empty languages, then the most used tags, ordered by id."""
        without_tags = takewhile(lambda listing: listing.ref.kind != "tag", self.listings.values())
        listings = (listing for listing in without_tags if listing.ref.kind != "language" or not listing.is_empty)
        return (*listings, *(self.tag_listing(tag) for tag in sorted(self._subscribable_tags())))

    def private_listing(self, name: str, now: datetime) -> Listing | None:
        """Return the listing that the tokens of a feed of feeds.yaml show at the moment `now`; `name` is an id or an alias.

        None if there is no such feed. It may have become public since its tokens were made. A private feed's own image is left
        out while nothing public refers to the same file, because a file of media/ has a public address.
        """
        feed = self.content.private_feeds.get(name) or self.content.custom_feeds.get(name)
        if feed is None:
            return None
        listing = self.private_listings.listings.get(feed.id) or as_private(self.listings[ListingRef("custom", feed.id)])
        image = feed.image if all(path in self.media for path in feed.media) else ""
        return replace(listing, image=image).at(now)

    def tag_listing(self, tag: str) -> Listing:
        """Return the listing of the tag with this id. Raises KeyError if there is none."""
        return self.listings[ListingRef("tag", tag)]

    def _subscribable_tags(self) -> Iterator[str]:
        """Yield the ids of the most used tags that fit in _MAX_TAG_BYTES: fewer than MOST_USED_COUNT if names are very long."""
        sizes = accumulate(estimated_size(self.tag_listing(tag)) for tag in self.tags.most_used)
        return (tag for tag, size in zip(self.tags.most_used, sizes, strict=True) if size <= _MAX_TAG_BYTES)

    def prepare_updates(self) -> None:
        """Build the index that the first call of `apply_changes` would build. Other threads run meanwhile."""
        self.visible.build_index()

    def apply_changes(
        self, content: ContentSnapshot, now: datetime, *, removed: Iterable[Article] = (), added: Iterable[Article] = ()
    ) -> Catalog:
        """Return what `build_catalog` returns for content and moment, by updating this catalog: the work grows with the change.

        `removed` and `added` are the articles in which the content differs from this catalog's; the former version of an edited
        article is in `removed`, the new one in `added`. An article whose media files have other bytes must be in both, too.
        Unchanged listings and rows are the same objects. If settings differ, everything is built anew.
        """
        if content.settings != self.content.settings:
            return build_catalog(content, now, is_preview=self.is_preview)
        removed_articles, added_articles = tuple(removed), tuple(added)
        schedule = self.schedule.apply_changes(removed_articles, added_articles)
        due_articles = schedule.changes_between(self.now, now)
        rows_before, rows_after = self._changed_rows(removed_articles, added_articles, due_articles, now)
        article_listings = (listing for listing in self.custom_listings if listing.ref not in self.periodicals)
        _add_copies(aged_rows(article_listings, self.now, now), rows_before, rows_after)
        works = self.works.apply_changes(content.articles, removed_articles, added_articles)
        self._update_translations(works, (*removed_articles, *added_articles), rows_before, rows_after)
        spellings, titles = update_spellings(self.spellings, content.tags, [*rows_before.values()], [*rows_after.values()])
        self._add_retitled_rows(titles, rows_before, rows_after)
        removed_rows, added_rows = [*rows_before.values()], [*rows_after.values()]
        languages = self.languages.apply_changes(removed_rows, added_rows)
        kept_languages = languages.with_tags(languages.tags & self.languages.tags)
        removed_by_listing, added_by_listing = (
            group_by_listing(rows, self.selections, kept_languages) for rows in (removed_rows, added_rows)
        )
        periodicals, issues = update_periodicals(
            self.periodicals, self.listings, removed_by_listing, added_by_listing, (self.now, now)
        )
        removed_by_listing = with_issues(removed_by_listing, self.selections.periodicals, issues.removed.values())
        added_by_listing = with_issues(added_by_listing, self.selections.periodicals, issues.added.values())
        listings = update_listings(self.listings, content, titles, removed_by_listing, added_by_listing, now=now)
        if content.private_feeds == self.content.private_feeds:
            private_listings = self.private_listings.apply_changes(removed_rows, added_rows, removed_by_listing, added_by_listing)
        else:
            private_listings = build_private_listings(content, listings)
        listings = update_language_listings(listings, content, self.languages, languages, now=now)
        closing = closing_moments(periodicals.values(), now)
        last_change, next_change = moments_of_change(schedule, _custom_listings(content, listings), closing, now)
        catalog = replace(
            self,
            content=content,
            listings=listings,
            private_listings=private_listings,
            last_change=last_change,
            next_change=next_change,
            now=now,
            schedule=schedule,
            spellings=spellings,
            former_tags=self.former_tags.apply_changes(removed_rows, added_rows),
            periodicals=periodicals,
            languages=languages,
            change=CatalogChange(
                rows_before, rows_after, self.selections, issues, languages=self.languages, new_languages=languages
            ),
            works=works,
        )
        former_names = former_slugs((*removed_rows, *added_rows)), tag_aliases(content.tags, titles)
        tag_redirects = self._tag_redirects(catalog, {*titles, *chain(*former_names)})
        catalog = _with_updated_indexes(catalog, removed_rows, added_rows, tag_redirects)
        if "tags" in vars(self):
            vars(catalog)["tags"] = self.tags.apply_changes(spellings, titles)  # vars() is where cached_property stores values
        return catalog

    def _changed_rows(
        self, removed: tuple[Article, ...], added: tuple[Article, ...], due: Iterable[Article], now: datetime
    ) -> tuple[_RowsById, _RowsById]:
        """Return the removed and the added rows by article id. `due` are articles whose row time alone may have changed."""
        builder = RowBuilder(self.content.site, now, is_preview=self.is_preview)
        rows_before = {article.id: row for article in removed if (row := self._row(article))}
        rows_after = {article.id: row for article in added if (row := builder.build(article))}
        for article in due:
            row_before = self._row(article)
            row_after = keep_translations(builder.build(article), row_before)
            if row_before != row_after:
                rows_before |= {article.id: row_before} if row_before else {}
                rows_after |= {article.id: row_after} if row_after else {}
        return rows_before, rows_after

    def _update_translations(
        self, works: Works, changed: Iterable[Article], rows_before: _RowsById, rows_after: _RowsById
    ) -> None:
        """Add the rows whose translations differ because of `changed` articles and rows. `works` are the next catalog's."""
        ids = {id_ for article in changed for id_ in (article.id, article.translation_of) if id_}
        ids |= rows_before.keys() | rows_after.keys()

        def find_row(article: Article) -> Row | None:
            id_ = article.id
            return rows_after.get(id_) if id_ in rows_before or id_ in rows_after else self._row(article)

        for row, new_row in [*changed_translations(self.works, works, ids, self.site, find_row)]:
            if row.article.id not in rows_after:
                rows_before[row.article.id] = row
            rows_after[row.article.id] = new_row

    def _tag_redirects(self, next_catalog: Catalog, slugs: Collection[str]) -> tuple[_RedirectMap, _RedirectMap]:
        """Return the redirects from these aliases and former slugs of tags, in this catalog and in the next one."""
        before, after = (
            catalog.former_tags.redirects(catalog.listings, slugs)
            | alias_redirects(catalog.content.tags, catalog.listings, slugs)
            for catalog in (self, next_catalog)
        )
        return before, after

    def _row(self, article: Article) -> Row | None:
        return self.listings[ListingRef()].find(article)

    def _add_retitled_rows(self, titles: Mapping[str, str], rows_before: _RowsById, rows_after: _RowsById) -> None:
        """Add the rows of tags with a new title to `rows_before`, and copies of them to `rows_after`: their entries show it."""
        for tag, title in titles.items():
            listing = self.listings.get(ListingRef("tag", tag))
            _add_copies(listing.rows if listing and listing.title != title else (), rows_before, rows_after)


def _add_copies(rows: Iterable[Row], rows_before: _RowsById, rows_after: _RowsById) -> None:
    """Add `rows` to `rows_before` and copies of them to `rows_after`, so that their listings count as changed."""
    for row in rows:
        if row.article.id not in rows_before:
            rows_before[row.article.id], rows_after[row.article.id] = row, replace(row)


def build_catalog(content: ContentSnapshot, now: datetime, *, is_preview: bool = False) -> Catalog:
    """Build the catalog of what is public at a moment; a preview also includes drafts, scheduled and expired articles."""
    builder = RowBuilder(content.site, now, is_preview=is_preview)
    articles = sort_articles(content.articles)
    rows = [*filter(None, map(builder.build, articles))]
    add_translations(articles, rows, content.site)
    spellings, titles = update_spellings({}, content.tags, (), rows)
    selections = Selections(content.custom_feeds.values(), content.site.language)
    languages = build_languages(rows, content.site.language)
    rows_by_listing = group_by_listing(rows, selections, languages)
    periodicals = build_periodicals(content, rows_by_listing)
    issues = {ref: periodical.issues(now) for ref, periodical in periodicals.items()}
    listings = build_listings(content, languages, titles, {**rows_by_listing, **issues}, now)
    site, schedule = listings[ListingRef()], build_schedule(articles)
    closing = closing_moments(periodicals.values(), now)
    last_change, next_change = moments_of_change(schedule, _custom_listings(content, listings), closing, now)
    former_tags = build_former_tags(spellings, rows)
    redirects: dict[QualifiedName, str] = article_redirects(rows) | former_tags.redirects(listings)
    redirects |= alias_redirects(content.tags, listings)
    redirects |= {("category", alias): category.id for alias, category in content.categories.items() if alias != category.id}
    redirects |= {("author", alias): author.id for alias, author in content.authors.items() if alias != author.id}
    redirects |= {("custom", alias): feed.id for alias, feed in content.custom_feeds.items() if alias != feed.id}
    # Only media that public articles or settings refer to, so that a draft's images are not served.
    entries: Iterable[Author | CustomFeed] = chain(content.authors.values(), content.custom_feeds.values())
    media = chain(content.site.media, *(entry.media for entry in entries), media_paths(site.visible))
    return Catalog(
        content=content,
        listings=listings,
        private_listings=build_private_listings(content, listings),
        visible=RowsBySlug(site.visible),
        withdrawn=RowsBySlug(PersistentSortedList.from_sorted(withdrawn_rows(rows), row_key)),
        redirects=Redirects(OverlayDict(redirects)),
        media=ReferencedMedia(content.media, OverlayDict(dict(Counter(media)))),
        recent=recent_rows(site, now),
        external_count=count_external(site.visible),
        last_change=last_change,
        next_change=next_change,
        alternate_count=count_alternates(site.visible),
        is_preview=is_preview,
        now=now,
        schedule=schedule,
        spellings=spellings,
        former_tags=former_tags,
        selections=selections,
        periodicals=periodicals,
        languages=languages,
        works=build_works(articles),
    )


def _custom_listings(content: ContentSnapshot, listings: Mapping[ListingRef, Listing]) -> Iterator[Listing]:
    return (listings[ListingRef("custom", id_)] for id_, feed in content.custom_feeds.items() if id_ == feed.id)


def _with_updated_indexes(
    catalog: Catalog, removed: list[Row], added: list[Row], tag_redirects: tuple[_RedirectMap, _RedirectMap]
) -> Catalog:
    """Return `catalog`, whose listings are updated already, with `visible`, `withdrawn` and the values after them updated, too.

    `removed` and `added` are the changed rows. `tag_redirects` are the redirects of the changed tags' former slugs, before and
    after the change.
    """
    site = catalog.listings[ListingRef()]
    removed_visible, added_visible = [*filter(is_visible, removed)], [*filter(is_visible, added)]
    redirects_before = {**article_redirects(removed), **tag_redirects[0]}
    redirects_after = {**article_redirects(added), **tag_redirects[1]}
    media = catalog.media.apply_changes(catalog.content.media, media_paths(removed_visible), media_paths(added_visible))
    return replace(
        catalog,
        visible=catalog.visible.apply_changes(removed_visible, added_visible, site.visible),
        withdrawn=catalog.withdrawn.apply_changes(withdrawn_rows(removed), withdrawn_rows(added)),
        redirects=catalog.redirects.apply_changes(redirects_before, redirects_after),
        media=media,
        recent=recent_rows(site, catalog.now),
        external_count=catalog.external_count + count_external(added_visible) - count_external(removed_visible),
        alternate_count=catalog.alternate_count + count_alternates(added_visible) - count_alternates(removed_visible),
    )
