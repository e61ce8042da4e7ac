"""Record codec: one record or a page of many as MessagePack, for the disk and for other processes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Any, Final

import msgspec

from feedsvc.content.cache.columnar import Column, ColumnarCodec, TupleColumn
from feedsvc.content.cache.record import Interner, Record
from feedsvc.content.cache.record_page import READING_COLUMNS, RECORD_COLUMNS, ArticleNames, RecordPage
from feedsvc.content.reading import ParseResult
from feedsvc.model import Article, Tag
from feedsvc.support.frozen_objects import set_field

MAX_PAGE_SIZE: Final = 2000  # records in one page, because their objects and their bytes are in memory at once

# For invalid UTF-8 msgspec raises UnicodeDecodeError, a ValueError. For values other than bytes it raises TypeError. A missing
# column raises KeyError.
_DECODE_ERRORS: Final = (msgspec.DecodeError, ValueError, TypeError, OverflowError, KeyError)

_LAST_VALID_COLUMNS: Final = {"stood": Column(bool), "good": Column(Article | None)}
_ARTICLE_COLUMNS: Final = ColumnarCodec(
    Article, excluded=("path",), interned=("categories", "authors", "language", "aliases"), special={"tags": TupleColumn(Tag)}
)


@dataclass(frozen=True, slots=True)
class _Page:
    """Page of many records: their paths, and one encoded column (`columnar`) for each field, in the order of the paths.

    `articles` has columns of the fields of Article, except `path`, for the articles of the readings. `records` has those of
    all other fields: of Record, except `reading`, and of the readings, except `article` and `markdown`. `lacking` are the
    indexes in `paths` of records whose reading has no article; the columns of `articles` skip these records.
    """

    paths: list[str]
    lacking: list[int]
    articles: Mapping[str, msgspec.Raw]
    records: Mapping[str, msgspec.Raw]


@dataclass(frozen=True, slots=True)
class _FormerRecord:
    """Record that another version of feedsvc wrote. Of `reading` only the first item, the article, is decoded."""

    reading: tuple[msgspec.Raw, ...]
    stood: bool = False
    good: Article | None = None

    @property
    def last_valid(self) -> Article | None:
        return _ARTICLE_DECODER.decode(self.reading[0]) if self.stood and self.reading else self.good


_ENCODER: Final = msgspec.msgpack.Encoder()
_PAGE_DECODER: Final = msgspec.msgpack.Decoder(_Page)
_RECORD_DECODER, _FORMER_RECORD_DECODER = msgspec.msgpack.Decoder(Record), msgspec.msgpack.Decoder(_FormerRecord)
_ARTICLE_DECODER: Final[msgspec.msgpack.Decoder[Article | None]] = msgspec.msgpack.Decoder(Article | None)


def encode_page(records: Mapping[str, Record]) -> bytes:
    """Return records by path, encoded as one page, sorted by path. The caller passes at most MAX_PAGE_SIZE (2,000) of them.

    The `path` of a reading's article must be the key of its record. The `markdown` of readings is left out; decoded, it is "".
    """
    paths = sorted(records)
    sorted_records = [*map(records.__getitem__, paths)]
    readings = [record.reading for record in sorted_records]
    reading_columns = {name: column.encode([*map(attrgetter(name), readings)]) for name, column in READING_COLUMNS.items()}
    return _ENCODER.encode(
        _Page(
            paths=paths,
            lacking=[index for index, reading in enumerate(readings) if reading.article is None],
            articles=_ARTICLE_COLUMNS.encode(reading.article for reading in readings if reading.article),
            records=RECORD_COLUMNS.encode(sorted_records) | reading_columns,
        )
    )


def decode_page(data: bytes, interner: Interner) -> RecordPage | None:
    """Return a page that this version encoded; None if the bytes are not a valid page.

    Parts that repeat in articles, such as authors, categories and tags, are interned by `interner`.
    """
    try:
        page = _PAGE_DECODER.decode(data)
        names = ArticleNames(**{name: _names_in_column(page, name) for name in ArticleNames._fields})
        return RecordPage(page.paths, _decode_articles(page, interner), page.records, names)
    except _DECODE_ERRORS:
        return None


def _names_in_column(page: _Page, name: str) -> frozenset[str]:
    """Return the names in a column of tuples of names of `page.articles`. Raises _DECODE_ERRORS."""
    return frozenset(chain.from_iterable(_ARTICLE_COLUMNS.columns[name].decode_distinct(page.articles[name])))


def _decode_columns(page: _Page, columns: Mapping[str, Column], interner: Interner) -> Iterator[Iterable[Any]]:
    """Yield, for each of these columns of `page.records`, its values, one for each record. Raises _DECODE_ERRORS."""
    return (column.decode(page.records[name], len(page.paths), interner.intern) for name, column in columns.items())


def decode_former_page(data: bytes, interner: Interner) -> dict[str, Record | None]:
    """Return the records of a page that another version wrote, by path, each reduced to its last valid version.

    They have no signature, so that the files are read again. A record without a last valid version is replaced by None. Return
    {} if this version cannot decode the page.
    """
    try:
        page = _PAGE_DECODER.decode(data)
        fields = zip(_decode_articles(page, interner), *_decode_columns(page, _LAST_VALID_COLUMNS, interner), strict=True)
        last_valid: list[Article | None] = [article if is_active else other for article, is_active, other in fields]
    except _DECODE_ERRORS:
        return {}
    return {
        path: _record_of_last_valid(article) if article else None for path, article in zip(page.paths, last_valid, strict=True)
    }


def encode_record(record: Record) -> bytes:
    """Return one record, encoded for `decode_record`. The path that it is stored under is not part of it."""
    return _ENCODER.encode(record)


def decode_record(data: bytes) -> Record | None:
    """Return the record that `encode_record` of this version encoded; None if the bytes are not a valid record."""
    try:
        return _RECORD_DECODER.decode(data)
    except _DECODE_ERRORS:
        return None


def decode_former_record(data: bytes) -> Record | None:
    """Return a record that `encode_record` of another version encoded, reduced to its last valid version.

    It has no signature, so that the file is read again. Return None if it has no last valid version, or if this version cannot
    decode it.
    """
    try:
        article = _FORMER_RECORD_DECODER.decode(data).last_valid
    except _DECODE_ERRORS:
        return None
    return _record_of_last_valid(article) if article else None


def _decode_articles(page: _Page, interner: Interner) -> list[Article | None]:
    """Return the articles of the readings in the order of the paths; None for one without an article. Raises _DECODE_ERRORS."""
    lacking = {*page.lacking}
    paths: Iterable[str] = [path for index, path in enumerate(page.paths) if index not in lacking] if lacking else page.paths
    articles = _ARTICLE_COLUMNS.decode(page.articles, len(page.paths) - len(lacking), interner.intern)
    set_field(articles, "path", paths)
    if page.articles["updated"] == page.articles["published"]:  # as in most pages
        set_field(articles, "updated", map(attrgetter("published"), articles))
    else:
        deque(map(interner.intern_dates, articles), maxlen=0)
    result: list[Article | None] = [*articles]
    for index in page.lacking:
        result.insert(index, None)
    return result


def _record_of_last_valid(article: Article) -> Record:
    """Return a record whose last valid version (`good`) is this article, without a signature and with an empty reading."""
    return Record(signature=None, digest=b"", reading=ParseResult(None, ()), good=article)
