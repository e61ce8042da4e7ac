"""Purge command: an operator's command that purges caches before hubs and their subscribers fetch changed feeds."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

_KILL_TIMEOUT: Final = 1.0  # seconds to wait after SIGKILL


class PurgeCommand:
    """Purge command. Only one thread at a time may call `run`, which waits for the command; any thread may call `stop`."""

    def __init__(self, command: Sequence[str], timeout: float = 30.0) -> None:
        """Prepare a command (program and arguments), which runs without a shell.

        If it has not ended after `timeout` seconds, `run` kills its process and the child processes of that.
        """
        self._command = command
        self._timeout = timeout
        self._process: subprocess.Popen[str] | None = None

    def run(self, addresses: Iterable[str]) -> str:
        """Start the command, write the addresses to its stdin, one a line, and wait for its end.

        Return "" if it ended with exit status 0, else the end of a sentence that begins with "the purge command". Its stdout is
        dropped; its stderr is that of this process.
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
        """Close the pipe to a killed command and wait at most a second for its end.

        What was not written to the pipe is dropped, because a child process that survives may hold the pipe's other end.
        """
        if process.stdin:
            with suppress(OSError):
                process.stdin.close()
        with suppress(subprocess.TimeoutExpired):  # a process in an uninterruptible system call survives SIGKILL for a while
            process.wait(_KILL_TIMEOUT)

    def stop(self) -> None:
        """Kill the running command and its child processes. Does nothing if none runs."""
        if self._process and self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
