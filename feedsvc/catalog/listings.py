"""Grouping of rows into listings: the site's, and those of every category, author and tag."""

from __future__ import annotations

from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from feedsvc.catalog.indexes import update_counts
from feedsvc.catalog.listing import Listing
from feedsvc.catalog.row import Row, Visibility, row_key
from feedsvc.content.folder import ContentSnapshot
from feedsvc.model import Site
from feedsvc.routes import LISTING_KINDS, ListingKind, ListingRef
from feedsvc.support.sorted_chunks import PersistentSortedList

# Tag id -> spelling -> number of visible articles with that spelling.
Spellings = Mapping[str, Mapping[str, int]]


def _rows_by_listing(rows: Sequence[Row]) -> dict[ListingRef, Sequence[Row]]:
    categories: dict[str, list[Row]] = defaultdict(list)
    authors: dict[str, list[Row]] = defaultdict(list)
    tags: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        article = row.article
        for name in article.categories:
            categories[name].append(row)
        for name in article.authors:
            authors[name].append(row)
        for tag in article.tags:
            tags[tag.id].append(row)
    kinds: tuple[tuple[ListingKind, dict[str, list[Row]]], ...] = (("category", categories), ("author", authors), ("tag", tags))
    found: dict[ListingRef, Sequence[Row]] = {
        ListingRef(kind, name): own for kind, several in kinds for name, own in several.items()
    }
    return {ListingRef(): rows, **found} if rows else {}


def update_spellings(spellings: Spellings, removed: Sequence[Row], added: Sequence[Row]) -> tuple[Spellings, dict[str, str]]:
    """Return the spellings after a change of rows, and by id the titles of the tags of the removed and added rows.

    A tag's title is its most frequent spelling, ties in alphabetical order.
    """
    left, new = _count_spellings(removed), _count_spellings(added)
    named = {*left, *new}
    changed = {tag: update_counts(spellings.get(tag, {}), left.get(tag, ()), new.get(tag, ())) for tag in named}
    titles = {tag: min(count, key=lambda title: (-count[title], title), default=tag) for tag, count in changed.items()}
    return ({**spellings, **changed} if named else spellings), titles


def _count_spellings(rows: Sequence[Row]) -> dict[str, Counter[str]]:
    """Count the spellings of visible rows. A tag that only other rows have gets count 0: its address stays."""
    every = [*chain.from_iterable([row.article.tags for row in rows])]
    seen, unseen = Counter(map(id, every)), _count_not_visible(rows)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    # Many articles share one Tag object, so count objects first.
    for number, tag in dict(zip(map(id, every), every, strict=True)).items():
        found[tag.id][tag.title] += seen[number] - unseen[number]
    return found


def _count_not_visible(rows: Sequence[Row]) -> Counter[int]:
    """Count the Tag objects of rows that are not visible, by id(). Most catalogs have few such rows."""
    visible = Visibility.VISIBLE
    return Counter(map(id, chain.from_iterable([row.article.tags for row in rows if row.visibility is not visible])))


def _titles(content: ContentSnapshot, tags: Mapping[str, str]) -> dict[ListingRef, tuple[str, str]]:
    """Return every listing's title and description; `tags` are the titles of tags."""
    titles = {ListingRef(): (content.site.title, content.site.description)}
    titles |= {ListingRef("category", one.id): (one.title, one.description) for one in content.categories.values()}
    titles |= {ListingRef("author", one.id): (one.name, one.bio) for one in content.authors.values()}
    titles |= {ListingRef("tag", tag): (title, "") for tag, title in tags.items()}
    return titles


def _listing_key(ref: ListingRef) -> tuple[int, str]:
    return LISTING_KINDS.index(ref.kind), ref.id


def build_listings(content: ContentSnapshot, tags: Mapping[str, str], rows: Sequence[Row]) -> dict[ListingRef, Listing]:
    """Return the listings of ordered rows, in the order of their kinds and ids; `tags` are the titles of tags."""
    members, titles = _rows_by_listing(rows), _titles(content, tags)
    return {
        ref: _build_listing(content.site, ref, *titles[ref], members.get(ref, ())) for ref in sorted(titles, key=_listing_key)
    }


def _build_listing(site: Site, ref: ListingRef, title: str, description: str, rows: Sequence[Row]) -> Listing:
    archived = site.feed.archives == "all" or (site.feed.archives == "site" and ref.kind == "site")
    return Listing(
        ref=ref,
        title=title,
        description=description,
        rows=PersistentSortedList.from_sorted(rows, row_key),
        feed_size=site.feed.entries,
        has_archive=archived,
    )


def update_listings(
    before: Mapping[ListingRef, Listing],
    site: Site,
    tags: Mapping[str, str],
    removed_rows: Sequence[Row],
    added_rows: Sequence[Row],
) -> Mapping[ListingRef, Listing]:
    """Return the listings after a change of rows; unchanged listings are the same objects.

    `tags` are the titles of the tags of the removed and added rows.
    """
    left, new = _rows_by_listing(removed_rows), _rows_by_listing(added_rows)
    found = dict(before)
    for ref in {**left, **new}:
        was = found.get(ref) or _build_listing(site, ref, "", "", ())
        title = tags.get(ref.id, was.title) if ref.kind == "tag" else was.title
        found[ref] = was.apply_changes(left.get(ref, ()), new.get(ref, ()), title)
        if ref.kind == "tag" and not found[ref].rows:
            del found[ref]
    if not left and not new:
        return before
    added = sorted((ref for ref in new if ref not in before and ref in found), key=_listing_key)
    return {ref: found[ref] for ref in _insert_sorted([*before], added) if ref in found} if added else found


def _insert_sorted(refs: list[ListingRef], added: Iterable[ListingRef]) -> list[ListingRef]:
    """Insert `added` into the sorted `refs` by bisection, so that few keys are computed. Return `refs`."""
    for ref in added:
        insort(refs, ref, key=_listing_key)
    return refs
