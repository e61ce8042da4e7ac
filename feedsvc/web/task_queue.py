"""The order in which connections get a thread: those with one request before those that pipeline more behind it."""

from __future__ import annotations

from collections import deque
from typing import Final, Protocol

_TURN: Final = 4  # of so many tasks, one is of the pipelined if there are any: they get slow, and never stuck


class Task(Protocol):
    """A connection with a request to answer; `is_pipelined` if the request arrived before the answer to the one before it."""

    is_pipelined: bool


class TaskQueue:
    """The queue of waitress's dispatcher, a deque as far as that uses one. The dispatcher's lock is held for every call.

    A client that pipelines hundreds of requests on hundreds of connections has that many tasks queued at any time. A poll of
    somebody else would wait for all of them.
    """

    def __init__(self) -> None:
        self._single: deque[Task] = deque()
        self._pipelined: deque[Task] = deque()
        self._turn = 0

    def __len__(self) -> int:
        return len(self._single) + len(self._pipelined)

    def append(self, task: Task) -> None:
        (self._pipelined if task.is_pipelined else self._single).append(task)

    def popleft(self) -> Task:
        if self._single and self._pipelined:
            self._turn = (self._turn + 1) % _TURN
            return self._single.popleft() if self._turn else self._pipelined.popleft()
        return (self._single or self._pipelined).popleft()
