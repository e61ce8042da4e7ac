"""A command of the operator's that empties caches before hubs send readers to them."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

_AFTER_KILL: Final = 1.0  # seconds


class Purge:
    """Runs for one thread at a time; `stop` may come from any thread."""

    def __init__(self, command: Sequence[str], patience: float = 30.0) -> None:
        """`command` is run without a shell; after `patience` seconds it is killed with all it started."""
        self._command = command
        self._patience = patience
        self._process: subprocess.Popen[str] | None = None

    def run(self, addresses: Iterable[str]) -> str:
        """Give the command the addresses, one a line, and wait for it: "" if it did well, else what it did."""
        # A session of its own can be ended whole. What it has to say of itself goes where this process's words go.
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the operator wrote it, and no shell reads it
                self._command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True
            )
        except (OSError, ValueError) as error:
            return f"could not be started ({getattr(error, 'strerror', '') or error})"
        try:
            self._process.communicate("".join(f"{address}\n" for address in addresses), timeout=self._patience)
        except subprocess.TimeoutExpired:
            self.stop()
            self._give_up(self._process)
            return f"did not end within {self._patience:g} seconds"
        status = self._process.returncode
        return f"ended with exit status {status}" if status else ""

    def _give_up(self, process: subprocess.Popen[str]) -> None:
        """Leave a command that was killed. Its pipe is closed unwritten: a process that outlived it may hold the other end."""
        if process.stdin:
            with suppress(OSError):
                process.stdin.close()
        with suppress(subprocess.TimeoutExpired):  # a process in an uninterruptible system call outlives SIGKILL for a while
            process.wait(_AFTER_KILL)

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
