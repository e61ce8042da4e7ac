"""Record page: the records of up to MAX_PAGE_SIZE files as they are stored together, with decoded articles.

A large folder has a million records, of which a process needs few after its start. So all but the articles stays encoded, in one
column (`columnar`) for each field, until a record is needed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import compress, islice, repeat
from typing import Any, Final, NamedTuple, cast, get_type_hints

import msgspec

from feedsvc.content.cache.columnar import Column, ColumnarCodec, Intern, PackedColumn
from feedsvc.content.cache.record import Record
from feedsvc.content.file_signature import SIGNATURE_SIZE, change_times
from feedsvc.content.reading import ParseResult
from feedsvc.model import Article
from feedsvc.support.digest import blake2b
from feedsvc.support.frozen_objects import set_field

_RESULT_TYPES: Final = get_type_hints(ParseResult)
_RECORD_TYPES: Final = get_type_hints(Record)
READING_COLUMNS: Final = {
    name: Column(_RESULT_TYPES[name], is_interned=name == "positions") for name in ("problems", "positions", "alias_references")
}
_SIGNATURES: Final = PackedColumn(_RECORD_TYPES["signature"], SIGNATURE_SIZE)
RECORD_COLUMNS: Final = ColumnarCodec(
    Record,
    excluded=("reading",),
    interned=("site",),
    special={"signature": _SIGNATURES, "digest": PackedColumn(_RECORD_TYPES["digest"], len(blake2b(b"")))},
)
_COLUMNS: Final = {**RECORD_COLUMNS.columns, **READING_COLUMNS}
_new_result: Final = partial(tuple.__new__, ParseResult)


def _return_unchanged(value: Any) -> Any:
    return value


class ArticleNames(NamedTuple):
    """Ids of categories and authors, and paths of media files, that articles refer to."""

    categories: frozenset[str]
    authors: frozenset[str]
    media: frozenset[str]


class RecordPage:
    """Records of many files by path, without their `markdown`. A record can be removed, but not replaced.

    `names` are what its articles refer to, those of removed records included.
    """

    __slots__ = ("_articles", "_columns", "_is_complete", "names", "paths")

    def __init__(
        self,
        paths: list[str],
        articles: list[Article | None],
        columns: Mapping[str, msgspec.Raw],
        names: ArticleNames,
    ) -> None:
        """Initialize with sorted paths, the articles of the readings in their order, and the columns of all other fields.

        Raises msgspec.DecodeError, ValueError, TypeError, OverflowError or KeyError if the columns are not valid.
        """
        self.paths, self._articles, self.names = paths, articles, names
        self._is_complete = all(articles)  # True if each record has an article and none was removed
        # A copy, because the original refers to the bytes of the whole page.
        self._columns = {name: columns[name].copy() for name in _COLUMNS}
        if paths != sorted(paths):
            raise msgspec.DecodeError("the paths are not sorted")
        for name, column in _COLUMNS.items():
            column.check(self._columns[name], len(paths))

    def __iter__(self) -> Iterator[str]:
        """Return the paths of the records."""
        return compress(self.paths, self._articles)

    @property
    def size(self) -> int:
        """Number of the records."""
        return len(self.paths) - (0 if self._is_complete else self._articles.count(None))

    def record(self, path: str) -> Record:
        """Return the record of a path, which must have one in this page."""
        index = self._index(path)
        fields = {name: next(islice(self._decode(name), index, None)) for name in _COLUMNS}
        reading = ParseResult(self._articles[index], **{name: fields.pop(name) for name in READING_COLUMNS})
        return Record(reading=reading, **fields)

    def records(self, intern: Intern = _return_unchanged) -> dict[str, Record]:
        """Return all records by path; `intern` returns one object for equal values. Those of removed paths have no article."""
        records = RECORD_COLUMNS.decode(self._columns, len(self.paths), intern)
        readings = zip(self._articles, *(self._decode(name, intern) for name in READING_COLUMNS), repeat(""), strict=False)
        set_field(records, "reading", map(_new_result, readings))
        return dict(zip(self.paths, records, strict=True))

    def remove(self, path: str) -> None:
        """Remove the record of a path, which must have one in this page, because another one has replaced it."""
        self._articles[self._index(path)] = None
        self._is_complete = False

    def article(self, path: str) -> Article | None:
        """Return the article in the reading of a path, None if the page has no such path or it was removed."""
        index = self._index(path)
        return self._articles[index] if index < len(self.paths) and self.paths[index] == path else None

    def articles(self) -> Sequence[Article]:
        """Return the article of each record that has one, in the order of paths."""
        return cast("list[Article]", self._articles) if self._is_complete else [*filter(None, self._articles)]

    def signatures(self) -> tuple[Sequence[str], bytes]:
        """Return the paths of all records that have a signature and an article, and their signatures one after another."""
        packed = _SIGNATURES.decode_packed(self._columns["signature"], len(self.paths)) if self._is_complete else None
        if packed is not None:
            return self.paths, packed
        items = [*zip(self.paths, self._decode("signature"), self._articles, strict=True)]
        paths = [path for path, signature, article in items if article and signature]
        return paths, b"".join([signature for _, signature, article in items if article and signature])

    def paths_changed_after(self, moment: float) -> list[str]:
        """Return those paths of `signatures` whose files changed after `moment`, in nanoseconds since 1970."""
        paths, signatures = self.signatures()
        return [path for path, time in zip(paths, change_times(signatures), strict=True) if time > moment]

    def unsettled_paths(self) -> list[str]:
        """Return the paths of records with problems, without an article or a signature, or whose article is not active."""
        has_faults = any(any(self._distinct_values(name)) for name in ("good", "problems"))
        if not has_faults and all(self._distinct_values("stood")) and len(self.signatures()[0]) == len(self.paths):
            return []  # as in most pages
        columns = (self._decode(name) for name in ("stood", "signature", "good", "problems"))
        items = zip(self.paths, self._articles, *columns, strict=False)
        return [path for path, *required, good, problems in items if not all(required) or good or problems]

    def site_fingerprints(self) -> set[str]:
        """Return the fingerprints of settings that the readings depend on (`Record.site`)."""
        return {*self._distinct_values("site")}

    def has_references(self) -> bool:
        """Return whether a reading depends on media files or on aliases of authors or categories."""
        return any(any(self._distinct_values(name)) for name in ("media", "alias_references"))

    def _index(self, path: str) -> int:
        return bisect_left(self.paths, path)

    def _decode(self, name: str, intern: Intern = _return_unchanged) -> Iterator[Any]:
        return iter(_COLUMNS[name].decode(self._columns[name], len(self.paths), intern))

    def _distinct_values(self, name: str) -> list[Any]:
        return _COLUMNS[name].decode_distinct(self._columns[name])
