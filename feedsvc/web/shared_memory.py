"""What the workers of one server know of one another: a table in memory that they share.

Made before the first of them is. Each row is written by its worker alone, and outlives it: who takes its place goes on from
there.
"""

from __future__ import annotations

import json
import mmap
import os
import time
from collections.abc import Mapping
from typing import Any, Final

_PID, _LOOKED, _ASKED, _TURN = range(4)  # columns of eight bytes, so that none is ever seen half written
_COLUMNS: Final = 8
_NOTICE: Final = 32 * 1024  # bytes for one notice; the last but one stays until the next, for those who read it just then
_PATIENCE: Final = 15.0  # seconds for a worker to answer; one that hangs must not hold up the others


class Board:
    """One row a worker; workers are numbered from 1."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._row = _COLUMNS * 8 + 2 * _NOTICE
        self._memory = mmap.mmap(-1, workers * self._row)
        self._cells = memoryview(self._memory).cast("d")

    def seat(self, number: int) -> Seat:
        return Seat(self, number)

    def leave(self, number: int) -> None:
        """The worker of this number is no more."""
        self[number, _PID] = 0

    def living(self) -> dict[int, int]:
        """Number -> process id of the workers that have taken their seats."""
        pids = {number: int(self[number, _PID]) for number in range(1, self.workers + 1)}
        return {number: pid for number, pid in pids.items() if pid}

    def notice(self, number: int) -> Mapping[str, Any]:
        """What this worker, or the one before it, put up last."""
        while True:
            turn = self[number, _TURN]
            size, data = self._place(number, turn)
            found = self._memory[data : data + int(self._cells[size])]
            if self[number, _TURN] - turn < 1:
                return json.loads(found) if found else {}

    def put_up(self, number: int, notice: Mapping[str, Any]) -> None:
        text = json.dumps(notice).encode()
        turn = self[number, _TURN] + 1
        size, data = self._place(number, turn)
        if len(text) > _NOTICE - 8:
            return
        self._memory[data : data + len(text)] = text
        self._cells[size] = len(text)
        self[number, _TURN] = turn

    def __getitem__(self, cell: tuple[int, int]) -> float:
        return self._cells[self._cell(*cell)]

    def __setitem__(self, cell: tuple[int, int], value: float) -> None:
        self._cells[self._cell(*cell)] = value

    def _cell(self, number: int, column: int) -> int:
        return (number - 1) * self._row // 8 + column

    def _place(self, number: int, turn: float) -> tuple[int, int]:
        """Where the notice of a turn has its length (a cell) and its bytes."""
        start = (number - 1) * self._row + _COLUMNS * 8 + int(turn) % 2 * _NOTICE
        return start // 8, start + 8


class Seat:
    """One worker's view of the board. Safe in threads, but for `put_up`."""

    def __init__(self, board: Board, number: int) -> None:
        self.number, self.of = number, board.workers
        self._board = board

    def take(self) -> None:
        """Sit down before anything of the content is read."""
        self._board[self.number, _LOOKED] = time.monotonic()
        self._board[self.number, _PID] = os.getpid()

    def living(self) -> dict[int, int]:
        """Number -> process id of all workers."""
        return self._board.living()

    def put_up(self, notice: Mapping[str, Any]) -> None:
        """Tell the others (JSON's values); what is longer than 32 kB is not told. It stays when this worker ends."""
        self._board.put_up(self.number, notice)

    def notice(self) -> Mapping[str, Any]:
        """What was put up here last; at first, by the worker that had this seat before."""
        return self._board.notice(self.number)

    def notices(self) -> dict[int, Mapping[str, Any]]:
        """What each seat, this one too, put up last, by number; that of a worker that ended stays."""
        return {number: self._board.notice(number) for number in range(1, self.of + 1)}

    def asks(self) -> bool:
        """Whether another worker waits for this one to look at the whole folder."""
        looked = self._board[self.number, _LOOKED]
        return any(self._board[other, _ASKED] > looked for other in self._others())

    def looked(self, since: float) -> None:
        """Everything in the folder as it was at this moment (monotonic seconds) is served now."""
        self._board[self.number, _LOOKED] = since

    def question(self) -> Question:
        return Question(self._board, self.number)

    def _others(self) -> list[int]:
        return [number for number in range(1, self.of + 1) if number != self.number]


class Question:
    """Whether every other worker has read what this one has read by the first time of asking; true in the end in any case."""

    def __init__(self, board: Board, number: int) -> None:
        self._board, self._number = board, number
        self._asked = 0.0

    def __call__(self) -> bool:
        if not self._asked:
            self._asked = self._board[self._number, _ASKED] = time.monotonic()
        others = (number for number in self._board.living() if number != self._number)
        answered = all(self._board[number, _LOOKED] >= self._asked for number in others)
        return answered or time.monotonic() - self._asked > _PATIENCE
