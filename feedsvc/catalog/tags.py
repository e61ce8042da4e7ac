"""Tags of visible articles: the most used ones, the division of all into pages, and what tags.yaml says about them.

Numbers and pages depend only on the catalog's `spellings`, so every process computes the same values, also after a restart.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from heapq import nsmallest
from typing import Final, TypeVar
from zlib import crc32

from feedsvc.catalog.indexes import QualifiedName
from feedsvc.model import ListingSettings, TagSettings
from feedsvc.routes import ListingRef

MOST_USED_COUNT: Final = 1000
# A page of this many tags with the longest names allowed stays below 1 MB.
PAGE_SIZE: Final = 500
FIRST_PAGE: Final = "-"  # not the id of any tag, and sorts before all ids
_MIDDLE_PARTS: Final = 3  # a page is cut within the middle third

_Entry = TypeVar("_Entry", bound=ListingSettings)
# Id or alias of a tag -> its entry in tags.yaml.
TagEntries = Mapping[str, TagSettings]
# Tag id -> spelling -> number of visible articles with that spelling.
Spellings = Mapping[str, Mapping[str, int]]
_Page = tuple[str, ...]
_SortKey = tuple[int, str]


class Tags:
    """Ids of the tags that at least one visible article has, with their numbers of such articles. True if not empty.

    Immutable and thread-safe. Computed values are cached, and `apply_changes` passes on those that still hold.
    """

    def __init__(self, spellings: Spellings) -> None:
        self._spellings = spellings

    def __bool__(self) -> bool:
        return any(self._spellings.values())

    def count(self, tag: str) -> int:
        """Return the number of visible articles with the tag of this id, 0 for an unknown one."""
        return sum(self._spellings.get(tag, {}).values())

    @cached_property
    def total(self) -> int:
        """Number of tags."""
        return sum(map(bool, self._spellings.values()))

    @cached_property
    def most_used(self) -> tuple[str, ...]:
        """Ids of the tags with the most visible articles, at most MOST_USED_COUNT, most used first, ties by id."""
        return tuple(tag for _, tag in nsmallest(MOST_USED_COUNT, map(self._sort_key, self._used_tags)))

    @cached_property
    def pages(self) -> tuple[_Page, ...]:
        """All ids of used tags, sorted, divided into pages of at most PAGE_SIZE ids."""
        return tuple(divide_into_pages(sorted(self._used_tags), PAGE_SIZE))

    @cached_property
    def starts(self) -> tuple[str, ...]:
        """Names of the pages: FIRST_PAGE for the first, so that it never changes; the first id of the page for all others."""
        return (FIRST_PAGE, *(page[0] for page in self.pages[1:])) if self.pages else ()

    def page_of(self, tag: str) -> int:
        """Return the index in `pages` of the page that holds a tag's id, or would if the tag existed; 0 without pages."""
        return max(0, bisect_right(self.starts, tag) - 1)

    def apply_changes(self, spellings: Spellings, changed: Collection[str]) -> Tags:
        """Return the Tags of `spellings`, with the cached values that still hold.

        `changed` are the ids of tags whose spellings differ from those of this object.
        """
        tags, values = Tags(spellings), vars(self)  # vars() is where cached_property stores values
        if all(bool(self._spellings.get(tag)) == bool(spellings.get(tag)) for tag in changed):
            vars(tags).update({name: values[name] for name in ("total", "pages", "starts") if name in values})
        if "most_used" in values and all(self._spellings.get(tag) == spellings.get(tag) for tag in changed):
            vars(tags)["most_used"] = self.most_used
        return tags

    @property
    def _used_tags(self) -> Iterator[str]:
        return (tag for tag, titles in self._spellings.items() if titles)

    def _sort_key(self, tag: str) -> _SortKey:
        return -self.count(tag), tag


def divide_into_pages(ids: Sequence[str], max_size: int) -> Iterator[_Page]:
    """Yield pages of at most `max_size` of the sorted `ids`, in order; `max_size` is at least 2. Nothing without ids.

    If there are several pages, each has at least a third of `max_size` ids, rounded down.

    A page that is too large is cut before the id with the smallest checksum in its middle third. So an added or removed tag
    nearly always changes only its own page, and not the first id, which is the page's name.
    """
    return _divide(ids, [crc32(id_.encode()) for id_ in ids], max_size)


def _divide(ids: Sequence[str], checksums: Sequence[int], max_size: int) -> Iterator[_Page]:
    if len(ids) > max_size:
        third = len(ids) // _MIDDLE_PARTS
        middle = checksums[third : len(ids) - third]
        cut = third + middle.index(min(middle))
        yield from _divide(ids[:cut], checksums[:cut], max_size)
        yield from _divide(ids[cut:], checksums[cut:], max_size)
    elif ids:
        yield tuple(ids)


def entry_of(entries: Mapping[str, _Entry], name: str) -> _Entry | None:
    """Return the entry whose id is `name`, None if there is none or `name` is an alias. `entries` are keyed by both."""
    entry = entries.get(name)
    return entry if entry and entry.id == name else None


def tag_title(entries: TagEntries, tag: str, counts: Mapping[str, int]) -> str:
    """Return the title of the tag with the id `tag`: that of tags.yaml, else the most frequent spelling in `counts`, else the id.

    Of equally frequent spellings, it is the first in alphabetical order.
    """
    entry = entry_of(entries, tag)
    if entry and entry.title:
        return entry.title
    return min(counts, key=lambda title: (-counts[title], title), default=tag)


def tag_description(entries: TagEntries, tag: str) -> str:
    """Return the description of the tag with the id `tag` in tags.yaml; "" if it has none or no entry, or for an alias."""
    entry = entry_of(entries, tag)
    return entry.description if entry else ""


def tag_aliases(entries: TagEntries, tags: Iterable[str]) -> Iterator[str]:
    """Yield the aliases that tags.yaml gives to the tags with the ids `tags`, also aliases that do not redirect now."""
    for tag in tags:
        if entry := entry_of(entries, tag):
            yield from entry.aliases


def alias_redirects(
    entries: TagEntries, listings: Container[ListingRef], slugs: Iterable[str] | None = None
) -> dict[QualifiedName, str]:
    """Return {("tag", alias): id of its tag} for those of `slugs` that are aliases, for all aliases by default.

    `listings` are those of the catalog. An alias does not redirect, and is left out, while an article has a tag with this slug,
    or while no article has the tag that it is an alias of.
    """
    aliases = {name: entry.id for name, entry in _entries_of(entries, slugs) if name != entry.id}
    return {
        ("tag", alias): tag
        for alias, tag in aliases.items()
        if ListingRef("tag", alias) not in listings and ListingRef("tag", tag) in listings
    }


def _entries_of(entries: TagEntries, slugs: Iterable[str] | None) -> Iterable[tuple[str, TagSettings]]:
    return entries.items() if slugs is None else [(slug, entries[slug]) for slug in slugs if slug in entries]
