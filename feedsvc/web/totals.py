"""Shared counters: sums over all workers that never decrease, even if a worker is replaced."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Final

from feedsvc.web.shared_memory import WorkerSlot

COUNTERS_KEY: Final = "counters"  # key of a worker's counters in its message (`WorkerSlot.write_message`)


class SharedCounters:
    """Sum of the counters of all workers. Create it when a worker starts, before its first message."""

    def __init__(self, seat: WorkerSlot, own: Callable[[], Mapping[str, float]]) -> None:
        """Read the predecessor's counters. `own` returns this process's counters by name, counted from 0 at its start."""
        self._slot, self._local = seat, own
        # The counts of the worker's predecessors are included.
        self._inherited: Mapping[str, float] = seat.read_message().get(COUNTERS_KEY, {})

    def slot_counters(self) -> dict[str, float]:
        """Return this worker's counters with those of its predecessors, for its message under COUNTERS_KEY."""
        return _sum_counters(self._inherited, self._local())

    def __call__(self) -> dict[str, float]:
        """Return the sums of the counters in all workers' last messages. Write this worker's message first, to include it."""
        return _sum_counters(*(notice.get(COUNTERS_KEY, {}) for notice in self._slot.read_messages().values()))


def _sum_counters(*counters: Mapping[str, float]) -> dict[str, float]:
    total: dict[str, float] = {}
    for name, count in chain.from_iterable(each.items() for each in counters):
        total[name] = total.get(name, 0) + count
    return total
