"""Templates of entries: one entry of each structure is rendered with markers as values. Values of other entries replace them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain, count
from operator import attrgetter
from typing import Any, Final, TypeVar

from feedsvc.feed_model import Alternate, Entry, Person, Term
from feedsvc.feeds.entry_cache import RenderedEntry
from feedsvc.license_model import License
from feedsvc.model import Enclosure, Image, Source, Thumbnail
from feedsvc.support.bounded_cache import BoundedCache
from feedsvc.support.date_formats import rfc822, rfc3339

_Data = TypeVar("_Data", Entry, Alternate, Person, Term, Enclosure, Source, Image, Thumbnail)
Escaper = Callable[[Any], str]
FallbackCheck = Callable[[str, bytes], bool]

_LIST_FIELDS: Final[Mapping[str, Callable[[Any], tuple[Any, ...]]]] = {
    "authors": attrgetter(*Person.__slots__),
    "categories": attrgetter(*Term.__slots__),
    "enclosures": attrgetter(*Enclosure.__slots__),
    "sources": attrgetter(*Source.__slots__),
    "alternates": attrgetter(*Alternate.__slots__),
}
_IMAGE_FIELDS: Final[Mapping[str, Callable[[Any], tuple[Any, ...]]]] = {
    "image": attrgetter(*Image.__slots__),
    "thumbnail": attrgetter(*Thumbnail.__slots__),
}
# A license is markup: all entries of a site have the same.
_MARKUP_FIELDS: Final = ("is_permalink", "license", "is_unlicensed")
_GET_MARKUP: Final = attrgetter(*_MARKUP_FIELDS)
_GET_SCALARS: Final = attrgetter(
    *(name for name in Entry.__slots__ if name not in {*_LIST_FIELDS, *_IMAGE_FIELDS, *_MARKUP_FIELDS})
)
_LIST_GETTERS: Final = tuple((attrgetter(name), values) for name, values in _LIST_FIELDS.items())
_IMAGE_GETTERS: Final = tuple((attrgetter(name), values) for name, values in _IMAGE_FIELDS.items())
# Number of the values of _GET_SCALARS, which are the first ones.
_SCALAR_COUNT: Final = len(Entry.__slots__) - len(_LIST_FIELDS) - len(_IMAGE_FIELDS) - len(_MARKUP_FIELDS)

MAX_TEMPLATES: Final = 500
_MAX_CACHED_CHARACTERS: Final = 1_000_000  # characters of content: the entries of a few feeds
_MIN_ENTRY_CHARACTERS: Final = 1_000  # characters added for each entry, beside its content
_MAX_CACHED_ESCAPES: Final = 1024  # results for each escaper
# A value that occurs nowhere else in a document. It holds every character that any escaper replaces.
_MARKER_FORMAT: Final = '\ue000{}&x<>"\t\n]]>\ue001'


@dataclass(frozen=True, slots=True)
class _EntryTemplate:
    """Markup of entries of one structure: `literals` alternate with `placeholders` (index of a value, its escaper)."""

    literals: Sequence[str]
    placeholders: Sequence[tuple[int, Escaper]]
    prefixes: frozenset[str]

    def fill(self, values: Sequence[Any]) -> str:
        pieces = [""] * (2 * len(self.placeholders) + 1)
        pieces[::2] = self.literals
        pieces[1::2] = [escape(values[index]) for index, escape in self.placeholders]
        return "".join(pieces)


def _never_needs_fallback(_text: str, _data: bytes) -> bool:
    return False


class EntryTemplates:
    """Fast equivalent of `render_fully`: fills the values of entries into templates made from its output. Thread-safe.

    `escapers` are all ways in which `render_fully` escapes a text. `render_fully` itself renders an entry if its template
    escapes a value in another way, or if `needs_fallback` returns True for the result, passed as text and as UTF-8. At most
    `max_templates` are stored.
    """

    def __init__(
        self,
        render_fully: Callable[[Entry], RenderedEntry],
        escapers: Sequence[Escaper],
        needs_fallback: FallbackCheck = _never_needs_fallback,
        *,
        max_templates: int = MAX_TEMPLATES,
    ) -> None:
        self._render_fully, self._needs_fallback = render_fully, needs_fallback
        self._escapers: Mapping[type, Sequence[Escaper]] = {str: escapers, int: (str,), datetime: (rfc3339, rfc822)}
        # Names of people, sections and tags occur in many entries.
        self._cached_escapers: Mapping[Escaper, Escaper] = {
            escaper: lru_cache(_MAX_CACHED_ESCAPES)(escaper) for escaper in chain.from_iterable(self._escapers.values())
        }
        self._templates: BoundedCache[object, _EntryTemplate] = BoundedCache(max_templates)

    def render(self, entry: Entry) -> RenderedEntry:
        values, key = _values_and_key(entry)
        template = self._templates.get(key) or self._learn(key, entry)
        if template:
            text = template.fill(values)
            data = text.encode()
            if not self._needs_fallback(text, data):
                return RenderedEntry(data, template.prefixes)
        return self._render_fully(entry)

    def _learn(self, key: object, entry: Entry) -> _EntryTemplate | None:
        template = self._build_template(_sample(entry))
        if template:
            self._templates.put(key, template)
        return template

    def _build_template(self, sample: Entry) -> _EntryTemplate | None:
        """Return the template of entries like `sample`, None if `render_fully` escapes a text or date in an unknown way."""
        rendered = self._render_fully(sample)
        values = _values(sample)[0]
        placeholders = {
            escaper(value): (index, escaper if index < _SCALAR_COUNT else self._cached_escapers[escaper])
            for index, value in enumerate(values)
            if value
            for escaper in self._escapers[type(value)]
        }
        literals, markers = _split_at_markers(rendered.data.decode(), placeholders)
        parts_of_markers = {_MARKER_FORMAT[0], *(str(value.year) for value in values if isinstance(value, datetime))}
        if any(part in literal for literal in literals for part in parts_of_markers):
            return None
        return _EntryTemplate(literals, [placeholders[marker] for marker in markers], rendered.prefixes)


def _split_at_markers(text: str, markers: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the texts between the markers that occur in `text`, and these markers, both in order of their places.

    A regular expression of all markers would be compiled for each template, which takes longer than to render its entry.
    """
    places = sorted((place, marker) for marker in markers for place in _find_all(text, marker))
    ends = [0, *(place + len(marker) for place, marker in places)]
    starts = [*(place for place, _ in places), len(text)]
    return [text[end:start] for end, start in zip(ends, starts, strict=True)], [marker for _, marker in places]


def _find_all(text: str, part: str) -> Iterator[int]:
    place = text.find(part)
    while place >= 0:
        yield place
        place = text.find(part, place + len(part))


def _values(entry: Entry) -> tuple[list[Any], list[int]]:
    """Return all values of an entry in a fixed order, and the sizes of its _LIST_FIELDS, and 0 or 1 for its _IMAGE_FIELDS."""
    values = [*_GET_SCALARS(entry)]
    sizes = []
    for get_items, get_values in _LIST_GETTERS:
        items = get_items(entry)
        sizes.append(len(items))
        for item in items:
            values += get_values(item)
    for get_image, get_values in _IMAGE_GETTERS:
        image = get_image(entry)
        sizes.append(image is not None)
        if image:
            values += get_values(image)
    return values, sizes


# Values and structure key of entries, so that only the first rendered format computes them. Keyed by id(), as in
# RenderedEntryCache. The entry is stored, too, so that its id() is not reused.
_VALUE_CACHE: Final[BoundedCache[int, tuple[Entry, list[Any], object]]] = BoundedCache(
    _MAX_CACHED_CHARACTERS, lambda cached: len(cached[0].content) + len(cached[0].markdown) + _MIN_ENTRY_CHARACTERS
)


def _values_and_key(entry: Entry) -> tuple[list[Any], object]:
    """Return the values of an entry, in the order of `_values`, and a key: entries with equal keys have equal markup."""
    cached = _VALUE_CACHE.get(id(entry))
    if cached is None:
        values, sizes = _values(entry)
        # The markup depends only on which values are empty and on the number of values of each kind.
        key = (*sizes, _GET_MARKUP(entry), entry.updated == entry.published, bytes(map(bool, values)))
        cached = entry, values, key
        _VALUE_CACHE.put(id(entry), cached)
    return cached[1:]


def _sample(entry: Entry) -> Entry:
    """Return an entry of the same structure in which a different marker replaces each text, number and date that is not empty."""
    sample = _with_markers(entry, count())
    return replace(sample, updated=sample.published) if entry.updated == entry.published else sample


def _with_markers(data: _Data, numbers: Iterator[int]) -> _Data:
    return replace(data, **{name: _marker(getattr(data, name), numbers) for name in data.__slots__})


def _marker(value: Any, numbers: Iterator[int]) -> Any:
    match value:
        case "" | 0 | bool() | None | License():
            return value
        case str():
            return _MARKER_FORMAT.format(next(numbers))
        case int():
            return 10**17 + next(numbers)
        case datetime():
            return datetime(1000 + next(numbers), 1, 1, tzinfo=UTC)
        case tuple():
            return tuple(_with_markers(item, numbers) for item in value)
    return _with_markers(value, numbers)
