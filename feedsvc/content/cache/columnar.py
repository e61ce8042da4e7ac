"""Columnar codec: many objects of one class as MessagePack, field by field.

Decoding is several times faster than object by object, and the result has half as many bytes. A value that all objects
have is stored once, and so is each distinct value of a field whose values repeat.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from itertools import chain, repeat
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar, get_type_hints

import msgspec

_T = TypeVar("_T")
_ENCODER: Final = msgspec.msgpack.Encoder()

# Returns one object for equal values.
Intern = Callable[[Any], Any]


class Column:
    """Codec of one field. Encodes one value for each object, one for all, or the distinct values and an index for each object."""

    def __init__(self, kind: Any, *, is_interned: bool = False) -> None:
        """Set `is_interned` if values of type `kind` are hashable and many objects have the same one."""
        self._is_interned = is_interned
        self._decoder: Any = msgspec.msgpack.Decoder(tuple[list[kind], list[int] | None])

    def encode(self, values: Sequence[object]) -> msgspec.Raw:
        return msgspec.Raw(_ENCODER.encode(self._distinct_values(values)))

    def _distinct_values(self, values: Sequence[object]) -> tuple[Sequence[object], list[int] | None]:
        if values and values.count(values[0]) == len(values):
            return values[:1], None
        if self._is_interned:
            numbers: dict[object, int] = {}
            whose = [numbers.setdefault(value, len(numbers)) for value in values]
            if 2 * len(numbers) <= len(values):
                return [*numbers], whose
        return values, None

    def decode(self, data: msgspec.Raw, count: int, share: Intern) -> Iterable[Any]:
        """Return `count` values. Raises msgspec.DecodeError if there is another number of them or a bad index."""
        values, whose = self._decoder.decode(data)
        if self._is_interned:
            values = [*map(share, values)]
        if whose is not None:
            _check_indexes(whose, values)
            return map(values.__getitem__, _check_count(whose, count))
        return repeat(values[0], count) if len(values) == 1 else _check_count(values, count)


class TupleColumn(Column):
    """Codec of a field of tuples whose items are hashable and occur in many objects."""

    def __init__(self, part: Any) -> None:
        super().__init__(part, is_interned=True)
        self._decoder = msgspec.msgpack.Decoder(tuple[list[part], list[tuple[int, ...]]])

    def encode(self, values: Sequence[Any]) -> msgspec.Raw:
        numbers: dict[object, int] = {}
        whose = [[numbers.setdefault(part, len(numbers)) for part in value] for value in values]
        return msgspec.Raw(_ENCODER.encode(([*numbers], whose)))

    def decode(self, data: msgspec.Raw, count: int, share: Intern) -> list[tuple[Any, ...]]:
        parts, whose = self._decoder.decode(data)
        _check_indexes([*chain.from_iterable(whose)], parts)
        part = [*map(share, parts)].__getitem__
        return [tuple(map(part, one)) for one in _check_count(whose, count)]


class ColumnarCodec(Generic[_T]):
    """Codec of the fields of a frozen dataclass with slots, except the `excluded` ones."""

    def __init__(
        self, kind: type[_T], *, excluded: Collection[str], interned: Collection[str], tuple_items: Mapping[str, Any]
    ) -> None:
        """Set `is_interned` for the columns of `interned` fields; `tuple_items` maps fields of tuples to their items' type."""
        self._kind, hints = kind, get_type_hints(kind)
        self._columns = {
            name: TupleColumn(tuple_items[name]) if name in tuple_items else Column(hint, is_interned=name in interned)
            for name, hint in hints.items()
            if name not in excluded
        }
        defaults = {field.name: field.default for field in fields(kind)}  # type: ignore[arg-type]
        self._defaults = {name: default for name, default in defaults.items() if default is not MISSING}

    def encode(self, objects: Iterable[_T]) -> dict[str, msgspec.Raw]:
        every = [*objects]
        return {name: column.encode([*map(attrgetter(name), every)]) for name, column in self._columns.items()}

    def decode(self, data: Mapping[str, msgspec.Raw], count: int, share: Intern) -> list[_T]:
        """Return `count` objects. A field that was not written has its default; the caller sets the `excluded` fields.

        Raises msgspec.DecodeError if a column has another number of values, or a field without default is missing.
        """
        make: Callable[[type[_T]], _T] = self._kind.__new__
        made = [*map(make, repeat(self._kind, count))]
        for name, column in self._columns.items():
            set_field(made, name, column.decode(data[name], count, share) if name in data else repeat(self._default(name), count))
        return made

    def _default(self, name: str) -> object:
        if name not in self._defaults:
            raise msgspec.DecodeError(f"no {name} was written")
        return self._defaults[name]


def set_field(objects: Sequence[object], name: str, values: Iterable[object]) -> None:
    """Set a field of frozen objects of one class. Only for new objects that no other code refers to yet."""
    if objects:
        deque(map(getattr(type(objects[0]), name).__set__, objects, values), maxlen=0)


def _check_indexes(whose: Sequence[int], values: Sequence[object]) -> None:
    if whose and (min(whose) < 0 or max(whose) >= len(values)):
        raise msgspec.DecodeError("a value is named that was not written")


def _check_count(values: Sequence[_T], count: int) -> Sequence[_T]:
    if len(values) != count:
        raise msgspec.DecodeError(f"there are {len(values)} values where {count} were expected")
    return values
