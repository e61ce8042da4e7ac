"""Entries of one shape are spelled alike but for their values: a format spells one of them, and the others are filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from operator import attrgetter
from typing import Any, Final, TypeVar

from feedsvc.feeds.entry_cache import Part
from feedsvc.model import Enclosure, Entry, Image, Person, Source, Term, Thumbnail
from feedsvc.support.date_formats import rfc822, rfc3339

_Data = TypeVar("_Data", Entry, Person, Term, Enclosure, Source, Image, Thumbnail)
Way = Callable[[Any], str]
Odd = Callable[[str, bytes], bool]

_LISTS: Final[Mapping[str, Callable[[Any], tuple[Any, ...]]]] = {
    "authors": attrgetter(*Person.__slots__),
    "categories": attrgetter(*Term.__slots__),
    "enclosures": attrgetter(*Enclosure.__slots__),
    "sources": attrgetter(*Source.__slots__),
}
_PICTURES: Final[Mapping[str, Callable[[Any], tuple[Any, ...]]]] = {
    "image": attrgetter(*Image.__slots__),
    "thumbnail": attrgetter(*Thumbnail.__slots__),
}
_LONE: Final = attrgetter(*(name for name in Entry.__slots__ if name not in {*_LISTS, *_PICTURES, "permalink"}))
_LISTED: Final = tuple((attrgetter(name), values) for name, values in _LISTS.items())
_SHOWN: Final = tuple((attrgetter(name), values) for name, values in _PICTURES.items())
_OWN: Final = len(Entry.__slots__) - len(_LISTS) - len(_PICTURES) - 1  # the values of _LONE, which come first

_MOST_SHAPES: Final = 500
_MOST_FORMS: Final = 1_000_000  # characters of content, of the entries of a few feeds
_LEAST_FORM: Final = 1_000  # characters that one counts for
_MOST_SPELLED: Final = 1024  # for each way
# A value that stands nowhere else in a document. A text holds whatever any way of spelling may spell otherwise.
_TEXT: Final = '\ue000{}&x<>"\t\n]]>\ue001'
_SIGN: Final = re.compile(
    "(\ue000[^\ue000\ue001]*\ue001|1[0-9]{17}|1[0-9]{3}-01-01T00:00:00Z|[A-Z][a-z]{2}, 01 Jan 1[0-9]{3} 00:00:00 GMT)"
)


@dataclass(frozen=True, slots=True)
class _Shape:
    """`texts` stand around the values: for each of `places` the number of a value and how it is spelled there."""

    texts: Sequence[str]
    places: Sequence[tuple[int, Way]]
    prefixes: frozenset[str]

    def filled(self, values: Sequence[Any]) -> str:
        pieces = [""] * (2 * len(self.places) + 1)
        pieces[::2] = self.texts
        pieces[1::2] = [way(values[number]) for number, way in self.places]
        return "".join(pieces)


class _Forms:
    """The values of entries, and what their shapes hang on, kept for the next format. Safe in threads."""

    def __init__(self) -> None:
        # By identity, as parts are. Each entry is held, so no other gets its number.
        self._made: dict[int, tuple[Entry, list[Any], object]] = {}
        self._size = 0

    def of(self, entry: Entry) -> tuple[list[Any], object]:
        known = self._made.get(id(entry))
        if known is None:
            values, sizes = _values(entry)
            # Only whether there is a text, and how many of a kind there are, decides what stands around the texts.
            key = (*sizes, entry.permalink, entry.updated == entry.published, bytes(map(bool, values)))
            self._size += len(entry.content) + _LEAST_FORM
            if self._size > _MOST_FORMS:
                self._made, self._size = {}, 0
            known = self._made[id(entry)] = entry, values, key
        return known[1:]


def _never(_text: str, _data: bytes) -> bool:
    return False


class Shapes:
    """What `spelled` gives for an entry, made from what it gave for one of the same shape. Safe in threads.

    `ways` are the ways in which it spells a text. An entry that holds anything else, or that `odd` is true of as text and in
    UTF-8, is spelled by `spelled` itself.
    """

    def __init__(self, spelled: Callable[[Entry], Part], ways: Sequence[Way], odd: Odd = _never) -> None:
        self._spelled, self._odd = spelled, odd
        self._ways: Mapping[type, Sequence[Way]] = {str: ways, int: (str,), datetime: (rfc3339, rfc822)}
        # People, sections and tags stand in many entries.
        self._again: Mapping[Way, Way] = {
            way: lru_cache(_MOST_SPELLED)(way) for several in self._ways.values() for way in several
        }
        self._shapes: dict[object, _Shape] = {}

    def part(self, entry: Entry) -> Part:
        values, key = _FORMS.of(entry)
        shape = self._shapes.get(key) or self._learnt(key, entry)
        if shape:
            text = shape.filled(values)
            data = text.encode()
            if not self._odd(text, data):
                return Part(data, shape.prefixes)
        return self._spelled(entry)

    def _learnt(self, key: object, entry: Entry) -> _Shape | None:
        shape = self._shape(_sample(entry))
        if shape:
            if len(self._shapes) >= _MOST_SHAPES:
                self._shapes.clear()
            self._shapes[key] = shape
        return shape

    def _shape(self, sample: Entry) -> _Shape | None:
        part = self._spelled(sample)
        places = {
            way(value): (number, way if number < _OWN else self._again[way])
            for number, value in enumerate(_values(sample)[0])
            if value
            for way in self._ways[type(value)]
        }
        pieces = _SIGN.split(part.data.decode())
        signs = pieces[1::2]
        return _Shape(pieces[::2], [places[sign] for sign in signs], part.prefixes) if places.keys() >= {*signs} else None


def _values(entry: Entry) -> tuple[list[Any], list[int]]:
    """Every value of an entry in one order, and how many there are of each kind."""
    values = [*_LONE(entry)]
    sizes = []
    for listed, of in _LISTED:
        some = listed(entry)
        sizes.append(len(some))
        for one in some:
            values += of(one)
    for shown, of in _SHOWN:
        picture = shown(entry)
        sizes.append(picture is not None)
        if picture:
            values += of(picture)
    return values, sizes


_FORMS: Final = _Forms()


def _sample(entry: Entry) -> Entry:
    """An entry of the same shape whose every value is a sign."""
    sample = _signed(entry, count())
    return replace(sample, updated=sample.published) if entry.updated == entry.published else sample


def _signed(data: _Data, numbers: Iterator[int]) -> _Data:
    return replace(data, **{name: _sign(getattr(data, name), numbers) for name in data.__slots__})


def _sign(value: Any, numbers: Iterator[int]) -> Any:
    match value:
        case "" | bool() | None:
            return value
        case str():
            return _TEXT.format(next(numbers))
        case int():
            return 10**17 + next(numbers)
        case datetime():
            return datetime(1000 + next(numbers), 1, 1, tzinfo=UTC)
        case tuple():
            return tuple(_signed(one, numbers) for one in value)
    return _signed(value, numbers)
