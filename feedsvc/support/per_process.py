"""Value that each process opens for itself.

After a fork, the child process has none of its parent's threads and must not use the parent's files. So the child opens a value
of its own, and drops that of its parent without closing it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from multiprocessing.util import Finalize
from typing import Any, Final, Generic, TypeVar

# Python calls functions before a fork in reverse order. That of this module, which closes values, must come before the one that
# locks all caches, so it is registered later.
import feedsvc.support.bounded_cache  # noqa: F401
from feedsvc.support.posix import CAN_FORK

_T = TypeVar("_T")
_EXIT_PRIORITY: Final = 100  # multiprocessing calls functions of a priority from 0 on, before it ends child processes
# Values of a parent process. Nothing may close them here: their locks may be held by threads that this process does not have.
_inherited_values: list[Any] = []


class PerProcess(Generic[_T]):
    """Holder of a value that is opened on first use in each process. It is closed by `close` or at the exit of the process.

    Thread-safe. While one thread opens the value, the others wait. The holder lives as long as the process.
    """

    def __init__(self, open_value: Callable[[ExitStack], _T]) -> None:
        """Take the function that opens the value and returns it; what it puts on the stack is closed with the value."""
        self._open_value = open_value
        self._lock = threading.Lock()
        self._value: tuple[int, _T, ExitStack] | None = None  # with the id of the process that opened it
        self._opening_thread = 0
        if CAN_FORK:
            os.register_at_fork(before=self.before_fork, after_in_child=self.after_fork)

    @property
    def is_open(self) -> bool:
        """True if this process has opened the value and not closed it since."""
        return self._value is not None and self._value[0] == os.getpid()

    @property
    def is_opening_here(self) -> bool:
        """True while the calling thread opens the value.

        A process that this thread forks meanwhile only helps to open the value, and serves nothing.
        """
        return self._opening_thread == threading.get_ident()

    def get(self) -> _T:
        """Return the value of this process; open it if it is not open. Raises the errors of `open_value`."""
        value = self._value
        if value is not None and value[0] == os.getpid():
            return value[1]
        with self._lock:
            if not self.is_open:
                self._open()
            assert self._value  # noqa: S101 - for mypy
            return self._value[1]

    def close(self) -> None:
        """Close the value if this process has opened it. The next `get` opens it again."""
        with self._lock:
            if self._value is not None and self._value[0] == os.getpid():
                _, _, stack = self._value
                self._value = None
                stack.close()

    def before_fork(self) -> None:
        """Prepare a fork of this process, in the thread that forks. Does nothing; for subclasses."""

    def after_fork(self) -> None:
        """Forget the parent's value, in a child process that was just forked. Subclasses may add to it."""
        self._lock, self._opening_thread = threading.Lock(), 0
        if self._value is not None:
            _inherited_values.append(self._value)
            self._value = None

    def _open(self) -> None:
        self._opening_thread = threading.get_ident()
        try:
            with ExitStack() as stack:
                value = self._open_value(stack)
                if self._value is not None:  # of the parent, after a fork without Python's functions (a server in C)
                    _inherited_values.append(self._value)
                self._value = os.getpid(), value, stack.pop_all()
        finally:
            self._opening_thread = 0
        Finalize(None, self.close, exitpriority=_EXIT_PRIORITY)  # also in a process that multiprocessing starts
