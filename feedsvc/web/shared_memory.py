"""Shared memory of workers: a table that the parent creates before it forks.

Each row is written by one worker only; the parent clears the process id in it. The row outlives the worker, and the worker's
replacement continues with it.
"""

from __future__ import annotations

import json
import mmap
import os
import time
from collections.abc import Mapping
from typing import Any, Final

_PID, _READ_AT, _REQUESTED_AT, _MESSAGE_NUMBER = range(4)  # columns of eight bytes, so that reads and writes are atomic
_COLUMN_COUNT: Final = 8
# bytes for one message; there are two, so that the last one can be read while the next is written
_MESSAGE_SIZE: Final = 32 * 1024
_SYNC_TIMEOUT: Final = 15.0  # seconds to wait for a worker, so that one that hangs does not delay the others


class WorkerTable:
    """Table in shared memory with one row per worker; workers are numbered from 1."""

    def __init__(self, workers: int) -> None:
        self.worker_count = workers
        self._slot_size = _COLUMN_COUNT * 8 + 2 * _MESSAGE_SIZE
        self._memory = mmap.mmap(-1, workers * self._slot_size)
        self._cells = memoryview(self._memory).cast("d")

    def slot(self, number: int) -> WorkerSlot:
        return WorkerSlot(self, number)

    def release(self, number: int) -> None:
        """Clear the process id in the row of a worker that has ended."""
        self[number, _PID] = 0

    def alive_pids(self) -> dict[int, int]:
        """Return number -> process id of the workers that have registered and not ended."""
        pids = {number: int(self[number, _PID]) for number in range(1, self.worker_count + 1)}
        return {number: pid for number, pid in pids.items() if pid}

    def read_message(self, number: int) -> Mapping[str, Any]:
        """Return the last message of this worker or its predecessor, {} if neither has written one."""
        while True:
            turn = self[number, _MESSAGE_NUMBER]
            size, data = self._message_location(number, turn)
            found = self._memory[data : data + int(self._cells[size])]
            if self[number, _MESSAGE_NUMBER] - turn < 1:
                return json.loads(found) if found else {}

    def write_message(self, number: int, notice: Mapping[str, Any]) -> None:
        """Write a message. One longer than 32 kB is dropped."""
        text = json.dumps(notice).encode()
        turn = self[number, _MESSAGE_NUMBER] + 1
        size, data = self._message_location(number, turn)
        if len(text) > _MESSAGE_SIZE - 8:
            return
        self._memory[data : data + len(text)] = text
        self._cells[size] = len(text)
        self[number, _MESSAGE_NUMBER] = turn

    def __getitem__(self, cell: tuple[int, int]) -> float:
        return self._cells[self._cell(*cell)]

    def __setitem__(self, cell: tuple[int, int], value: float) -> None:
        self._cells[self._cell(*cell)] = value

    def _cell(self, number: int, column: int) -> int:
        return (number - 1) * self._slot_size // 8 + column

    def _message_location(self, number: int, turn: float) -> tuple[int, int]:
        """Return where the message with this number is stored: the cell of its length, the offset of its bytes."""
        start = (number - 1) * self._slot_size + _COLUMN_COUNT * 8 + int(turn) % 2 * _MESSAGE_SIZE
        return start // 8, start + 8


class WorkerSlot:
    """View of the table for one worker, which writes only its own row. Thread-safe except `write_message`."""

    def __init__(self, board: WorkerTable, number: int) -> None:
        self.number, self.worker_count = number, board.worker_count
        self._table = board

    def register(self) -> None:
        """Register this process. Call before any content is read."""
        self._table[self.number, _READ_AT] = time.monotonic()
        self._table[self.number, _PID] = os.getpid()

    def alive_pids(self) -> dict[int, int]:
        """Return number -> process id of all workers that have registered and not ended."""
        return self._table.alive_pids()

    def write_message(self, notice: Mapping[str, Any]) -> None:
        """Publish a message of JSON values to all workers. One longer than 32 kB is dropped. The message outlives this worker."""
        self._table.write_message(self.number, notice)

    def read_message(self) -> Mapping[str, Any]:
        """Return this worker's last message; before its first one, that of its predecessor, {} if there was none."""
        return self._table.read_message(self.number)

    def read_messages(self) -> dict[int, Mapping[str, Any]]:
        """Return the last messages of all rows by number, including those of this worker and of ended workers."""
        return {number: self._table.read_message(number) for number in range(1, self.worker_count + 1)}

    def is_rescan_requested(self) -> bool:
        """Return whether another worker waits until this one has scanned the whole folder."""
        looked = self._table[self.number, _READ_AT]
        return any(self._table[other, _REQUESTED_AT] > looked for other in self._others())

    def confirm_scan(self, since: float) -> None:
        """Record that this worker serves the folder as it was at `since` (seconds of time.monotonic) or later."""
        self._table[self.number, _READ_AT] = since

    def sync_barrier(self) -> SyncBarrier:
        """Return a new barrier for the other workers."""
        return SyncBarrier(self._table, self.number)

    def _others(self) -> list[int]:
        return [number for number in range(1, self.worker_count + 1) if number != self.number]


class SyncBarrier:
    """Function that returns True once each other worker has scanned the folder after the first call.

    The first call requests these scans. Without them, the result is True from 15 seconds after that call on.
    """

    def __init__(self, board: WorkerTable, number: int) -> None:
        self._table, self._number = board, number
        self._requested_at = 0.0

    def __call__(self) -> bool:
        if not self._requested_at:
            self._requested_at = self._table[self._number, _REQUESTED_AT] = time.monotonic()
        others = (number for number in self._table.alive_pids() if number != self._number)
        answered = all(self._table[number, _READ_AT] >= self._requested_at for number in others)
        return answered or time.monotonic() - self._requested_at > _SYNC_TIMEOUT
