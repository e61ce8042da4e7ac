"""miniflux, a server of its own with PostgreSQL, asked through its API."""

import base64
import http.client
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tests.audience.postgres import database
from tests.subscribers.program import SECONDS, Item

_NAME: Final = "reader"
_PASSWORD: Final = "only-for-this-test"
_SETTINGS: Final[Mapping[str, str]] = {
    "RUN_MIGRATIONS": "1",
    "CREATE_ADMIN": "1",
    "ADMIN_USERNAME": _NAME,
    "ADMIN_PASSWORD": _PASSWORD,
    "DISABLE_SCHEDULER_SERVICE": "1",
    # Later versions fetch nothing from this machine unless they are told to.
    "FETCHER_ALLOW_PRIVATE_NETWORKS": "1",
}


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as one:
        return int(one.getsockname()[1])


class Miniflux:
    def __init__(self, port: int) -> None:
        self.port = port
        self.feeds: dict[str, int] = {}

    def ask(self, method: str, path: str, told: Mapping[str, Any] | None = None) -> Any:
        """AssertionError: it answers with an error."""
        words = base64.b64encode(f"{_NAME}:{_PASSWORD}".encode()).decode()
        headers = {"Authorization": f"Basic {words}", "Content-Type": "application/json"}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)) as connection:
            connection.request(method, path, json.dumps(told) if told is not None else None, headers)
            answer = connection.getresponse()
            body = answer.read()
        assert answer.status < 300, f"{method} {path}: {answer.status} {body.decode()}"
        return json.loads(body or "null")

    def subscribe(self, name: str, address: str) -> None:
        [category, *_] = self.ask("GET", "/v1/categories")
        self.feeds[name] = self.ask("POST", "/v1/feeds", {"feed_url": address, "category_id": category["id"]})["feed_id"]

    def refresh(self, later: int) -> None:
        if not later:
            return  # it fetched each feed when it was subscribed to
        for number in self.feeds.values():
            self.ask("PUT", f"/v1/feeds/{number}/refresh")

    def items(self, name: str) -> list[Item]:
        entries = self.ask("GET", f"/v1/feeds/{self.feeds[name]}/entries?limit=100")["entries"]
        return [
            Item(
                title=entry["title"],
                link=entry["url"],
                byline=entry["author"],
                date=datetime.fromisoformat(entry["published_at"]).astimezone(UTC),
                text=entry["content"],
            )
            for entry in entries
        ]


def _awaited(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"miniflux does not answer: {log.read_text()}")


@contextmanager
def miniflux(home: Path) -> Iterator[Miniflux]:
    port, log = free_port(), home / "log"
    with database() as url, log.open("wb") as said:
        own = {"HOME": str(home), "PATH": os.environ["PATH"], "LISTEN_ADDR": f"127.0.0.1:{port}"}
        variables = {**own, **_SETTINGS, "DATABASE_URL": f"{url}?sslmode=disable"}
        process = subprocess.Popen(["miniflux"], stdout=said, stderr=said, env=variables)
        try:
            _awaited(process, port, log)
            yield Miniflux(port)
        finally:
            process.terminate()
            process.wait(SECONDS)
