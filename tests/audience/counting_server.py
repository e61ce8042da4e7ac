"""A server in another process that counts the reads of two articles.

Run as `python -m tests.audience.counting_server URL INTERVAL`; its first line of output is its address.
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
from typing import TYPE_CHECKING

from feedsvc.audience.counter import ViewCounter
from feedsvc.audience.middleware import ViewsMiddleware
from feedsvc.audience.visitors import Visitors
from feedsvc.support.alerts import Alerts
from feedsvc.support.token_bucket import BucketLimit
from feedsvc.web.server import Server
from tests.audience.waiting import TIMEOUT
from tests.helpers.forked_process import start_module

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

STOP_TIMEOUT = 8.0  # seconds for the last write at the stop
ARTICLES = {"bridge": "tag:news.example,2026:bridge", "다리": "tag:news.example,2026:%EB%8B%A4%EB%A6%AC"}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"


def find_article_id(slug: str, _: datetime) -> str | None:
    return ARTICLES.get(slug)


def now() -> datetime:
    return datetime.now(UTC)


def send_page(_: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "4")])
    return [b"page"]


def main(database_url: str, interval: str) -> None:
    # All requests come from this machine.
    visitors = Visitors(address_limit=BucketLimit(burst=10_000, refill_seconds=1.0))
    counter = ViewCounter(database_url, now, Alerts(), chores=visitors.rotate_day, write_interval=float(interval), max_age=0.01)
    application = ViewsMiddleware(
        send_page, counter, visitors, find_article_id, base_url=lambda: "https://news.example", clock=now
    )
    server = Server(application, host="127.0.0.1", port=0, threads=4)
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    server.run()
    counter.close(timeout=STOP_TIMEOUT)


class CountingServer:
    """A server process. `stderr` holds its error output once it has stopped."""

    def __init__(self, database_url: str, *options: object) -> None:
        line = ("tests.audience.counting_server", database_url, *map(str, options))
        self.process = start_module(*line, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert self.process.stdout
        self.address = self.process.stdout.readline().strip().removeprefix("http://").rstrip("/")
        assert self.address, self.process.communicate()[1]
        self.stderr = ""

    def request(self, method: str, visitor: int = 0) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.address, timeout=TIMEOUT)
        with contextlib.closing(connection):
            headers = {"User-Agent": f"{FIREFOX} Number/{visitor}", "Sec-Fetch-Site": "same-origin"}
            connection.request(method, "/articles/bridge/views", headers=headers)
            response = connection.getresponse()
            return response.status, response.read()

    def send_read(self, visitor: int) -> int:
        return self.request("POST", visitor)[0]

    def read_count(self) -> int | None:
        status, body = self.request("GET")
        return json.loads(body)["views"] if status == 200 else None

    def stop(self, signal_number: int = signal.SIGTERM) -> int:
        """Send the signal, wait for the end of the process and return its exit status."""
        self.process.send_signal(signal_number)
        self.stderr += self.process.communicate(timeout=TIMEOUT)[1]
        return self.process.wait()

    def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
            self.process.communicate()


@contextlib.contextmanager
def run_counting_server(database_url: str, *, interval: float = 0.1) -> Iterator[CountingServer]:
    server = CountingServer(database_url, interval)
    try:
        yield server
    finally:
        server.kill()


if __name__ == "__main__":
    main(*sys.argv[1:])
