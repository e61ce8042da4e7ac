"""Shared memory of workers: a table that the parent creates before it forks, and counters that are summed over its rows.

A row belongs to one worker number. Only the worker of this number writes it, except that the parent clears the process id. The
row outlives the worker process; the process that replaces it continues the row.
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
        """Clear the process id in row `number`. The parent calls this after the worker of this number has ended."""
        self[number, _PID] = 0

    def alive_pids(self) -> dict[int, int]:
        """Return worker number -> process id of the workers that have registered and were not released since."""
        pids = {number: int(self[number, _PID]) for number in range(1, self.worker_count + 1)}
        return {number: pid for number, pid in pids.items() if pid}

    def read_message(self, number: int) -> Mapping[str, Any]:
        """Return the last message in row `number`, even if the worker that wrote it has ended; {} if there is none."""
        while True:
            message_number = self[number, _MESSAGE_NUMBER]
            length_cell, start = self._message_location(number, message_number)
            text = self._memory[start : start + int(self._cells[length_cell])]
            if self[number, _MESSAGE_NUMBER] - message_number < 1:  # no newer message has been begun in the same place
                return json.loads(text) if text else {}

    def write_message(self, number: int, message: Mapping[str, Any]) -> None:
        """Write a message of JSON values to row `number`. One of over 32,760 bytes is dropped; the previous one remains."""
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
        """Return where message `message_number` of worker `number` is stored.

        The first value is the index of its length in `_cells`, the second the offset of its bytes in `_memory`.
        """
        start = (number - 1) * self._slot_size + _COLUMN_COUNT * 8 + int(message_number) % 2 * _MESSAGE_SIZE
        return start // 8, start + 8


class WorkerSlot:
    """Access to the table for one worker, which writes only its own row. Thread-safe except for `write_message`."""

    def __init__(self, table: WorkerTable, number: int) -> None:
        self.number, self.worker_count = number, table.worker_count
        self._table = table

    def register(self) -> None:
        """Write into this worker's row the id of this process, and the present time as the start of its last folder scan.

        Call this before any content is read: the first reading counts as a scan that began at this time.
        """
        self._table[self.number, _READ_AT] = time.monotonic()
        self._table[self.number, _PID] = os.getpid()

    def alive_pids(self) -> dict[int, int]:
        """Return worker number -> process id of the workers (all numbers) that have registered and were not released since."""
        return self._table.alive_pids()

    def write_message(self, message: Mapping[str, Any]) -> None:
        """Publish a message of JSON values: write it into this worker's row of the WorkerTable, which all workers read.

        It stays until this worker, or the process that replaces it, writes the next message. A message of more than
        32,760 bytes as JSON is dropped without an error; the previous one remains. Not thread-safe.
        """
        self._table.write_message(self.number, message)

    def read_message(self) -> Mapping[str, Any]:
        """Return the last message in this worker's row, which may be that of the worker before it; {} if there is none."""
        return self._table.read_message(self.number)

    def read_messages(self) -> dict[int, Mapping[str, Any]]:
        """Return worker number -> last message, {} if none, for all rows: also those of this worker and of ended workers."""
        return {number: self._table.read_message(number) for number in range(1, self.worker_count + 1)}

    def is_rescan_requested(self) -> bool:
        """Return whether another worker has requested a scan of the whole folder since this worker's last scan began."""
        scanned_at = self._table[self.number, _READ_AT]
        return any(self._table[other, _REQUESTED_AT] > scanned_at for other in self._others())

    def confirm_scan(self, since: float) -> None:
        """Write into this worker's row that it serves the content folder as it was at `since` or later.

        `since` is when the scan of the folder began, in seconds of time.monotonic.
        """
        self._table[self.number, _READ_AT] = since

    def sync_barrier(self, timeout: float = _SYNC_TIMEOUT) -> SyncBarrier:
        """Return a new SyncBarrier, which the caller calls repeatedly until it returns True.

        A call more than `timeout` seconds after the first one returns True in any case.
        """
        return SyncBarrier(self._table, self.number, timeout)

    def _others(self) -> list[int]:
        return [number for number in range(1, self.worker_count + 1) if number != self.number]


class SyncBarrier:
    """Callable that returns True once every other running worker has made a scan that began after the first call.

    The first call requests these scans, which are of the whole content folder. More than `timeout` seconds after the first
    call, the result is True without them.
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
    """Sums of the counters of all workers. They never decrease, even if a worker is replaced.

    Create the object when a worker starts, before its first message.
    """

    def __init__(self, slot: WorkerSlot, local_counters: Callable[[], Mapping[str, float]]) -> None:
        """Read the counters in the last message of this worker's row: the sums of the ended workers with the same number.

        `local_counters` returns the counters of this process by name, which began at 0.
        """
        self._slot, self._local_counters = slot, local_counters
        self._inherited: Mapping[str, float] = slot.read_message().get(COUNTERS_KEY, {})  # of all predecessors together

    def slot_counters(self) -> dict[str, float]:
        """Return this process's counters plus those of the ended workers of the same number.

        The caller has to put them into each message of this worker as the value of COUNTERS_KEY.
        """
        return sum_counters(self._inherited, self._local_counters())

    def __call__(self) -> dict[str, float]:
        """Return counter name -> sum over the last messages of all rows. Write this worker's message before, to include it."""
        return sum_counters(*(message.get(COUNTERS_KEY, {}) for message in self._slot.read_messages().values()))


def sum_counters(*counters: Mapping[str, float]) -> dict[str, float]:
    """Return name -> sum of the counters of this name."""
    sums: dict[str, float] = {}
    for name, count in chain.from_iterable(values.items() for values in counters):
        sums[name] = sums.get(name, 0) + count
    return sums
