"""Task queue: connections with one request are served before those that pipeline further requests."""

from __future__ import annotations

from collections import deque
from typing import Final, Protocol

_PIPELINED_INTERVAL: Final = 4  # every fourth task is a pipelined one, if there is any: these become slow but never starve


class Task(Protocol):
    """Connection with a request to answer. `is_pipelined` is True if the request arrived before the previous response."""

    is_pipelined: bool


class TaskQueue:
    """Queue for waitress's dispatcher, which calls these methods of deque, always with the dispatcher's lock held.

    A client that pipelines hundreds of requests on hundreds of connections always has that many tasks queued. Without precedence,
    a poll of another client would wait for all of them.
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
            self._turn = (self._turn + 1) % _PIPELINED_INTERVAL
            return self._single.popleft() if self._turn else self._pipelined.popleft()
        return (self._single or self._pipelined).popleft()
