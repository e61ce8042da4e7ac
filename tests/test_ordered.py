"""What is in order tells of all of it without being walked through again and again."""

from __future__ import annotations

from feedsvc.support.sorted_chunks import Ordered


def test_what_was_found_in_all_of_it_is_found_anew_once_it_has_changed() -> None:
    walks = []

    def total(numbers: Ordered[int]) -> int:
        walks.append(len(numbers))
        return sum(numbers)

    one = Ordered.of(range(1000), int)
    other = one.replaced([5], [2000])
    assert [one.once(total), one.once(total), other.once(total), one.once(total), other.once(len)] == [
        499_500,
        499_500,
        501_495,
        499_500,
        1000,
    ]
    assert walks == [1000, 1000]
