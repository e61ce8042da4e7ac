"""A sorted list caches the results of functions until it changes."""

from __future__ import annotations

from feedsvc.support.sorted_chunks import PersistentSortedList


def test_compute_once_calls_a_function_once_for_each_version_of_the_list() -> None:
    calls = []

    def total(numbers: PersistentSortedList[int]) -> int:
        calls.append(len(numbers))
        return sum(numbers)

    original = PersistentSortedList.from_sorted(range(1000), int)
    changed = original.apply_changes([5], [2000])
    assert [
        original.compute_once(total),
        original.compute_once(total),
        changed.compute_once(total),
        original.compute_once(total),
        changed.compute_once(len),
    ] == [
        499_500,
        499_500,
        501_495,
        499_500,
        1000,
    ]
    assert calls == [1000, 1000]
