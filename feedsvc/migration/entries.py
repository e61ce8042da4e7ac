"""Entries of settings files for exports: each entry once, and the keys that an export does not contain."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import MISSING, Field, fields
from typing import Any, Final, Protocol, TypeVar

# Members of the model that are no keys of a file.
_NO_KEYS: Final = frozenset({"id", "media"})


class _Entry(Protocol):
    @property
    def id(self) -> str: ...


E = TypeVar("E", bound=_Entry)


def unique_entries(entries: Mapping[str, E]) -> list[E]:
    """Return each entry of a snapshot's mapping once. The mapping has an entry by its id and by each of its aliases."""
    return [*{entry.id: entry for entry in entries.values()}.values()]


def stated_keys(value: Any, exported: Collection[str]) -> Iterator[str]:
    """Yield the names of fields of a Site, Category or Author that are not the default, without `id`, `media`, `exported`."""
    for field in fields(value):
        if field.name not in _NO_KEYS and field.name not in exported and getattr(value, field.name) != _default(field):
            yield field.name


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return None if field.default is MISSING else field.default
