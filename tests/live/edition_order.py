"""Check that the responses of a server on a changing folder are those of its editions, in the order of the editions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from email.utils import parsedate_to_datetime
from typing import Final

from tests.live.editions import Editions, ObservedResponse
from tests.live.editors import FolderState

MAX_DELAY: Final = 5.0  # seconds until a saved file must be served


class EditionOrderChecker:
    """Checks every response of a server, given in the order of the requests. The list `states` may grow between two calls."""

    def __init__(self, editions: Editions, states: Sequence[FolderState], max_delay: float = MAX_DELAY) -> None:
        self._editions, self._states, self._max_delay = editions, states, max_delay
        self._reached: list[tuple[float, int]] = []  # (time, index of the earliest state that a later response may show)
        self._lowest_index = 0
        self._latest_dated: dict[str, ObservedResponse] = {}

    def check(self, response: ObservedResponse) -> None:
        """Fail if the response fits no state of the folder around its time, or only one before that of an earlier response."""
        self._lowest_index = max([self._lowest_index, *(state for time, state in self._reached if time <= response.requested_at)])
        self._reached = [(time, state) for time, state in self._reached if time > response.requested_at]
        is_media = response.path.startswith("/media/")
        matching_indexes = (
            index
            for index in self._possible_states(response, 0 if is_media else self._lowest_index)
            if self._editions.could_answer(index, response)
        )
        index = next(matching_indexes, None)
        assert index is not None, self._failure_message(response)
        if not is_media:
            self._reached.append((response.received_at, index))
            self._check_last_modified(response)

    def _possible_states(self, response: ObservedResponse, first: int) -> Iterator[int]:
        """Yield the states of the folder between `max_delay` before the request and the arrival of the response."""
        for index in range(first, len(self._states)):
            if self._states[index].start > response.received_at:
                return
            if index + 1 == len(self._states) or self._states[index + 1].end >= response.requested_at - self._max_delay:
                yield index

    def _check_last_modified(self, response: ObservedResponse) -> None:
        """Fail unless Last-Modified increases exactly when the bytes change, and the entity tag is a digest of the bytes."""
        if response.outcome[0] != 200:
            return
        assert response.etag.strip('W/"') == response.outcome[1], response
        previous = self._latest_dated.get(response.path)
        if previous and response.last_modified and response.requested_at >= previous.received_at:
            old, new = (parsedate_to_datetime(item.last_modified) for item in (previous, response))
            assert old < new or (old == new and response.outcome == previous.outcome), (previous, response)
        if response.last_modified:
            self._latest_dated[response.path] = response

    def _failure_message(self, response: ObservedResponse) -> str:
        states, editions = self._states, self._editions
        nearby_indexes = [index for index in range(len(states)) if -1.5 < states[index].end - response.requested_at < 0.1]
        at = response.requested_at
        rows = [
            f"{index}{'*' * editions.could_answer(index, response)} {states[index].end - at:+.3f} {states[index].action}"
            for index in nearby_indexes
        ]
        nearest = min(
            ((editions.difference(index, response), str(index)) for index in nearby_indexes),
            key=lambda item: len(item[0]),
            default=(),
        )
        return "\n".join([f"{response} is of no edition; the last was {self._lowest_index}", *rows, *nearest])
