"""Former addresses of tags. Earlier versions gave C, C++ and C# one slug; now each has its own, and the former one redirects."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from feedsvc.catalog.indexes import Layered, Name, counted
from feedsvc.catalog.listings import Spellings
from feedsvc.catalog.row import Row, is_visible
from feedsvc.routes import ListingRef
from feedsvc.tag_slugs import former_slug

_Counts = Mapping[str, Mapping[str, int]]


class FormerTags:
    """Former slug -> each tag that had it -> how many articles spell it so.

    Articles count that are or were public: one that expires or is withdrawn moves no redirect to another tag.
    """

    def __init__(self, counts: Layered[str, Mapping[str, int]]) -> None:
        self._counts = counts

    def redirects(self, listings: Container[ListingRef], slugs: Iterable[str] | None = None) -> dict[Name, str]:
        """Return the entries of `Moved` for these former slugs, for all by default.

        A slug that is a tag's own does not redirect. Of several tags with one former slug, the one with most articles has it,
        the first by slug among equals.
        """
        asked = self._counts.keys() if slugs is None else slugs
        free = (slug for slug in asked if ListingRef("tag", slug) not in listings)
        return {("tag", slug): tag for slug in free if (tag := self._heir(slug))}

    def _heir(self, slug: str) -> str:
        counts = self._counts.get(slug) or {}
        return min(counts, key=lambda tag: (-counts[tag], tag), default="")

    def replaced(self, gone: Iterable[Row], come: Iterable[Row]) -> FormerTags:
        """Return the counts after a change, at its price."""
        left, new = _count(gone), _count(come)
        if left == new:
            return self
        none: Mapping[str, int] = {}
        slugs = {*left, *new}
        after = {slug: counted(self._counts.get(slug) or none, left.get(slug, none), new.get(slug, none)) for slug in slugs}
        return FormerTags(self._counts.replaced(slugs, {slug: counts for slug, counts in after.items() if counts}))


def former_tags(spellings: Spellings, rows: Sequence[Row]) -> FormerTags:
    """Return the counts of all rows; `spellings` has those of the visible ones, for which no row need be looked at."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for tag, titles in spellings.items():
        for title, count in titles.items():
            if slug := _former_slug(tag, title):
                found[slug][tag] += count
    for slug, counts in _count(row for row in rows if not is_visible(row)).items():
        found[slug].update(counts)
    return FormerTags(Layered(dict(found)))


def former_slugs(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the former slugs of the tags of some rows."""
    yield from _count(rows)


def _count(rows: Iterable[Row]) -> _Counts:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        for tag in row.article.tags:
            if slug := _former_slug(tag.id, tag.title):
                found[slug][tag.id] += 1
    return found


def _former_slug(tag: str, title: str) -> str:
    slug = former_slug(title)
    return slug if slug != tag else ""
