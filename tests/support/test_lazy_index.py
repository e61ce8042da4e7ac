"""A lazy index has all items at its first use, whatever part of it was built before, also if several threads build it."""

from __future__ import annotations

import threading

import pytest

from feedsvc.support.lazy_index import _STEP, LazyIndex


def lazy_index(count: int) -> LazyIndex[int, int]:
    return LazyIndex(range(count), str, lambda number: number * 2)


@pytest.mark.parametrize("count", [0, 1, _STEP - 1, _STEP, _STEP + 1, 3 * _STEP])
@pytest.mark.parametrize("steps", range(5))
def test_the_rest_is_added_at_the_first_use(count: int, steps: int) -> None:
    index = lazy_index(count)
    for step in range(1, steps + 1):
        assert index.advance(0) == (step * _STEP >= count)
    assert index.complete() == {str(number): number * 2 for number in range(count)}
    assert index.advance(0)
    assert index.complete() is index.complete()


def test_of_items_with_equal_keys_the_last_counts() -> None:
    assert LazyIndex(["a1", "b1", "a2"], lambda item: item[0], lambda item: item[1]).complete() == {"a": "2", "b": "1"}


def test_threads_that_build_it_at_the_same_time_get_all_items() -> None:
    index, results = lazy_index(200 * _STEP), list[dict[str, int]]()

    def build() -> None:
        while not index.advance(0.0005):
            pass
        results.append(index.complete())

    threads = [threading.Thread(target=build) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert index.complete() == {str(number): number * 2 for number in range(200 * _STEP)}
    for thread in threads:
        thread.join()
    assert all(result is index.complete() for result in results)
    assert len(results) == 4
