"""Shared memory of workers: a table that the parent creates before it forks, and counters that are summed over its rows.

Each row is written by one worker only; the parent clears the process id in it. The row outlives the worker, and the worker's
replacement continues with it.
"""

from __future__ import annotations

import json
import mmap
import os
import time
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any, Final

COUNTERS_KEY: Final = "counters"  # key of a worker's counters in its message (`WorkerSlot.write_message`)

_PID, _READ_AT, _REQUESTED_AT, _MESSAGE_NUMBER = range(4)  # columns of eight bytes, so that reads and writes are atomic
_COLUMN_COUNT: Final = 8
# Bytes of one message. Each row has room for two, so that the last message can be read while the next one is written.
_MESSAGE_SIZE: Final = 32 * 1024
_SYNC_TIMEOUT: Final = 15.0  # seconds to wait for a worker, so that a worker that hangs does not delay the others


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
            message_number = self[number, _MESSAGE_NUMBER]
            length_cell, start = self._message_location(number, message_number)
            text = self._memory[start : start + int(self._cells[length_cell])]
            if self[number, _MESSAGE_NUMBER] - message_number < 1:  # no newer message has been begun in the same place
                return json.loads(text) if text else {}

    def write_message(self, number: int, message: Mapping[str, Any]) -> None:
        """Write a message of JSON values. A message longer than 32 kB is dropped."""
        text = json.dumps(message).encode()
        message_number = self[number, _MESSAGE_NUMBER] + 1
        length_cell, start = self._message_location(number, message_number)
        if len(text) > _MESSAGE_SIZE - 8:
            return
        self._memory[start : start + len(text)] = text
        self._cells[length_cell] = len(text)
        self[number, _MESSAGE_NUMBER] = message_number

    def __getitem__(self, cell: tuple[int, int]) -> float:
        return self._cells[self._cell(*cell)]

    def __setitem__(self, cell: tuple[int, int], value: float) -> None:
        self._cells[self._cell(*cell)] = value

    def _cell(self, number: int, column: int) -> int:
        return (number - 1) * self._slot_size // 8 + column

    def _message_location(self, number: int, message_number: float) -> tuple[int, int]:
        """Return where a worker's message with this number is stored: the cell of its length, the offset of its bytes."""
        start = (number - 1) * self._slot_size + _COLUMN_COUNT * 8 + int(message_number) % 2 * _MESSAGE_SIZE
        return start // 8, start + 8


class WorkerSlot:
    """View of the table for one worker, which writes only its own row. Thread-safe except for `write_message`."""

    def __init__(self, table: WorkerTable, number: int) -> None:
        self.number, self.worker_count = number, table.worker_count
        self._table = table

    def register(self) -> None:
        """Register this process. Call before any content is read."""
        self._table[self.number, _READ_AT] = time.monotonic()
        self._table[self.number, _PID] = os.getpid()

    def alive_pids(self) -> dict[int, int]:
        """Return number -> process id of all workers that have registered and not ended."""
        return self._table.alive_pids()

    def write_message(self, message: Mapping[str, Any]) -> None:
        """Publish a message of JSON values to all workers. A message longer than 32 kB is dropped.

        The message outlives this worker.
        """
        self._table.write_message(self.number, message)

    def read_message(self) -> Mapping[str, Any]:
        """Return this worker's last message; before its first one, that of its predecessor, {} if there was none."""
        return self._table.read_message(self.number)

    def read_messages(self) -> dict[int, Mapping[str, Any]]:
        """Return the last messages of all rows by number, including those of this worker and of ended workers."""
        return {number: self._table.read_message(number) for number in range(1, self.worker_count + 1)}

    def is_rescan_requested(self) -> bool:
        """Return whether another worker waits until this one has scanned the whole folder."""
        scanned_at = self._table[self.number, _READ_AT]
        return any(self._table[other, _REQUESTED_AT] > scanned_at for other in self._others())

    def confirm_scan(self, since: float) -> None:
        """Record that this worker serves the folder as it was at `since` (seconds of time.monotonic) or later."""
        self._table[self.number, _READ_AT] = since

    def sync_barrier(self, timeout: float = _SYNC_TIMEOUT) -> SyncBarrier:
        """Return a new barrier for the other workers, which waits for them at most `timeout` seconds."""
        return SyncBarrier(self._table, self.number, timeout)

    def _others(self) -> list[int]:
        return [number for number in range(1, self.worker_count + 1) if number != self.number]


class SyncBarrier:
    """Function that returns True once each other worker has scanned the folder after the first call.

    The first call requests these scans. More than `timeout` seconds after it, the result is True even without them.
    """

    def __init__(self, table: WorkerTable, number: int, timeout: float) -> None:
        self._table, self._number, self._timeout = table, number, timeout
        self._requested_at = 0.0

    def __call__(self) -> bool:
        if not self._requested_at:
            self._requested_at = self._table[self._number, _REQUESTED_AT] = time.monotonic()
        others = (number for number in self._table.alive_pids() if number != self._number)
        have_scanned = all(self._table[number, _READ_AT] >= self._requested_at for number in others)
        return have_scanned or time.monotonic() - self._requested_at > self._timeout


class SharedCounters:
    """Sum of the counters of all workers, which never decreases, even if a worker is replaced.

    Create it when a worker starts, before its first message.
    """

    def __init__(self, slot: WorkerSlot, local_counters: Callable[[], Mapping[str, float]]) -> None:
        """Read the predecessor's counters. `local_counters` returns those of this process by name, which began at 0."""
        self._slot, self._local_counters = slot, local_counters
        self._inherited: Mapping[str, float] = slot.read_message().get(COUNTERS_KEY, {})  # of all predecessors together

    def slot_counters(self) -> dict[str, float]:
        """Return this worker's counters with those of its predecessors, for its message under COUNTERS_KEY."""
        return _sum_counters(self._inherited, self._local_counters())

    def __call__(self) -> dict[str, float]:
        """Return the sums of the counters in all workers' last messages. Write this worker's message first, to include it."""
        return _sum_counters(*(message.get(COUNTERS_KEY, {}) for message in self._slot.read_messages().values()))


def _sum_counters(*counters: Mapping[str, float]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for name, count in chain.from_iterable(values.items() for values in counters):
        sums[name] = sums.get(name, 0) + count
    return sums
