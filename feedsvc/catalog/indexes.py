"""Lookup tables of a catalog. A change is laid over the former table; keys are sorted when they are iterated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import attrgetter
from typing import Final, Generic, TypeVar

from feedsvc.catalog.row import Row
from feedsvc.model import MediaFile
from feedsvc.support.sorted_chunks import Ordered

Name = tuple[str, str]
_K = TypeVar("_K")
_V = TypeVar("_V")

_ARTICLE: Final = "article"  # the kind of an article's former slugs
_slug: Final = attrgetter("article.slug")
_MOST_CHANGES: Final = 500  # more of them become one with what they lie upon


class Layered(Generic[_K, _V]):
    """A dictionary that is never modified, and the changes since: a change does not copy the whole."""

    def __init__(self, whole: dict[_K, _V], changes: dict[_K, _V | None] | None = None) -> None:
        self._whole = whole
        self._changes = changes or {}

    def get(self, key: _K) -> _V | None:
        return self._changes[key] if key in self._changes else self._whole.get(key)

    def keys(self) -> list[_K]:
        """Return the keys, in no particular order."""
        untouched = (key for key in self._whole if key not in self._changes)
        return [*untouched, *(key for key, value in self._changes.items() if value is not None)]

    def replaced(self, gone: Iterable[_K], come: Mapping[_K, _V]) -> Layered[_K, _V]:
        changes: dict[_K, _V | None] = {**self._changes, **dict.fromkeys(gone), **come}
        if len(changes) <= _MOST_CHANGES:
            return Layered(self._whole, changes)
        # In one copy: nobody else's thread runs while it is made.
        whole = self._whole.copy()
        for key, value in changes.items():
            if value is None:
                whole.pop(key, None)
            else:
                whole[key] = value
        return Layered(whole)


class BySlug(Mapping[str, Row]):
    """Rows by their slugs, in the rows' order. The index is built on first need: feeds need none, so no start waits for it."""

    def __init__(self, rows: Ordered[Row], index: Layered[str, Row] | None = None) -> None:
        self.rows = rows
        if index:
            vars(self)["_index"] = index  # where the property would keep its own

    @cached_property
    def _index(self) -> Layered[str, Row]:
        return Layered(dict(zip(map(_slug, self.rows), self.rows, strict=True)))

    def __getitem__(self, slug: str) -> Row:
        return _found(self._index.get(slug), slug)

    def __iter__(self) -> Iterator[str]:
        return map(_slug, self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def replaced(self, gone: Sequence[Row], come: Sequence[Row], rows: Ordered[Row] | None = None) -> BySlug:
        """Return a table without and with these rows; `rows` are all rows of it, if the caller has them already."""
        if not gone and not come:
            return self
        index = self._index.replaced((row.article.slug for row in gone), {row.article.slug: row for row in come})
        return BySlug(self.rows.replaced(gone, come) if rows is None else rows, index)


class Moved(Mapping[Name, str]):
    """Former names and the current ones, in the order of the former names."""

    def __init__(self, index: Layered[Name, str]) -> None:
        self._index = index

    def __getitem__(self, name: Name) -> str:
        return _found(self._index.get(name), name)

    def __iter__(self) -> Iterator[Name]:
        return iter(sorted(self._index.keys()))

    def __len__(self) -> int:
        return len(self._index.keys())

    @cached_property
    def of_listings(self) -> Mapping[Name, tuple[str, ...]]:
        """Return (kind, id) -> the former names of that listing, in order. Articles, of which there may be many, are left out."""
        found: dict[Name, list[str]] = {}
        names = self._index.keys()
        for kind, alias in sorted(name for name in names if name[0] != _ARTICLE):
            found.setdefault((kind, self[kind, alias]), []).append(alias)
        return {name: tuple(aliases) for name, aliases in found.items()}

    def replaced(self, gone: Mapping[Name, str], come: Mapping[Name, str]) -> Moved:
        if gone == come:
            return self
        made = Moved(self._index.replaced(gone, come))
        if "of_listings" in vars(self) and all(kind == _ARTICLE for kind, _ in chain(gone, come)):
            vars(made)["of_listings"] = self.of_listings  # where cached_property keeps it
        return made


@dataclass(frozen=True, eq=False)
class Referred(Mapping[str, MediaFile]):
    """Media files that something refers to, by path and in that order; `counts` tells how often.

    A path that is not in `files`, since the file was deleted, is left out; the last valid version of an article may still
    refer to it.
    """

    files: Mapping[str, MediaFile]
    counts: Layered[str, int]

    def __getitem__(self, path: str) -> MediaFile:
        _found(self.counts.get(path), path)
        return self.files[path]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(filter(self.files.__contains__, self.counts.keys())))

    def __len__(self) -> int:
        return sum(map(self.files.__contains__, self.counts.keys()))

    def replaced(self, files: Mapping[str, MediaFile], gone: Iterable[str], come: Iterable[str]) -> Referred:
        left, new = tuple(gone), tuple(come)
        had = {path: self.counts.get(path) or 0 for path in chain(left, new)}
        has = counted(had, left, new)
        return Referred(files, self.counts.replaced(had, has) if has is not had else self.counts)


def counted(counts: Mapping[_K, int], gone: Iterable[_K], come: Iterable[_K]) -> Mapping[_K, int]:
    """Return the counts after a change, without keys whose count is zero; the same object if nothing changed.

    `gone` and `come` may be counts themselves.
    """
    change = Counter(come)
    change.subtract(Counter(gone))
    if not any(change.values()):
        return counts
    found = {**counts, **{key: counts.get(key, 0) + more for key, more in change.items()}}
    return {key: count for key, count in found.items() if count}


def _found(value: _V | None, key: object) -> _V:
    if value is None:
        raise KeyError(key)
    return value
