"""Counters of several workers as those of one server: a sum that never goes back, whoever is asked and whoever died."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Final

from feedsvc.web.shared_memory import Seat

COUNTERS: Final = "counters"  # the key of a notice that they stand under


class Totals:
    """Made when a worker begins, before it puts up its first notice."""

    def __init__(self, seat: Seat, own: Callable[[], Mapping[str, float]]) -> None:
        """`own` are this process's counters by any name, from 0."""
        self._seat, self._own = seat, own
        # Who had the seat before counted, too.
        self._before: Mapping[str, float] = seat.notice().get(COUNTERS, {})

    def mine(self) -> dict[str, float]:
        """For this worker's notices, under COUNTERS."""
        return _sum(self._before, self._own())

    def __call__(self) -> dict[str, float]:
        """All workers' counters as they put them up last: put up one's own first, or a later answer may be less."""
        return _sum(*(notice.get(COUNTERS, {}) for notice in self._seat.notices().values()))


def _sum(*counters: Mapping[str, float]) -> dict[str, float]:
    total: dict[str, float] = {}
    for name, count in chain.from_iterable(each.items() for each in counters):
        total[name] = total.get(name, 0) + count
    return total
