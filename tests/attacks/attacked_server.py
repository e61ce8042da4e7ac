"""A real server under attack, and a good reader that must not notice."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

from tests.helpers.http_client import ask_on
from tests.helpers.running_server import ServerProcess

PATIENCE: Final = 10.0  # seconds that a good reader waits; CI's machines are slow and shared
MOST_MEMORY: Final = 96 * 1024 * 1024  # bytes that a siege may add; the buffers of hundreds of connections take some


class Reader:
    """Polls a feed, on a new connection each time, and keeps what it saw."""

    def __init__(self, url: str) -> None:
        self._url, self._over = url, threading.Event()
        self.statuses: list[int] = []
        self.slowest = 0.0
        self.times: list[float] = []  # seconds that each poll took
        self.failed: list[Exception] = []
        self._thread = threading.Thread(target=self._poll, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(2 * PATIENCE)

    def _poll(self) -> None:
        tag = ""
        while not self._over.is_set():
            began = time.monotonic()
            connection = http.client.HTTPConnection(urlsplit(self._url).netloc, timeout=PATIENCE)
            try:
                got = ask_on(connection, "/feed.rss", {"If-None-Match": tag, "User-Agent": "Good/1"} if tag else {})
                tag = got["ETag"]
                self.statuses.append(got.status)
            except Exception as error:  # noqa: BLE001 - the test looks at it
                self.failed.append(error)
            finally:
                connection.close()
            self.times.append(time.monotonic() - began)
            self.slowest = max(self.times)
            self._over.wait(0.05)


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) * 1024


@contextlib.contextmanager
def unnoticed(server: ServerProcess) -> Iterator[None]:
    """What is done within goes unnoticed by a good reader, and leaves the server's memory as it was, nearly."""
    before = resident(server.process.pid)
    with Reader(server.url) as reader:
        yield
        time.sleep(0.3)
    seen = f"{len(reader.statuses)} polls, the slowest took {reader.slowest:.1f} s"
    assert len(reader.statuses) > 1, seen
    assert reader.failed == [], (seen, reader.failed)
    assert set(reader.statuses[:1]) == {200}
    assert set(reader.statuses[1:]) == {304}
    assert reader.slowest < PATIENCE, seen
    grown = resident(server.process.pid) - before
    assert grown < MOST_MEMORY, f"{grown:,} bytes more"
    print(f"{seen}; {grown:,} bytes more")  # noqa: T201 - pytest shows it with -rP
    assert server.process.poll() is None


def crowd(url: str, number: int, write: Callable[[socket.socket, int], None], seconds: float) -> None:
    """So many connections at once, on each of which `write` does its worst; held until the time is over."""
    split, end = urlsplit(url), time.monotonic() + seconds
    with contextlib.ExitStack() as held:
        for count in range(number):
            one = held.enter_context(socket.socket())
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.settimeout(1.0)
            with contextlib.suppress(OSError):  # a server that has had enough of one may close on it
                one.connect((split.hostname, split.port))
                write(one, count)
        time.sleep(max(0.0, end - time.monotonic()))
