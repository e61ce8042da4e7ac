"""What a catalog is asked by name. A change copies an index; nothing is put in order before somebody walks through it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from feedsvc.listing import Row, merged, row_key
from feedsvc.model import MediaFile

Name = tuple[str, str]
_K = TypeVar("_K")


class BySlug(Mapping[str, Row]):
    """Rows by their slugs, in the rows' order."""

    def __init__(self, rows: tuple[Row, ...], index: dict[str, Row] | None = None) -> None:
        self.rows = rows
        self._index = {row.article.slug: row for row in rows} if index is None else index

    def __getitem__(self, slug: str) -> Row:
        return self._index[slug]

    def __iter__(self) -> Iterator[str]:
        return (row.article.slug for row in self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def replaced(self, gone: Sequence[Row], come: Sequence[Row], rows: tuple[Row, ...] | None = None) -> BySlug:
        """With other rows; `rows` are all that are left, where somebody has them already."""
        if not gone and not come:
            return self
        index = self._index.copy()
        for row in gone:
            del index[row.article.slug]
        index |= {row.article.slug: row for row in come}
        return BySlug(merged(self.rows, gone, come, row_key) if rows is None else rows, index)


class Moved(Mapping[Name, str]):
    """Where former names lead, in the order of these names."""

    def __init__(self, index: dict[Name, str]) -> None:
        self._index = index

    def __getitem__(self, name: Name) -> str:
        return self._index[name]

    def __iter__(self) -> Iterator[Name]:
        return iter(sorted(self._index))

    def __len__(self) -> int:
        return len(self._index)

    def replaced(self, gone: Mapping[Name, str], come: Mapping[Name, str]) -> Moved:
        if gone == come:
            return self
        left = self._index.copy()
        for name in gone:
            del left[name]
        left.update(come)
        return Moved(left)


@dataclass(frozen=True, eq=False)
class Referred(Mapping[str, MediaFile]):
    """Those of the `files` that something refers to, by path; `counts` tells how often."""

    files: Mapping[str, MediaFile]
    counts: Mapping[str, int]

    def __getitem__(self, path: str) -> MediaFile:
        if path not in self.counts:
            raise KeyError(path)
        return self.files[path]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.counts))

    def __len__(self) -> int:
        return len(self.counts)

    def replaced(self, files: Mapping[str, MediaFile], gone: Iterable[str], come: Iterable[str]) -> Referred:
        return Referred(files, counted(self.counts, gone, come))


def counted(counts: Mapping[_K, int], gone: Iterable[_K], come: Iterable[_K]) -> Mapping[_K, int]:
    """How often each is there after a change; what is there no more has no count. The same object if nothing changed."""
    change = Counter(come)
    change.subtract(Counter(gone))
    moved = {key: counts.get(key, 0) + more for key, more in change.items() if more}
    if not moved:
        return counts
    found = {**counts, **moved}
    for key in [key for key, count in moved.items() if not count]:
        del found[key]
    return found
