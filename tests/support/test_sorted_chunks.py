"""What is in order tells of all of it without being walked through again and again."""

from __future__ import annotations

from feedsvc.support.sorted_chunks import PersistentSortedList


def test_what_was_found_in_all_of_it_is_found_anew_once_it_has_changed() -> None:
    walks = []

    def total(numbers: PersistentSortedList[int]) -> int:
        walks.append(len(numbers))
        return sum(numbers)

    one = PersistentSortedList.from_sorted(range(1000), int)
    other = one.apply_changes([5], [2000])
    assert [
        one.compute_once(total),
        one.compute_once(total),
        other.compute_once(total),
        one.compute_once(total),
        other.compute_once(len),
    ] == [
        499_500,
        499_500,
        501_495,
        499_500,
        1000,
    ]
    assert walks == [1000, 1000]
