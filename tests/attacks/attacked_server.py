"""A real server under attack, and a well-behaved client that the attack must not affect."""

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

MAX_WAIT: Final = 10.0  # seconds that the client waits; CI machines are slow and shared
MAX_ADDED_MEMORY: Final = 96 * 1024 * 1024  # bytes that an attack may add; the buffers of hundreds of connections take some


class PollingReader:
    """A client that polls a feed in a thread, on a new connection each time, and records statuses, durations and errors."""

    def __init__(self, url: str) -> None:
        self._url, self._stopped = url, threading.Event()
        self.statuses: list[int] = []
        self.slowest = 0.0
        self.durations: list[float] = []  # of the polls, in seconds
        self.errors: list[Exception] = []
        self._thread = threading.Thread(target=self._poll, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(2 * MAX_WAIT)

    def _poll(self) -> None:
        etag = ""
        while not self._stopped.is_set():
            start = time.monotonic()
            connection = http.client.HTTPConnection(urlsplit(self._url).netloc, timeout=MAX_WAIT)
            try:
                response = ask_on(connection, "/feed.rss", {"If-None-Match": etag, "User-Agent": "Good/1"} if etag else {})
                etag = response["ETag"]
                self.statuses.append(response.status)
            except Exception as error:  # noqa: BLE001 - the test checks it
                self.errors.append(error)
            finally:
                connection.close()
            self.durations.append(time.monotonic() - start)
            self.slowest = max(self.durations)
            self._stopped.wait(0.05)


def resident_memory(pid: int) -> int:
    """Return the resident memory of a process in bytes."""
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) * 1024


@contextlib.contextmanager
def assert_unaffected(server: ServerProcess, max_wait: float = MAX_WAIT) -> Iterator[None]:
    """Check that the block does not affect a well-behaved client, and adds little memory to the server."""
    before = resident_memory(server.process.pid)
    with PollingReader(server.url) as reader:
        yield
        time.sleep(0.3)
    summary = f"{len(reader.statuses)} polls, the slowest took {reader.slowest:.1f} s"
    assert len(reader.statuses) > 1, summary
    assert reader.errors == [], (summary, reader.errors)
    assert set(reader.statuses[:1]) == {200}
    assert set(reader.statuses[1:]) == {304}
    assert reader.slowest < max_wait, summary
    added_memory = resident_memory(server.process.pid) - before
    assert added_memory < MAX_ADDED_MEMORY, f"{added_memory:,} bytes more"
    print(f"{summary}; {added_memory:,} bytes more")  # noqa: T201 - pytest shows it with -rP
    assert server.process.poll() is None


def hold_connections(url: str, number: int, write: Callable[[socket.socket, int], None], seconds: float) -> None:
    """Open `number` connections, call `write` on each, and hold them until `seconds` have passed."""
    split, deadline = urlsplit(url), time.monotonic() + seconds
    with contextlib.ExitStack() as stack:
        for count in range(number):
            connection = stack.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(1.0)
            with contextlib.suppress(OSError):  # the server may close a connection during the writes
                connection.connect((split.hostname, split.port))
                write(connection, count)
        time.sleep(max(0.0, deadline - time.monotonic()))
