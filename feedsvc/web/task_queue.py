"""Task queue: requests of clients that do not pipeline (send a request before the previous response) take precedence."""

from __future__ import annotations

from collections import deque
from typing import Final, Protocol

_PIPELINED_INTERVAL: Final = 4  # every fourth task is a pipelined one, if there is any: these become slow but never starve


class Task(Protocol):
    """Connection with a request to answer. `is_pipelined` is True if the request came before the response to the previous one."""

    is_pipelined: bool


class TaskQueue:
    """Queue for waitress's dispatcher. It has the methods of deque that the dispatcher calls, always with its lock held.

    Tasks that are not pipelined come first; while tasks of both kinds wait, every fourth one is a pipelined one. Without
    precedence, another client's request would wait for all the tasks of clients that pipeline hundreds of requests on hundreds
    of connections.
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
