"""Who reads while things are killed: a tree's files and a server's answers, over and over, and each byte is looked at later."""

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

Seen = dict[str, dict[bytes | None, None]]  # address or file name -> every whole that was read there; None: nothing there


class Reading:
    """`seen` is what was read, `cut` what broke off while nobody had been killed. `killed` is set before the kill."""

    def __init__(self) -> None:
        self.seen: Seen = defaultdict(dict)
        self.cut: list[str] = []
        self.posted = 0
        self.killed, self._over = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []

    def begin(self, read: Callable[[], None]) -> None:
        """Again and again, until `stop`."""
        self._threads.append(threading.Thread(target=self._repeat, args=(read,), daemon=True))
        self._threads[-1].start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(SECONDS)

    def _repeat(self, read: Callable[[], None]) -> None:
        while not self._over.is_set():
            try:
                read()
            except (OSError, http.client.HTTPException) as error:
                if not self.killed.is_set():
                    self.cut.append(repr(error))
                return

    def tree(self, out: Path) -> None:
        """Every file of a tree, once."""
        for folder, _, names in os.walk(out):
            for name in names:
                with contextlib.suppress(FileNotFoundError):
                    file = Path(folder, name)
                    if not name.startswith(".feedsvc"):
                        self.seen[file.relative_to(out).as_posix()][file.read_bytes()] = None
        self._over.wait(0.01)

    def server(self, url: str, addresses: Callable[[], list[str]]) -> None:
        """Every address of a server, once, on one connection."""
        with _connected(url) as connection:
            for address in addresses():
                if self._over.is_set():
                    return
                got = ask_on(connection, quote(address))
                assert got.status in (200, 404), (address, got.status)
                self.seen[address][got.body if got.status == 200 else None] = None

    def article(self, url: str, address: str, random: Random) -> None:
        """Somebody opens an article, whom nobody has met before: a read that counts."""
        with _connected(url) as connection:
            agent = f"Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0 {random.random()}"
            self.posted += 1
            ask_on(connection, f"{address}views", {"Sec-Fetch-Site": "same-origin", "User-Agent": agent}, "POST")
        self._over.wait(0.02)


@contextlib.contextmanager
def _connected(url: str) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=SECONDS)
    with contextlib.closing(connection):
        yield connection
