"""Many objects of one class as bytes, field by field: read several times sooner than one by one, and in half the room.

What all of them have alike is there once, and so is what is had again and again.
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

# Makes equal values one object.
Share = Callable[[Any], Any]


class Column:
    """One field: its values, one to each object or one for all; or those that there are, and which of them is whose."""

    def __init__(self, kind: Any, *, is_shared: bool = False) -> None:
        """`is_shared`: many have the same, which can be hashed."""
        self._is_shared = is_shared
        self._decoder: Any = msgspec.msgpack.Decoder(tuple[list[kind], list[int] | None])

    def written(self, values: Sequence[object]) -> msgspec.Raw:
        return msgspec.Raw(_ENCODER.encode(self._plain(values)))

    def _plain(self, values: Sequence[object]) -> tuple[Sequence[object], list[int] | None]:
        if values and values.count(values[0]) == len(values):
            return values[:1], None
        if self._is_shared:
            numbers: dict[object, int] = {}
            whose = [numbers.setdefault(value, len(numbers)) for value in values]
            if 2 * len(numbers) <= len(values):
                return [*numbers], whose
        return values, None

    def read(self, data: msgspec.Raw, count: int, share: Share) -> Iterable[Any]:
        """So many values. Raises msgspec.DecodeError if they are not there."""
        values, whose = self._decoder.decode(data)
        if self._is_shared:
            values = [*map(share, values)]
        if whose is not None:
            _refuse_others(whose, values)
            return map(values.__getitem__, _counted(whose, count))
        return repeat(values[0], count) if len(values) == 1 else _counted(values, count)


class Several(Column):
    """A field that holds a tuple, of parts that can be hashed and that many have."""

    def __init__(self, part: Any) -> None:
        super().__init__(part, is_shared=True)
        self._decoder = msgspec.msgpack.Decoder(tuple[list[part], list[tuple[int, ...]]])

    def written(self, values: Sequence[Any]) -> msgspec.Raw:
        numbers: dict[object, int] = {}
        whose = [[numbers.setdefault(part, len(numbers)) for part in value] for value in values]
        return msgspec.Raw(_ENCODER.encode(([*numbers], whose)))

    def read(self, data: msgspec.Raw, count: int, share: Share) -> list[tuple[Any, ...]]:
        parts, whose = self._decoder.decode(data)
        _refuse_others([*chain.from_iterable(whose)], parts)
        part = [*map(share, parts)].__getitem__
        return [tuple(map(part, one)) for one in _counted(whose, count)]


class Columns(Generic[_T]):
    """The fields of a frozen dataclass with slots, but for the `others`."""

    def __init__(self, kind: type[_T], *, others: Collection[str], shared: Collection[str], several: Mapping[str, Any]) -> None:
        """`shared` fields are as for Column, `several` have parts of this type."""
        self._kind, hints = kind, get_type_hints(kind)
        self._columns = {
            name: Several(several[name]) if name in several else Column(hint, is_shared=name in shared)
            for name, hint in hints.items()
            if name not in others
        }
        defaults = {field.name: field.default for field in fields(kind)}  # type: ignore[arg-type]
        self._defaults = {name: default for name, default in defaults.items() if default is not MISSING}

    def written(self, objects: Iterable[_T]) -> dict[str, msgspec.Raw]:
        every = [*objects]
        return {name: column.written([*map(attrgetter(name), every)]) for name, column in self._columns.items()}

    def read(self, data: Mapping[str, msgspec.Raw], count: int, share: Share) -> list[_T]:
        """So many objects, whose other fields are yet to be `put`; what was not written has its default.

        Raises msgspec.DecodeError if they are not there.
        """
        make: Callable[[type[_T]], _T] = self._kind.__new__
        made = [*map(make, repeat(self._kind, count))]
        for name, column in self._columns.items():
            put(made, name, column.read(data[name], count, share) if name in data else repeat(self._default(name), count))
        return made

    def _default(self, name: str) -> object:
        if name not in self._defaults:
            raise msgspec.DecodeError(f"no {name} was written")
        return self._defaults[name]


def put(objects: Sequence[object], name: str, values: Iterable[object]) -> None:
    """A field of objects that nobody has seen yet, and that are of one class: only so may they be changed though frozen."""
    if objects:
        deque(map(getattr(type(objects[0]), name).__set__, objects, values), maxlen=0)


def _refuse_others(whose: Sequence[int], values: Sequence[object]) -> None:
    if whose and (min(whose) < 0 or max(whose) >= len(values)):
        raise msgspec.DecodeError("a value is named that was not written")


def _counted(values: Sequence[_T], count: int) -> Sequence[_T]:
    if len(values) != count:
        raise msgspec.DecodeError(f"there are {len(values)} values where {count} were expected")
    return values
