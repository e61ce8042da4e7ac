"""Display of the progress of an import: its interface, and one that shows nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")


class ImportProgress(Protocol):
    """Display of the progress of an import."""

    def __call__(self, label: str, items: Iterable[T], total: int = 0) -> Iterator[T]:
        """Yield the items of one step, and show how many were yielded of `total`, which is 0 if it is unknown."""


def no_import_progress(label: str, items: Iterable[T], total: int = 0) -> Iterator[T]:  # noqa: ARG001 - as ImportProgress
    """Yield the items, and show nothing."""
    yield from items
