"""Threads that read a tree's files and a server's responses in a loop while processes are killed. Tests check all bytes later."""

from __future__ import annotations

import contextlib
import http.client
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from urllib.parse import quote, urlsplit

from tests.helpers.http_client import SECONDS, ask_on

ReadBytes = dict[str, dict[bytes | None, None]]  # address or file name -> set of bodies (as keys); None: not found


class ConcurrentReaders:
    """Reader threads. `bodies` holds what they read, `errors` the reads that failed before `kill_started` was set."""

    def __init__(self) -> None:
        self.bodies: ReadBytes = defaultdict(dict)
        self.errors: list[str] = []
        self.posted_reads = 0
        self.kill_started, self._stopped = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, read: Callable[[], None]) -> None:
        """Start a thread that calls `read` until `stop`."""
        self._threads.append(threading.Thread(target=self._repeat, args=(read,), daemon=True))
        self._threads[-1].start()

    def stop(self) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(SECONDS)

    def _repeat(self, read: Callable[[], None]) -> None:
        while not self._stopped.is_set():
            try:
                read()
            except (OSError, http.client.HTTPException) as error:
                if not self.kill_started.is_set():
                    self.errors.append(repr(error))
                return

    def read_tree(self, out: Path) -> None:
        """Read every file of a tree once."""
        for folder, _, names in os.walk(out):
            for name in names:
                with contextlib.suppress(FileNotFoundError):
                    file = Path(folder, name)
                    if not name.startswith(".feedsvc"):
                        self.bodies[file.relative_to(out).as_posix()][file.read_bytes()] = None
        self._stopped.wait(0.01)

    def read_server(self, url: str, addresses: Callable[[], list[str]]) -> None:
        """Request every address of a server once, on one connection."""
        with _open_connection(url) as connection:
            for address in addresses():
                if self._stopped.is_set():
                    return
                response = ask_on(connection, quote(address))
                assert response.status in (200, 404), (address, response.status)
                if address.startswith("/sized/") and response["cache-control"] == "no-store":
                    continue  # the image itself, because its variant is not made yet
                self.bodies[address][response.body if response.status == 200 else None] = None

    def open_article(self, url: str, address: str, random: Random) -> None:
        """Post one read of an article as a new visitor, so that the server counts it."""
        with _open_connection(url) as connection:
            user_agent = f"Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0 {random.random()}"
            self.posted_reads += 1
            ask_on(connection, f"{address}views", {"Sec-Fetch-Site": "same-origin", "User-Agent": user_agent}, "POST")
        self._stopped.wait(0.02)


@contextlib.contextmanager
def _open_connection(url: str) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=SECONDS)
    with contextlib.closing(connection):
        yield connection
