"""Former slugs of tags. Earlier versions of feedsvc gave C, C++ and C# one slug; each has its own now, that one redirects."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Final

from feedsvc.catalog.indexes import QualifiedName, update_counts
from feedsvc.catalog.listings import Spellings
from feedsvc.catalog.row import Row, is_visible
from feedsvc.routes import ListingRef
from feedsvc.support.mapping import with_changes
from feedsvc.tag_slugs import former_slug

_Counts = dict[str, Mapping[str, int]]
_NO_COUNTS: Final[Mapping[str, int]] = {}


class FormerTags:
    """Former slugs of tags: slug -> id of each tag that had it -> number of articles with that tag. Immutable.

    A slug that only one tag had is included. Expired and withdrawn articles count, too, so that an article's end does not move
    a redirect to another tag.
    """

    def __init__(self, counts: _Counts) -> None:
        self._counts = counts

    def redirects(self, listings: Container[ListingRef], slugs: Iterable[str] | None = None) -> dict[QualifiedName, str]:
        """Return ("tag", former slug) -> tag id for those of `slugs` that redirect, for all former slugs by default.

        A slug that has a listing of its own in `listings` does not redirect. If several tags had one former slug, it redirects
        to the tag with most articles; at equal counts, to the first id in alphabetical order.
        """
        candidates = self._counts if slugs is None else slugs
        unused = (slug for slug in candidates if ListingRef("tag", slug) not in listings)
        return {("tag", slug): tag for slug in unused if (tag := self._redirect_target(slug))}

    def _redirect_target(self, slug: str) -> str:
        counts = self._counts.get(slug, _NO_COUNTS)
        return min(counts, key=lambda tag: (-counts[tag], tag), default="")

    def apply_changes(self, removed: Iterable[Row], added: Iterable[Row]) -> FormerTags:
        """Return the counts after a change of rows; the same object if no count changed."""
        removed_counts, added_counts = _count_former_slugs(removed), _count_former_slugs(added)
        if removed_counts == added_counts:
            return self
        slugs = {*removed_counts, *added_counts}
        new_counts = {
            slug: update_counts(*(counts.get(slug, _NO_COUNTS) for counts in (self._counts, removed_counts, added_counts)))
            for slug in slugs
        }
        return FormerTags(with_changes(self._counts, slugs, {slug: counts for slug, counts in new_counts.items() if counts}))


def build_former_tags(spellings: Spellings, rows: Iterable[Row]) -> FormerTags:
    """Return the FormerTags of the visible rows that are counted in `spellings`, and of those of `rows` that are not visible."""
    counts_by_slug: dict[str, Counter[str]] = defaultdict(Counter)
    for tag, titles in spellings.items():
        for title, count in titles.items():
            if slug := _former_slug(tag, title):
                counts_by_slug[slug][tag] += count
    for slug, counts in _count_former_slugs(row for row in rows if not is_visible(row)).items():
        counts_by_slug[slug].update(counts)
    return FormerTags(dict(counts_by_slug))


def former_slugs(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the former slugs of the tags of `rows`, of any visibility, each once. A tag whose slug never changed has none."""
    yield from _count_former_slugs(rows)


def _count_former_slugs(rows: Iterable[Row]) -> _Counts:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        for tag in row.article.tags:
            if slug := _former_slug(tag.id, tag.title):
                counts[slug][tag.id] += 1
    return dict(counts)


def _former_slug(tag: str, title: str) -> str:
    """Return the slug that earlier versions gave the spelling `title` of a tag; "" if none or the same as the id `tag`."""
    slug = former_slug(title)
    return slug if slug != tag else ""
