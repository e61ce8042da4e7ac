"""Bounded cache: the value that was put or used longest ago is dropped first, by number and by weight."""

from __future__ import annotations

import os
import signal
import sys
import threading

import pytest

from feedsvc.support.bounded_cache import BoundedCache


def keys_in(cache: BoundedCache[int, str]) -> list[int]:
    return [key for key in range(20) if cache.get(key) is not None]


def filled(max_weight: int, *keys: int) -> BoundedCache[int, str]:
    cache: BoundedCache[int, str] = BoundedCache(max_weight)
    for key in keys:
        cache.put(key, f"value {key}")
    return cache


def test_the_value_put_longest_ago_is_dropped_first() -> None:
    cache = filled(3, 1, 2, 3, 4)
    assert (keys_in(cache), len(cache)) == ([2, 3, 4], 3)


def test_values_are_dropped_by_weight() -> None:
    cache: BoundedCache[int, str] = BoundedCache(10, len)
    for key, value in enumerate(("aaaa", "bbbb", "cc")):
        cache.put(key, value)
    assert keys_in(cache) == [0, 1, 2]
    cache.put(1, "b")  # replaces a heavier value
    cache.put(3, "ddd")
    assert keys_in(cache) == [0, 1, 2, 3]
    cache.put(4, "eeeee")
    assert keys_in(cache) == [1, 3, 4]


def test_a_value_above_the_limit_is_not_cached() -> None:
    cache: BoundedCache[int, str] = BoundedCache(3, len)
    cache.put(1, "four")
    assert len(cache) == 0
    cache.put(2, "six")
    assert keys_in(cache) == [2]


@pytest.fixture
def short_switch_interval() -> object:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def use_and_put(cache: BoundedCache[int, str], start: int) -> None:
    for number in range(start, start + 3000):
        key = number % 17
        value = cache.use(key)
        if value is None:
            cache.put(key, str(key) * 5)
        else:
            assert value == str(key) * 5
        if number % 500 == 0:
            cache.clear()


@pytest.mark.usefixtures("short_switch_interval")
def test_threads_share_a_cache() -> None:
    """An exception in a thread fails the test, because pytest turns it into a warning and warnings are errors."""
    cache: BoundedCache[int, str] = BoundedCache(50, len)
    threads = [threading.Thread(target=use_and_put, args=(cache, start)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(len(cache.get(key) or "") for key in range(17)) == cache._weight <= 50


def test_a_forked_process_can_put_values_while_threads_of_its_parent_do() -> None:
    cache, is_stopping = filled(3), threading.Event()

    def put_until_stopped() -> None:
        while not is_stopping.is_set():
            cache.put(1, "value 1")

    thread = threading.Thread(target=put_until_stopped)
    thread.start()
    for _ in range(20):
        child = os.fork()
        if not child:
            signal.alarm(20)  # ends a child that waits for ever
            cache.put(2, "value 2")
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    is_stopping.set()
    thread.join()
