"""A command of feedsvc in a process group of its own, which can be killed at any moment: the first process alone, or all."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

from tests.helpers.http_client import SECONDS
from tests.helpers.running_server import command, environment


class Started:
    """`said` is what it wrote to stderr so far."""

    def __init__(self, *words: str | Path) -> None:
        self.process = subprocess.Popen(
            command(*words),
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            env=environment(),
            start_new_session=True,
        )
        self._lines: list[str] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def said(self) -> str:
        return "".join(self._lines)

    def wait_to_hear(self, word: str, seconds: float = SECONDS) -> bool:
        """Whether a line with this word has come before the end of the process, or of the time."""
        with self._news:
            self._news.wait_for(lambda: word in self.said or not self._reader.is_alive(), seconds)
        return word in self.said

    @property
    def url(self) -> str:
        """Of a server that has said it, with a slash at its end."""
        return self.said.partition(" at http://")[2].split()[0].join(("http://", ""))

    def is_at_work(self) -> bool:
        return self.process.poll() is None

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    def kill(self, *, alone: float | None) -> None:
        """All of it at once; the first process so many seconds before the others, if `alone` says so."""
        if alone is not None:
            self.signal(signal.SIGKILL)
            time.sleep(alone)
        self._kill_group()
        self.process.wait(SECONDS)
        end = time.monotonic() + SECONDS
        while _living(self.process.pid):
            assert time.monotonic() < end, "a process outlived its kill"
            time.sleep(0.002)
        self._end()

    def wait(self) -> int:
        """The exit status, once it has ended by itself."""
        self.process.wait(SECONDS)
        self._end()
        return self.process.returncode

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def _end(self) -> None:
        self._reader.join(SECONDS)
        if self.process.stderr and not self.process.stderr.closed:
            self.process.stderr.close()

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            with self._news:
                self._lines.append(line)
                self._news.notify_all()
        with self._news:
            self._news.notify_all()


def _living(group: int) -> bool:
    """Whether a process of the group is there and no zombie: whoever took in an orphan may not have asked for its end yet."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            facts = status.read_text().rpartition(")")[2].split()
            if int(facts[2]) == group and facts[0] != "Z":
                return True
    return False
