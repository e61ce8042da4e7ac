"""Tags of visible articles: the most used ones, and the division of all of them into pages.

Both depend only on the catalog's `spellings`, so every process computes the same values, also after a restart.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from heapq import nsmallest
from typing import Final
from zlib import crc32

from feedsvc.catalog.listings import Spellings

MOST_USED_COUNT: Final = 1000
# A page of this many tags with the longest names allowed stays below 1 MB.
PAGE_SIZE: Final = 500
FIRST_PAGE: Final = "-"  # not the id of any tag, and sorts before all ids
_MIDDLE_PARTS: Final = 3  # a page is cut within the middle third

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

    def apply_changes(self, spellings: Spellings, changed: Iterable[str]) -> Tags:
        """Return the Tags of `spellings`, with the cached values that still hold.

        `changed` are the ids of tags whose spellings differ from those of this object.
        """
        tags, values, changed_tags = Tags(spellings), vars(self), {*changed}  # vars() is where cached_property stores values
        if all(bool(self._spellings.get(tag)) == bool(spellings.get(tag)) for tag in changed_tags):
            vars(tags).update({name: values[name] for name in ("total", "pages", "starts") if name in values})
        if "most_used" in values and (most_used := self._most_used_after(tags, changed_tags)) is not None:
            vars(tags)["most_used"] = most_used
        return tags

    def _most_used_after(self, tags: Tags, changed: set[str]) -> tuple[str, ...] | None:
        """Return `most_used` of `tags`, the tags after a change, if this object's and the changed tags determine it.

        `changed` are the ids of the tags whose spellings differ between this object and `tags`. The result is None if a
        tag that is neither in `changed` nor in this object's `most_used` may be one of the most used now.
        """
        before = self.most_used
        last_key, members = self._sort_key(before[-1]) if before else (0, ""), {*before}
        if len(before) == MOST_USED_COUNT and not any(tag in members or tags._sort_key(tag) < last_key for tag in changed):
            return before
        candidates = (tag for tag in members | changed if tags._spellings.get(tag))
        keys = nsmallest(MOST_USED_COUNT, map(tags._sort_key, candidates))
        if len(before) == MOST_USED_COUNT and (len(keys) < MOST_USED_COUNT or keys[-1] > last_key):
            return None
        most_used = tuple(tag for _, tag in keys)
        return before if most_used == before else most_used

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
