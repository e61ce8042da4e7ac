"""The tags of visible articles: the most used of them, and the pages that list all of them.

Both are functions of the spellings of a catalog alone, so every process and every start finds the same.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from heapq import nsmallest
from typing import Final
from zlib import crc32

from feedsvc.catalog.listings import Spellings

MOST_USED: Final = 1000
# With the longest names that an article may give its tags, a list of so many has less than 1 MB.
PAGE_SIZE: Final = 500
FIRST: Final = "-"  # no tag's id, and before all of them
_SHARE: Final = 3  # a page is cut in the middle one of so many parts

_Page = tuple[str, ...]
_Rank = tuple[int, str]


class Tags:
    """The ids of the tags that at least one visible article has.

    Safe in threads; what was computed is kept. `replaced` hands it on as far as it still holds.
    """

    def __init__(self, spellings: Spellings) -> None:
        self._spellings = spellings

    def __bool__(self) -> bool:
        return any(self._spellings.values())

    def count(self, tag: str) -> int:
        """Return how many visible articles have the tag."""
        return sum(self._spellings.get(tag, {}).values())

    @cached_property
    def total(self) -> int:
        """Number of tags."""
        return sum(map(bool, self._spellings.values()))

    @cached_property
    def most_used(self) -> tuple[str, ...]:
        """The ids of the MOST_USED tags with the most visible articles, ties in the order of ids."""
        return tuple(tag for _, tag in nsmallest(MOST_USED, map(self._rank, self._used)))

    @cached_property
    def pages(self) -> tuple[_Page, ...]:
        """All ids in order, divided into pages of at most PAGE_SIZE."""
        return tuple(divided(sorted(self._used), PAGE_SIZE))

    @cached_property
    def starts(self) -> tuple[str, ...]:
        """The names of the pages: the first id of each, and FIRST for the first page, whichever tag it begins with."""
        return (FIRST, *(page[0] for page in self.pages[1:])) if self.pages else ()

    def page_of(self, tag: str) -> int:
        """Return the index of the page whose range holds an id; the tag need not exist."""
        return max(0, bisect_right(self.starts, tag) - 1)

    def replaced(self, spellings: Spellings, changed: Iterable[str]) -> Tags:
        """Return the tags after a change of the spellings of some tags, with what was computed before and still holds."""
        made, known, kept = Tags(spellings), vars(self), {*changed}
        if all(bool(self._spellings.get(tag)) == bool(spellings.get(tag)) for tag in kept):
            vars(made).update({name: known[name] for name in ("total", "pages", "starts") if name in known})
        if "most_used" in known and (found := self._most_used_after(made, kept)) is not None:
            vars(made)["most_used"] = found
        return made

    def _most_used_after(self, made: Tags, changed: set[str]) -> tuple[str, ...] | None:
        """The most used tags after a change, None where a tag may have moved up that neither is among them nor changed."""
        before = self.most_used
        last, members = self._rank(before[-1]) if before else (0, ""), {*before}
        if len(before) == MOST_USED and not any(tag in members or made._rank(tag) < last for tag in changed):
            return before
        candidates = (tag for tag in members | changed if made._spellings.get(tag))
        ranks = nsmallest(MOST_USED, map(made._rank, candidates))
        if len(before) == MOST_USED and (len(ranks) < MOST_USED or ranks[-1] > last):
            return None
        found = tuple(tag for _, tag in ranks)
        return before if found == before else found

    @property
    def _used(self) -> Iterator[str]:
        return (tag for tag, titles in self._spellings.items() if titles)

    def _rank(self, tag: str) -> _Rank:
        return -self.count(tag), tag


def divided(ids: Sequence[str], most: int) -> Iterator[_Page]:
    """Cut a sorted sequence into pages of at most `most` ids (2 or more), and at least a third of that where there are several.

    A page that is too large is cut before the id with the smallest checksum in its middle third. So nearly always a tag that
    comes or goes changes no other page than its own, and no page's first id, which names it.
    """
    return _cut(ids, [crc32(one.encode()) for one in ids], most)


def _cut(ids: Sequence[str], sums: Sequence[int], most: int) -> Iterator[_Page]:
    if len(ids) > most:
        third = len(ids) // _SHARE
        middle = sums[third : len(ids) - third]
        place = third + middle.index(min(middle))
        yield from _cut(ids[:place], sums[:place], most)
        yield from _cut(ids[place:], sums[place:], most)
    elif ids:
        yield tuple(ids)
