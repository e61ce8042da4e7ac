"""Records as bytes, which lie on disk and pass between processes: one, or many together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import repeat
from operator import attrgetter
from typing import Final, get_type_hints

import msgspec

from feedsvc.content.cache.columnar import Column, Columns, put
from feedsvc.content.cache.record import Record, Shared
from feedsvc.content.reading.article import Reading
from feedsvc.model import Article, Tag
from feedsvc.tag_slugs import former_slug, tag_slug

LARGEST: Final = 2000  # records that are packed together: their objects and their bytes are in memory at once

# Letters that are no UTF-8 are no DecodeError of msgspec's; bytes that are none raise TypeError.
_DAMAGES: Final = (msgspec.DecodeError, ValueError, TypeError, OverflowError)

_HINTS: Final = get_type_hints(Reading)
_PROBLEMS, _PLACES, _NAMED = Column(_HINTS["problems"]), Column(_HINTS["places"], is_shared=True), Column(_HINTS["named"])
_STOOD, _GOOD = Column(bool), Column(Article | None)
_RECORDS: Final = Columns(Record, others=("reading",), shared=("site",), several={})
_ARTICLES: Final = Columns(
    Article, others=("path",), shared=("categories", "authors", "language", "aliases"), several={"tags": Tag}
)


@dataclass(frozen=True, slots=True)
class _Former:
    """Records of another version of the program: their articles alone.

    `lacking` are the places of those that have none.
    """

    paths: list[str]
    lacking: list[int]
    articles: Mapping[str, msgspec.Raw]
    records: Mapping[str, msgspec.Raw]


@dataclass(frozen=True, slots=True)
class _Packed(_Former):
    readings: tuple[msgspec.Raw, msgspec.Raw, msgspec.Raw]


@dataclass(frozen=True, slots=True)
class _FormerOne:
    """A record of another version of the program: of how the file read, the article alone, which comes first."""

    reading: tuple[msgspec.Raw, ...]
    stood: bool = False
    good: Article | None = None

    @property
    def last(self) -> Article | None:
        return _ARTICLE.decode(self.reading[0]) if self.stood and self.reading else self.good


_ENCODER: Final = msgspec.msgpack.Encoder()
_PACKED, _FORMER = msgspec.msgpack.Decoder(_Packed), msgspec.msgpack.Decoder(_Former)
_ONE, _FORMER_ONE = msgspec.msgpack.Decoder(Record), msgspec.msgpack.Decoder(_FormerOne)
_ARTICLE: Final[msgspec.msgpack.Decoder[Article | None]] = msgspec.msgpack.Decoder(Article | None)
_reading: Final = partial(tuple.__new__, Reading)


def packed(records: Mapping[str, Record]) -> bytes:
    """By their paths."""
    readings = [record.reading for record in records.values()]
    problems, places, named = ([*map(attrgetter(name), readings)] for name in ("problems", "places", "named"))
    return _ENCODER.encode(
        _Packed(
            paths=[*records],
            lacking=[place for place, reading in enumerate(readings) if reading.article is None],
            articles=_ARTICLES.written(reading.article for reading in readings if reading.article),
            records=_RECORDS.written(records.values()),
            readings=(_PROBLEMS.written(problems), _PLACES.written(places), _NAMED.written(named)),
        )
    )


def unpacked(data: bytes, share: Shared) -> dict[str, Record]:
    """Nothing, where the bytes are not those of records."""
    try:
        return _unpacked(_PACKED.decode(data), share)
    except _DAMAGES:
        return {}


def _unpacked(found: _Packed, share: Shared) -> dict[str, Record]:
    count, value = len(found.paths), share.value
    problems, places, named = (
        column.read(part, count, value) for column, part in zip((_PROBLEMS, _PLACES, _NAMED), found.readings, strict=True)
    )
    records = _RECORDS.read(found.records, count, value)
    put(records, "reading", map(_reading, zip(_articles(found, share), problems, places, named, repeat(""), strict=False)))
    return dict(zip(found.paths, records, strict=True))


def former(data: bytes, share: Shared) -> dict[str, Record | None]:
    """What another version packed, as far as this one can read it: what stood last, but nothing that could still be true.

    None of what nothing stood of.
    """
    try:
        found = _FORMER.decode(data)
        count = len(found.paths)
        articles = _articles(found, share)
        stood, good = (
            column.read(found.records[name], count, share.value) for name, column in (("stood", _STOOD), ("good", _GOOD))
        )
        last = [article if stands else kept for article, stands, kept in zip(articles, stood, good, strict=True)]
    except (*_DAMAGES, KeyError):
        return {}
    return {path: _left(article) if article else None for path, article in zip(found.paths, last, strict=True)}


def packed_one(record: Record) -> bytes:
    return _ENCODER.encode(record)


def unpacked_one(data: bytes) -> Record | None:
    """None if it cannot be read."""
    try:
        return _ONE.decode(data)
    except _DAMAGES:
        return None


def former_one(data: bytes) -> Record | None:
    """As `former`; None where there is nothing left."""
    try:
        last = _FORMER_ONE.decode(data).last
    except _DAMAGES:
        return None
    return _left(last) if last else None


def _articles(found: _Former, share: Shared) -> Sequence[Article | None]:
    """In the order of the paths."""
    lacking = {*found.lacking}
    paths: Iterable[str] = [path for place, path in enumerate(found.paths) if place not in lacking] if lacking else found.paths
    articles = _ARTICLES.read(found.articles, len(found.paths) - len(lacking), share.value)
    put(articles, "path", paths)
    for article in articles:
        share.moments(article)
    every: list[Article | None] = [*articles]
    for place in found.lacking:
        every.insert(place, None)
    return every


def _left(article: Article) -> Record:
    return Record(stamp=None, digest=b"", reading=Reading(None, ()), good=_retagged(article))


def _retagged(article: Article) -> Article:
    """Return an article of another version with the slugs that its tags have in this one."""
    if not any(former_slug(tag.title) for tag in article.tags):
        return article
    tags: dict[str, Tag] = {}
    for tag in article.tags:
        slug = tag_slug(tag.title)
        tags.setdefault(slug, Tag(id=slug, title=tag.title))
    return replace(article, tags=tuple(tags.values()))
