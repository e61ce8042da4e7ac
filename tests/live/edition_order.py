"""Whether what clients heard of a folder that changes is what its editions say, in their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from email.utils import parsedate_to_datetime
from typing import Final

from tests.live.editions import Editions, Heard
from tests.live.editors import State

LATE: Final = 5.0  # seconds that a save may take to show


class Judge:
    """`states` may grow meanwhile. To be told of every answer, in the order in which they were asked for."""

    def __init__(self, editions: Editions, states: Sequence[State], late: float = LATE) -> None:
        self._editions, self._states, self._late = editions, states, late
        self._reached: list[tuple[float, int]] = []  # (moment, the state that had come by then at the least)
        self._low = 0
        self._dated: dict[str, Heard] = {}

    def hear(self, one: Heard) -> None:
        """It fits a state of the moments around it, and none an earlier one than an answer that came before."""
        self._low = max([self._low, *(state for moment, state in self._reached if moment <= one.asked)])
        self._reached = [(moment, state) for moment, state in self._reached if moment > one.asked]
        media = one.path.startswith("/media/")
        fits = (index for index in self._around(one, 0 if media else self._low) if self._editions.may_say(index, one))
        found = next(fits, None)
        assert found is not None, self._told(one)
        if not media:
            self._reached.append((one.answered, found))
            self._date(one)

    def _around(self, heard: Heard, low: int) -> Iterator[int]:
        """The states that stood in the folder at any moment from `late` before the question until the answer."""
        for index in range(low, len(self._states)):
            if self._states[index].begun > heard.answered:
                return
            if index + 1 == len(self._states) or self._states[index + 1].ended >= heard.asked - self._late:
                yield index

    def _date(self, one: Heard) -> None:
        """Last-Modified moves on with the bytes, and only then; the entity tag is made from them."""
        if one.said[0] != 200:
            return
        assert one.tag.strip('W/"') == one.said[1], one
        before = self._dated.get(one.path)
        if before and one.modified and one.asked >= before.answered:
            old, new = (parsedate_to_datetime(each.modified) for each in (before, one))
            assert old < new or (old == new and one.said == before.said), (before, one)
        if one.modified:
            self._dated[one.path] = one

    def _told(self, heard: Heard) -> str:
        states, editions = self._states, self._editions
        near = [index for index in range(len(states)) if -1.5 < states[index].ended - heard.asked < 0.1]
        rows = [
            f"{index}{'*' * editions.may_say(index, heard)} {states[index].ended - heard.asked:+.3f} {states[index].what}"
            for index in near
        ]
        nearest = min(
            ((editions.difference(index, heard), str(index)) for index in near), key=lambda one: len(one[0]), default=()
        )
        return "\n".join([f"{heard} is of no edition; the last was {self._low}", *rows, *nearest])
