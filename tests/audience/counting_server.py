"""A server in a process of its own that counts the reads of two articles and has nothing else to say.

Run as `python -m tests.audience.counting_server WHERE EVERY BATCH SPILL PATIENCE`; its address is its first line.
"""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from feedsvc.audience.counter import ReadCounter
from feedsvc.audience.middleware import ReadCountMiddleware
from feedsvc.audience.store import DatabaseReadStore
from feedsvc.audience.visitors import Visitors
from feedsvc.support.token_bucket import BucketLimit
from feedsvc.web.server import Server
from tests import ROOT
from tests.audience.waiting import SECONDS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

STOP = 8.0  # seconds, for what cannot be written
ARTICLES = {"bridge": "tag:news.example,2026:bridge", "다리": "tag:news.example,2026:%EB%8B%A4%EB%A6%AC"}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"


def find(slug: str, _: datetime) -> str | None:
    return ARTICLES.get(slug)


def now() -> datetime:
    return datetime.now(UTC)


def nothing(_: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "4")])
    return [b"page"]


def main(where: str, every: str, batch: str, spill: str, patience: str) -> None:
    # All of them come from this machine.
    views, visitors = DatabaseReadStore(where), Visitors(address_limit=BucketLimit(burst=10_000, refill_seconds=1.0))
    counter = ReadCounter(
        views,
        now,
        periodic_work=visitors.rotate_day,
        spool_folder=Path(spill) if spill else None,
        write_interval=float(every),
        batch_size=int(batch),
        max_age=0.01,
        wait_timeout=float(patience),
    )
    application = ReadCountMiddleware(nothing, counter, visitors, find, base_url=lambda: "https://news.example", clock=now)
    server = Server(application, host="127.0.0.1", port=0, threads=4)
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    server.run()
    counter.close(timeout=STOP)
    views.close()


class Serving:
    """One such process; `said` is what it wrote to stderr, whole once it has stopped."""

    def __init__(self, where: str, *options: object) -> None:
        command = [sys.executable, "-m", "tests.audience.counting_server", where, *map(str, options)]
        variables = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=variables)
        assert self.process.stdout
        self.place = self.process.stdout.readline().strip().removeprefix("http://").rstrip("/")
        assert self.place, self.process.communicate()[1]
        self.said = ""

    def ask(self, method: str, visitor: int = 0) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.place, timeout=SECONDS)
        with contextlib.closing(connection):
            headers = {"User-Agent": f"{FIREFOX} Number/{visitor}", "Sec-Fetch-Site": "same-origin"}
            connection.request(method, "/articles/bridge/views", headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def beacon(self, visitor: int) -> int:
        return self.ask("POST", visitor)[0]

    def views(self) -> int | None:
        status, body = self.ask("GET")
        return json.loads(body)["views"] if status == 200 else None

    def end(self, number: int = signal.SIGTERM) -> int:
        """The exit status."""
        self.process.send_signal(number)
        self.said += self.process.communicate(timeout=SECONDS)[1]
        return self.process.returncode

    def remove(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
            self.process.communicate()


@contextlib.contextmanager
def serving(
    where: str, *, every: float = 0.1, batch: int = 500, spill: Path | str = "", patience: float = SECONDS
) -> Iterator[Serving]:
    # A slow machine is no silent database, hence the patience.
    server = Serving(where, every, batch, spill, patience)
    try:
        yield server
    finally:
        server.remove()


if __name__ == "__main__":
    main(*sys.argv[1:])
