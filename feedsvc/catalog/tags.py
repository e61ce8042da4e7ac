"""Tags of visible articles: the most used ones, and the pages that list all of them.

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
    """Tags, by id, that at least one visible article has.

    Immutable and thread-safe. Computed values are cached, and `apply_changes` passes on those that still hold.
    """

    def __init__(self, spellings: Spellings) -> None:
        self._spellings = spellings

    def __bool__(self) -> bool:
        return any(self._spellings.values())

    def count(self, tag: str) -> int:
        """Return the number of visible articles with the tag."""
        return sum(self._spellings.get(tag, {}).values())

    @cached_property
    def total(self) -> int:
        """Number of tags."""
        return sum(map(bool, self._spellings.values()))

    @cached_property
    def most_used(self) -> tuple[str, ...]:
        """Ids of the MOST_USED_COUNT tags with the most visible articles, ties by id."""
        return tuple(tag for _, tag in nsmallest(MOST_USED_COUNT, map(self._sort_key, self._used_tags)))

    @cached_property
    def pages(self) -> tuple[_Page, ...]:
        """All ids in order, divided into pages of at most PAGE_SIZE ids."""
        return tuple(divide_into_pages(sorted(self._used_tags), PAGE_SIZE))

    @cached_property
    def starts(self) -> tuple[str, ...]:
        """Names of the pages: FIRST_PAGE for the first, so that it never changes; the first id of the page for all others."""
        return (FIRST_PAGE, *(page[0] for page in self.pages[1:])) if self.pages else ()

    def page_of(self, tag: str) -> int:
        """Return the index of the page that holds a tag's id, or would hold it if the tag existed."""
        return max(0, bisect_right(self.starts, tag) - 1)

    def apply_changes(self, spellings: Spellings, changed: Iterable[str]) -> Tags:
        """Return the tags after a change of the spellings of some tags, with the cached values that still hold."""
        made, known, kept = Tags(spellings), vars(self), {*changed}
        if all(bool(self._spellings.get(tag)) == bool(spellings.get(tag)) for tag in kept):
            vars(made).update({name: known[name] for name in ("total", "pages", "starts") if name in known})
        if "most_used" in known and (found := self._most_used_after(made, kept)) is not None:
            vars(made)["most_used"] = found
        return made

    def _most_used_after(self, made: Tags, changed: set[str]) -> tuple[str, ...] | None:
        """Return the most used tags after a change; None if a tag neither `changed` nor most used before may be one now."""
        before = self.most_used
        last, members = self._sort_key(before[-1]) if before else (0, ""), {*before}
        if len(before) == MOST_USED_COUNT and not any(tag in members or made._sort_key(tag) < last for tag in changed):
            return before
        candidates = (tag for tag in members | changed if made._spellings.get(tag))
        ranks = nsmallest(MOST_USED_COUNT, map(made._sort_key, candidates))
        if len(before) == MOST_USED_COUNT and (len(ranks) < MOST_USED_COUNT or ranks[-1] > last):
            return None
        found = tuple(tag for _, tag in ranks)
        return before if found == before else found

    @property
    def _used_tags(self) -> Iterator[str]:
        return (tag for tag, titles in self._spellings.items() if titles)

    def _sort_key(self, tag: str) -> _SortKey:
        return -self.count(tag), tag


def divide_into_pages(ids: Sequence[str], most: int) -> Iterator[_Page]:
    """Cut a sorted sequence into pages of at most `most` ids (2 or more). If cut, each page has at least a third of `most`.

    A page that is too large is cut before the id with the smallest checksum in its middle third. So an added or removed tag
    nearly always changes only its own page, and not the first id, which is the page's name.
    """
    return _divide(ids, [crc32(one.encode()) for one in ids], most)


def _divide(ids: Sequence[str], sums: Sequence[int], most: int) -> Iterator[_Page]:
    if len(ids) > most:
        third = len(ids) // _MIDDLE_PARTS
        middle = sums[third : len(ids) - third]
        place = third + middle.index(min(middle))
        yield from _divide(ids[:place], sums[:place], most)
        yield from _divide(ids[place:], sums[place:], most)
    elif ids:
        yield tuple(ids)
