"""Purge command: a command of the operator that purges caches before hubs send clients to them."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

_KILL_TIMEOUT: Final = 1.0  # seconds to wait after SIGKILL


class PurgeCommand:
    """Purge command, run by one thread at a time. Any thread may call `stop`."""

    def __init__(self, command: Sequence[str], timeout: float = 30.0) -> None:
        """Prepare the command, which runs without a shell. After `timeout` seconds, a run is killed with its child processes."""
        self._command = command
        self._timeout = timeout
        self._process: subprocess.Popen[str] | None = None

    def run(self, addresses: Iterable[str]) -> str:
        """Pass the addresses to the command's stdin, one a line, and wait for its end.

        Return "" if it succeeded, else the end of a sentence that begins with "the purge command".
        """
        # Its own session, so that its child processes can be killed, too. Its stderr is that of this process.
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the operator wrote it, and no shell is used
                self._command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True
            )
        except (OSError, ValueError) as error:
            return f"could not be started ({getattr(error, 'strerror', '') or error})"
        try:
            self._process.communicate("".join(f"{address}\n" for address in addresses), timeout=self._timeout)
        except subprocess.TimeoutExpired:
            self.stop()
            self._abandon(self._process)
            return f"did not end within {self._timeout:g} seconds"
        status = self._process.returncode
        return f"ended with exit status {status}" if status else ""

    def _abandon(self, process: subprocess.Popen[str]) -> None:
        """Stop waiting for a killed command. Its pipe is closed unwritten, because a surviving child may hold the other end."""
        if process.stdin:
            with suppress(OSError):
                process.stdin.close()
        with suppress(subprocess.TimeoutExpired):  # a process in an uninterruptible system call survives SIGKILL for a while
            process.wait(_KILL_TIMEOUT)

    def stop(self) -> None:
        """Kill the command and its child processes."""
        if self._process and self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
