"""Bounded cache: values by key, with a limit on their number or on their total weight."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import RLock
from typing import Final, Generic, TypeVar

from feedsvc.support.posix import CAN_FORK

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")

# For changes of several steps, in all caches. A fork waits for it, so that no child process gets it locked. It is reentrant,
# because garbage collection or a signal may run other code within such a change.
_LOCK: Final = RLock()
if CAN_FORK:
    os.register_at_fork(before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_LOCK.release)


def _one(_: object) -> int:
    return 1


class BoundedCache(Generic[_K, _V]):
    """Values other than None by key, with a limit on the sum of their weights: `max_weight`. Thread-safe.

    Above the limit, `put` drops the values for which `put` or `use` was called longest ago. `weigh` returns the weight of a
    value, always the same for the same value. Without it each value weighs 1, so `max_weight` is the maximum number of values.
    `max_weight` may be set at any time; a lower one takes effect at the next `put`.
    """

    def __init__(self, max_weight: int, weigh: Callable[[_V], int] = _one) -> None:
        self.max_weight = max_weight
        self._weigh = weigh
        self._weight = 0
        self._values: OrderedDict[_K, _V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: _K) -> _V | None:
        """Return the value of a key, None if it is not cached. Unlike `use`, this does not change when the value is dropped."""
        return self._values.get(key)

    def use(self, key: _K) -> _V | None:
        """Return the value of a key, None if it is not cached. It will be dropped later than all other present values (LRU).

        Call it with keys whose comparison runs no Python code, such as numbers and strings: it takes no lock.
        """
        value = self._values.get(key)
        if value is not None:
            try:  # suppress() would take longer than the rest
                self._values.move_to_end(key)
            except KeyError:
                return None  # another thread dropped it
        return value

    def put(self, key: _K, value: _V) -> None:
        """Cache a value in place of any other of the key. If it weighs more than `max_weight`, the cache is empty afterwards."""
        with _LOCK:
            previous = self._values.get(key)
            if previous is not None:
                self._weight -= self._weigh(previous)
                self._values.move_to_end(key)
            self._values[key] = value
            self._weight += self._weigh(value)
            while self._weight > self.max_weight:
                self._weight -= self._weigh(self._values.popitem(last=False)[1])

    def get_or_create(self, key: _K, create: Callable[[], _V]) -> _V:
        """Return the value of a key. If it is not cached, call `create` and cache its result, which must not be None.

        Unlike `use`, this does not change when a cached value is dropped. Two threads may create the same value at once.
        """
        value = self._values.get(key)
        if value is None:
            value = create()
            self.put(key, value)
        return value

    def clear(self) -> None:
        """Drop all values."""
        with _LOCK:
            self._values.clear()
            self._weight = 0
