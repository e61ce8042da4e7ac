"""Run `feedsvc serve --workers N` and send requests to each of its workers."""

import contextlib
import json
import os
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from tests.audience.waiting import wait_until
from tests.helpers.http_client import SECONDS, Response, ask, ask_on
from tests.live.served_content import MonitoredServer, monitored_server


def fetch_workers(server: MonitoredServer) -> dict[str, Any]:
    """Return the entry `workers` of /status, from any worker."""
    workers: dict[str, Any] = json.loads(ask(server.url, "/status").body)["workers"]
    return workers


def worker_pids(server: MonitoredServer) -> dict[str, int]:
    """Return the process id of each worker by its number."""
    pids: dict[str, int] = fetch_workers(server)["processes"]
    return pids


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    # A zombie whose new parent process has not collected its exit status yet counts as ended.
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def responses_by_worker(server: MonitoredServer, path: str, number: int = 2) -> dict[int, Response]:
    """Return the response of each worker by its number: open connections until every worker has answered one."""
    responses: dict[int, Response] = {}

    def have_all() -> bool:
        response = ask_one_worker(server, path)
        if response:
            responses[response[0]] = response[1]
        return len(responses) == number

    wait_until(have_all)
    return responses


def ask_one_worker(server: MonitoredServer, path: str) -> tuple[int, Response] | None:
    """Return the number of the worker that has the connection, and its response to the path."""
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=SECONDS)
    with contextlib.closing(connection):
        number = json.loads(ask_on(connection, "/status").body)["workers"]["answering"]
        return number, ask_on(connection, quote(path))


@contextlib.contextmanager
def running_workers(content: Path, state: Path, *options: str, number: int = 2) -> Iterator[MonitoredServer]:
    with monitored_server(content, state, "--workers", str(number), *options) as server:
        yield server
