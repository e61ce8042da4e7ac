"""miniflux, a server with a PostgreSQL database, used by its API."""

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

import psycopg

from tests.audience.postgres import database
from tests.subscribers.program import TIMEOUT, Item

_USER: Final = "reader"
_PASSWORD: Final = "only-for-this-test"
_TOKEN: Final = "token-of-this-test"
_SETTINGS: Final[Mapping[str, str]] = {
    "RUN_MIGRATIONS": "1",
    "CREATE_ADMIN": "1",
    "ADMIN_USERNAME": _USER,
    "ADMIN_PASSWORD": _PASSWORD,
    "DISABLE_SCHEDULER_SERVICE": "1",
    # Later versions fetch nothing from the loopback address without this setting.
    "FETCHER_ALLOW_PRIVATE_NETWORKS": "1",
}


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])


class Miniflux:
    def __init__(self, port: int) -> None:
        self.port = port
        self.feeds: dict[str, int] = {}

    def request(self, method: str, path: str, document: Mapping[str, Any] | None = None) -> Any:
        """Send a request to the API and return the JSON response. Raises AssertionError if the status is an error."""
        headers = {"X-Auth-Token": _TOKEN, "Content-Type": "application/json"}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)) as connection:
            connection.request(method, path, json.dumps(document) if document is not None else None, headers)
            response = connection.getresponse()
            body = response.read()
        assert response.status < 300, f"{method} {path}: {response.status} {body.decode()}"
        return json.loads(body or "null")

    def subscribe(self, name: str, address: str) -> None:
        [category, *_] = self.request("GET", "/v1/categories")
        self.feeds[name] = self.request("POST", "/v1/feeds", {"feed_url": address, "category_id": category["id"]})["feed_id"]

    def refresh(self, minutes: int) -> None:
        if not minutes:
            return  # miniflux fetches a feed at once on subscription
        for feed_id in self.feeds.values():
            self.request("PUT", f"/v1/feeds/{feed_id}/refresh")

    def items(self, name: str) -> list[Item]:
        entries = self.request("GET", f"/v1/feeds/{self.feeds[name]}/entries?limit=100")["entries"]
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


def _wait_for_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"miniflux does not answer: {log.read_text()}")


def _create_token(url: str) -> None:
    """Add an API key as the settings page does. With a password, miniflux would compute a slow digest at each request."""
    statement = "INSERT INTO api_keys (user_id, token, description) SELECT id, %s, 'test' FROM users WHERE username = %s"
    with psycopg.connect(url) as connection:
        assert connection.execute(statement, (_TOKEN, _USER)).rowcount == 1


@contextmanager
def miniflux(home: Path) -> Iterator[Miniflux]:
    port, log = free_port(), home / "log"
    with database() as url, log.open("wb") as log_file:
        environment = {"HOME": str(home), "PATH": os.environ["PATH"], "LISTEN_ADDR": f"127.0.0.1:{port}"}
        variables = {**environment, **_SETTINGS, "DATABASE_URL": f"{url}?sslmode=disable"}
        process = subprocess.Popen(["miniflux"], stdout=log_file, stderr=log_file, env=variables)
        try:
            _wait_for_port(process, port, log)
            _create_token(url)
            yield Miniflux(port)
        finally:
            process.terminate()
            process.wait(TIMEOUT)
