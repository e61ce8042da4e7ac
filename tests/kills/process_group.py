"""Run a command of feedsvc in its own process group, so that a test can kill its first process or the whole group."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

from tests.helpers.forked_process import start_module
from tests.helpers.http_client import SECONDS
from tests.helpers.log_lines import without_times
from tests.helpers.running_server import environment


class CommandProcess:
    """A running command. `stderr` is its output on stderr so far."""

    def __init__(self, *arguments: str | Path) -> None:
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        self.process = start_module("feedsvc", *arguments, env=environment(), new_session=True, **streams)
        self._lines: list[str] = []
        self._line_added = threading.Condition()
        self._reader_thread = threading.Thread(target=self._read_lines, daemon=True)
        self._reader_thread.start()

    @property
    def stderr(self) -> str:
        return "".join(self._lines)

    def wait_for_output(self, text: str, seconds: float = SECONDS) -> bool:
        """Wait until stderr contains `text`; return False if the process ends or the time passes first."""
        with self._line_added:
            self._line_added.wait_for(lambda: text in self.stderr or not self._reader_thread.is_alive(), seconds)
        return text in self.stderr

    @property
    def url(self) -> str:
        """Return the URL from the start message of a server, with a slash at the end."""
        return self.stderr.partition(" at http://")[2].split()[0].join(("http://", ""))

    def is_running(self) -> bool:
        return self.process.poll() is None

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    def kill(self, *, leader_first: float | None) -> None:
        """Kill the whole group. If `leader_first` is a number, kill the first process that many seconds before the others."""
        if leader_first is not None:
            self.signal(signal.SIGKILL)
            time.sleep(leader_first)
        self._kill_group()
        self.process.wait(SECONDS)
        deadline = time.monotonic() + SECONDS
        while _has_running_process(self.process.pid):
            assert time.monotonic() < deadline, "a process outlived its kill"
            time.sleep(0.002)
        self._close_output()

    def wait(self) -> int:
        """Wait until the command ends by itself; return its exit status."""
        self.process.wait(SECONDS)
        self._close_output()
        return self.process.wait()

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def _close_output(self) -> None:
        self._reader_thread.join(SECONDS)
        if self.process.stderr and not self.process.stderr.closed:
            self.process.stderr.close()

    def _read_lines(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            with self._line_added:
                self._lines.append(without_times(line))
                self._line_added.notify_all()
        with self._line_added:
            self._line_added.notify_all()


def _has_running_process(group_id: int) -> bool:
    """Return True if the group has a process that is no zombie.

    The parent of an orphan may not have waited for it yet, so that a killed process remains as a zombie.
    """
    for stat_file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat_file.read_text().rpartition(")")[2].split()
            if int(fields[2]) == group_id and fields[0] != "Z":
                return True
    return False
