"""Paths whose documents may differ between two catalogs with the same settings. The work grows with the difference."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import fields
from itertools import chain

from feedsvc.catalog import (
    ArchiveIndex,
    Catalog,
    CatalogChange,
    Listing,
    Row,
    index_range,
    is_identical,
    tag_aliases,
)
from feedsvc.content.media import variants
from feedsvc.discovery import LISTINGS_GROUP, group_part_names, is_indexed
from feedsvc.feeds import FORMATS
from feedsvc.free_places import RootFileAt, StaticPageAt
from feedsvc.model import Article
from feedsvc.publication.addresses import FAVICON, favicon_path
from feedsvc.publication.dependencies import are_comparable, dependent_rows, has_changed
from feedsvc.publication.old_addresses import changed_old_addresses
from feedsvc.routes import (
    SITE_DOCUMENTS,
    ArchiveAt,
    ArticleAt,
    FeedAt,
    FileAt,
    ListingRef,
    PageAt,
    Place,
    SiteDocumentAt,
    SitemapAt,
    TagsAt,
    path_of,
    place_of,
)
from feedsvc.uris import absolute, path_below

_SITE_LISTING = ListingRef()
# Fields of an article that a card does not show, or only in part (text, tags).
_HIDDEN_FIELDS = (
    *("path", "text", "guid", "notice", "updated", "translation_of", "aliases", "media", "enclosures", "embeds", "sources"),
    *("corrections", "tags"),
)
_CARD_FIELDS = tuple(field.name for field in fields(Article) if field.name not in _HIDDEN_FIELDS)
_MAX_COMPARED_PAGES = 500  # articles; if there are more, none is compared and all count as affected


def differing_paths(before: Catalog, now: Catalog, change: CatalogChange) -> frozenset[str] | None:
    """Return a superset of the paths whose responses differ between two catalogs. None if all may differ, because the content's
    `settings`, the theme, the logo's file or `is_preview` differ.

    `change` holds the rows in which the catalogs differ. Left out are combinations, private feeds, variants of an image whose
    bytes were overwritten, old addresses with a query, and those by a rule with a "*".
    """
    if not are_comparable(before, now) or not _is_logo_same(before, now):
        return None
    paths = frozenset(map(path_of, affected_places(before, now, change)))
    return paths.union(changed_old_addresses(before, now, paths))


def changed_former_tag_paths(before: Catalog, now: Catalog) -> Iterator[str]:
    """Yield the paths whose redirect to a tag's listing was added, removed or changed: of former slugs and aliases of tags.

    For each such slug, these are its pages and its feeds in all formats, with their periods. Some paths occur more than once.
    """
    slugs = {slug for catalog in (before, now) for kind, slug in catalog.redirects if kind == "tag"}
    return map(path_of, _former_tag_places(before, now, slugs))


def affected_places(before: Catalog, now: Catalog, change: CatalogChange) -> Iterator[Place]:
    """Yield a superset of the places whose documents or redirects differ, former addresses included. Some occur more than once.

    Settings, theme, logo and preview mode must be the same in both catalogs; `change` holds the rows in which they differ.
    """
    removed, added = change.removed, change.added
    changed_media = _changed_media(before, now)
    # Files that only one catalog refers to are left out if their bytes are the same: `_own_places` yields those.
    yield from (FileAt(path) for path in changed_media if path in before.media or path in now.media)
    yield from _free_places(before, now, changed_media)
    yield from (SiteDocumentAt(name) for name in SITE_DOCUMENTS if has_changed(before, now, SiteDocumentAt(name)))
    if has_changed(before, now, SitemapAt(LISTINGS_GROUP)):
        yield from _sitemap_group_places(before, now, (LISTINGS_GROUP,))
    if not removed and not added and not change.issues.removed and not change.issues.added:
        return
    for catalog, rows in ((before, removed), (now, added)):
        yield from chain.from_iterable(_own_places(catalog, row) for row in rows.values())
    changed_files = frozenset(absolute(now.site.base_url, f"/{path}") for path in changed_media)
    rows_with_changed_card = [
        row
        for rows, other_rows in ((removed, added), (added, removed))
        for id_, row in rows.items()
        if _has_card_changed(row, other_rows.get(id_), changed_files)
    ]
    yield from _dependent_articles(before, now, rows_with_changed_card)
    yield from _articles_in_other_languages(before, now)
    yield from _language_range_places(before, now)
    yield from _listing_places(before, now, change)
    yield from _issue_places(before, now, change)
    changed_tags = [ref.id for ref in change.rows_by_listing if ref.kind == "tag"]
    yield from _tag_page_places(before, now, changed_tags)
    yield from _former_tag_places(before, now, {*changed_tags, *tag_aliases(now.content.tags, changed_tags)})
    days = {row.day for row in change.rows_by_listing.get(_SITE_LISTING, ())}
    yield from _archive_places(before, now, days)
    yield from _sitemap_places(before, now, days)


def _is_logo_same(before: Catalog, now: Catalog) -> bool:
    """Return whether the logo's file is the same. Every page shows the logo in its width and height."""
    path = path_below(now.site.base_url, now.site.logo)[1:]
    return before.media.get(path) is now.media.get(path)


def _own_places(catalog: Catalog, row: Row) -> Iterator[Place]:
    """Yield the places of the page of a row's article, former ones included, and of the article's media files and variants."""
    article = row.article
    yield from (ArticleAt(slug) for slug in (article.slug, *article.aliases))
    yield from (FileAt(path) for path in article.media if path in catalog.media)
    yield from _variant_places(catalog, article.media)


def _has_card_changed(row: Row, other: Row | None, changed_files: AbstractSet[str]) -> bool:
    """Return whether pages that link to an article or list it may differ because `row` and `other`, its two rows, differ.

    `other` is None if only one catalog has the article. `changed_files` are the absolute addresses of the changed media files.
    """
    if other is None or _card_facts(row) != _card_facts(other):
        return True
    image = row.article.image
    # Equal articles have different rows if the bytes of a media file changed. Names of image variants depend on the bytes.
    return image is not None and (row.article == other.article or image.url in changed_files)


def _card_facts(row: Row) -> tuple[object, ...]:
    """Return the parts of a row that a card (the article in a list) or a link to the article shows.

    With its translations, because they decide which article of a work pages show.
    """
    article = row.article
    shown = [getattr(article, name) for name in _CARD_FIELDS]
    text = article.summary or article.text
    return row.visibility, row.preview_label, row.translations, shown, text, [tag.id for tag in article.tags]


def _dependent_articles(before: Catalog, now: Catalog, rows: Collection[Row]) -> Iterator[Place]:
    """Yield the places of articles whose pages may differ because they show the card of one of `rows`, rows of either catalog.

    The candidates are `dependent_rows` of both catalogs. If they are up to _MAX_COMPARED_PAGES articles, those whose
    dependencies differ are yielded, else all.
    """
    slugs = (row.article.slug for catalog in (before, now) for row in dependent_rows(catalog, rows))
    places = [ArticleAt(slug) for slug in dict.fromkeys(slugs)]
    yield from (place for place in places if len(places) > _MAX_COMPARED_PAGES or has_changed(before, now, place))


def _articles_in_other_languages(before: Catalog, now: Catalog) -> Iterator[Place]:
    """Yield the places of visible articles that name a language, if only one of the catalogs has listings of languages.

    The pages of these articles link to the listings.
    """
    if bool(before.languages.tags) != bool(now.languages.tags):
        rows = chain(before.visible.values(), now.visible.values())
        yield from (ArticleAt(row.article.slug) for row in rows if row.article.language)


def _language_range_places(before: Catalog, now: Catalog) -> Iterator[Place]:
    """Yield the places, below the addresses of language ranges, that lead to different listings in the catalogs, or to one in
    only one of them.
    """
    for name, refs in before.languages.changed_ranges(now.languages):
        for catalog, ref in zip((before, now), refs, strict=True):
            if listing := catalog.listings.get(ref) if ref else None:
                yield from _pages_and_feeds(ListingRef("language", name), listing)


def _listing_places(before: Catalog, now: Catalog, change: CatalogChange) -> Iterator[Place]:
    """Yield the places of the changed pages and feed documents of the listings that have changed rows."""
    for ref, rows in change.rows_by_listing.items():
        listings = [catalog.listings[ref] for catalog in (before, now) if ref in catalog.listings]
        days = {row.day for row in (*rows, *(listing.story_of(row) for listing in listings for row in rows))}
        page_periods, feed_periods = _candidate_pages_and_feeds(before.listings.get(ref), now.listings.get(ref), days)
        pages = (PageAt(ref, period) for period in page_periods)
        yield from (place for place in pages if has_changed(before, now, place))
        feeds = (FeedAt(ref, suffix, period) for period in feed_periods for suffix in FORMATS)
        yield from (place for place in feeds if has_changed(before, now, place))


def _issue_places(before: Catalog, now: Catalog, change: CatalogChange) -> Iterator[Place]:
    """Yield the places of changed pages of the issues in `change` and of the visible issues beside them, which link to them."""
    places: dict[Place, None] = {}
    for catalog, issues in ((before, change.issues.removed), (now, change.issues.added)):
        for issue in issues.values():
            places[issue.place] = None
            listing = catalog.listings[issue.listing]
            places.update(dict.fromkeys(row.place for row in listing.neighbours_of(issue) if row))
    yield from (place for place in places if has_changed(before, now, place))


def _tag_page_places(before: Catalog, now: Catalog, changed_tags: Collection[str]) -> Iterator[Place]:
    """Yield the places of the changed pages of tags, /tags/ included; none if `changed_tags` is empty.

    Candidates are /tags/, the pages that hold one of `changed_tags` or other tags than before, and the pages beside these.
    """
    if not changed_tags:
        return
    starts: dict[str, None] = {"": None}
    for tags, other_tags in ((before.tags, now.tags), (now.tags, before.tags)):
        if len(tags.starts) <= 1:
            continue
        indexes = {tags.page_of(tag) for tag in changed_tags}
        if tags.pages is not other_tags.pages:
            other_pages = {*other_tags.pages}
            indexes.update(index for index, page in enumerate(tags.pages) if page not in other_pages)
        for index in indexes:
            starts.update(dict.fromkeys(tags.starts[max(0, index - 1) : index + 2]))
    yield from (place for place in map(TagsAt, starts) if has_changed(before, now, place))


def _former_tag_places(before: Catalog, now: Catalog, slugs: Iterable[str]) -> Iterator[Place]:
    """Yield the places of pages and feeds of those tag `slugs` whose redirect to another tag was changed, added or removed."""
    for slug in slugs:
        target_before, target_now = (catalog.redirects.get(("tag", slug)) for catalog in (before, now))
        if target_before == target_now:
            continue
        ref = ListingRef("tag", slug)
        for listing in (catalog.tag_listing(tag) for catalog, tag in ((before, target_before), (now, target_now)) if tag):
            yield from _pages_and_feeds(ref, listing)


def _pages_and_feeds(ref: ListingRef, listing: Listing) -> Iterator[Place]:
    """Yield the addresses below `ref` that redirect to the pages and feeds of `listing`."""
    yield from (PageAt(ref, period) for period in ("", *listing.page_index))
    yield from (FeedAt(ref, suffix, period) for period in ("", *listing.archive) for suffix in FORMATS)


def _candidate_pages_and_feeds(
    one: Listing | None, other: Listing | None, days: AbstractSet[str]
) -> tuple[Iterable[str], Iterable[str]]:
    """Return the periods of pages and those of feed documents that may differ between two states of a listing; "" is the newest.

    `days` are those of the rows that only one of the two states has.
    """
    if one is None or other is None or (one.title, one.description) != (other.title, other.description):
        listings = [listing for listing in (one, other) if listing]
        page_periods = dict.fromkeys(chain([""], *(listing.page_index for listing in listings)))
        return page_periods, dict.fromkeys(chain([""], *(listing.in_feeds.archive_index for listing in listings)))
    feed_periods = ["", *_changed_periods(one.in_feeds.archive_index, other.in_feeds.archive_index, days)]
    return ["", *_changed_periods(one.page_index, other.page_index, days)], feed_periods


def _sitemap_places(before: Catalog, now: Catalog, days: AbstractSet[str]) -> Iterator[Place]:
    """Yield the parts of the sitemap whose articles changed; all parts of articles if only one of the catalogs has parts.

    `days` are those of the changed rows.
    """
    index_before, index_now = before.listings[_SITE_LISTING].archive_index, now.listings[_SITE_LISTING].archive_index
    is_every_part = is_indexed(before) != is_indexed(now)
    candidates = (
        chain(index_before.all_periods, index_now.all_periods)
        if is_every_part
        else _candidate_periods(index_before, index_now, days)
    )
    no_rows: tuple[Row, ...] = ()
    changed_periods = [
        period
        for period in dict.fromkeys(candidates)
        if is_every_part
        or not is_identical(index_before.all_periods.get(period, no_rows), index_now.all_periods.get(period, no_rows))
    ]
    yield from _sitemap_group_places(before, now, changed_periods)


def _sitemap_group_places(before: Catalog, now: Catalog, groups: Iterable[str]) -> Iterator[Place]:
    for group in groups:
        for catalog in (before, now):
            yield from (SitemapAt(name) for name in group_part_names(catalog, group))


def _changed_media(before: Catalog, now: Catalog) -> frozenset[str]:
    """Return the paths (media/...) of the media files that changed between the contents of two catalogs, or that only one has.

    A changed file has another MediaFile object, even if path, type and length are the same.
    """
    files_before, files_now = before.media.files, now.media.files
    if files_before is files_now:
        return frozenset()
    return frozenset(path for path in {**files_before, **files_now} if files_before.get(path) is not files_now.get(path))


def _free_places(before: Catalog, now: Catalog, changed_media: AbstractSet[str]) -> Iterator[Place]:
    """Yield the places of the static pages and of the files in root/ in which two catalogs differ, with former names of pages.

    `changed_media` are the paths (media/...) of the changed media files; a page that refers to one counts as changed. Also yield
    the media files that are public in one catalog only because of a page, and the image variants that a changed page offers.
    """
    files_before, files = before.content.root_files, now.content.root_files
    if files_before is not files:
        yield from (RootFileAt(path) for path in {**files_before, **files} if files_before.get(path) != files.get(path))
    if favicon_path(now) in changed_media:
        yield RootFileAt(FAVICON)
    if before.pages is now.pages and not changed_media:
        return
    for catalog, other in ((before, now), (now, before)):
        for name, page in catalog.pages.items():
            if other.pages.get(name) != page or not changed_media.isdisjoint(page.media):
                yield StaticPageAt(name)
                yield from (FileAt(path) for path in page.media if path not in other.media)
                yield from _variant_places(catalog, page.media)


def _variant_places(catalog: Catalog, paths: Iterable[str]) -> Iterator[Place]:
    for path in paths:
        yield from (place for variant in variants(catalog.media.get(path)) if (place := place_of(variant.path)))


def _archive_places(before: Catalog, now: Catalog, days: AbstractSet[str]) -> Iterator[Place]:
    """Yield the places of the changed pages of the archive for people. Some of them have a document in one catalog only.

    `days` are those of the changed rows. Candidates are the page of all months, those of these days and their months, those of
    days that only one of the catalogs has, and those that link to one of these as its neighbours.
    """
    calendars = [catalog.listings[ListingRef()].calendar for catalog in (before, now)]
    months = {day[:7] for day in days}
    # A month that was divided by day, or is no longer.
    divided = chain.from_iterable({*calendars[0].days_of(month)} ^ {*calendars[1].days_of(month)} for month in months)
    periods = {*days, *months, *(day for day, _ in divided)}
    beside = (name for calendar in calendars for period in periods for name in calendar.neighbours_of(period))
    for period in dict.fromkeys(chain([""], periods, beside)):
        is_page = not period or any(period in calendar for calendar in calendars)
        if is_page and has_changed(before, now, ArchiveAt(period)):
            yield ArchiveAt(period)


def _changed_periods(one: ArchiveIndex, other: ArchiveIndex, days: AbstractSet[str]) -> Iterator[str]:
    """Yield, once each, the periods that have other rows or neighbours in `other` than in `one`, or that only one of them has.

    The periods are the keys of the two indexes. `days` are those of the rows that differ.
    """
    return (period for period in dict.fromkeys(_candidate_periods(one, other, days)) if _has_period_changed(one, other, period))


def _has_period_changed(one: ArchiveIndex, other: ArchiveIndex, period: str) -> bool:
    """Return whether a period has other rows or other neighbours, or exists in only one of the two indexes."""
    if period not in one or period not in other:
        return period in one or period in other
    return one.neighbours[period] != other.neighbours[period] or not is_identical(one[period], other[period])


def _candidate_periods(one: ArchiveIndex, other: ArchiveIndex, days: AbstractSet[str]) -> Iterator[str]:
    """Yield a superset of `_changed_periods`: also periods without a difference, and periods that are newer than both mappings.

    Some occur more than once. `days` are those of the rows that differ.
    """
    # A day may have no period in one of the indexes.
    periods = {period for index in (one, other) for day in days if (period := index.period_of(day))}
    periods.update(chain.from_iterable(_added_or_removed_periods(one, other, year) for year in {day[:4] for day in days}))
    periods.update(_periods_between_newest_pages(one, other))
    yield from periods
    for index in (one, other):
        for period in periods:
            start, end = index_range(index.names, period)
            yield from index.names[max(start - 1, 0) : end + 1]


def _added_or_removed_periods(one: ArchiveIndex, other: ArchiveIndex, year: str) -> set[str]:
    """Return the periods within a year that only one of the two indexes has."""
    if one.names is other.names:
        return set()
    return set(one.names[slice(*index_range(one.names, year))]) ^ set(other.names[slice(*index_range(other.names, year))])


def _periods_between_newest_pages(one: ArchiveIndex, other: ArchiveIndex) -> Iterator[str]:
    """Yield the periods between the first keys, which are the newest, of the two indexes, both included.

    An index without keys counts as "", which comes before all periods. "" is yielded if both have none. Some occur twice.
    """
    oldest, newest = sorted(next(iter(index), "") for index in (one, other))
    for index in (one, other):
        start, end = bisect_left(index.names, oldest), bisect_right(index.names, newest)
        yield from index.names[start:end] if oldest != newest else (oldest,)
