"""A real `feedsvc serve --workers N`, and its workers one by one."""

import contextlib
import json
import os
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from tests.audience.waiting import until
from tests.helpers.http_client import SECONDS, Response, ask, ask_on
from tests.live.served_content import Followed, followed


def told(server: Followed) -> dict[str, Any]:
    """What /status says of the workers, whoever answers."""
    found: dict[str, Any] = json.loads(ask(server.url, "/status").body)["workers"]
    return found


def processes(server: Followed) -> dict[str, int]:
    found: dict[str, int] = told(server)["processes"]
    return found


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    # Whoever took in an orphan may not have asked for its end yet.
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def of_each(server: Followed, path: str, number: int = 2) -> dict[int, Response]:
    """The answer of each worker: another connection may meet another one."""
    found: dict[int, Response] = {}

    def have_all() -> bool:
        got = ask_once(server, path)
        if got:
            found[got[0]] = got[1]
        return len(found) == number

    until(have_all)
    return found


def ask_once(server: Followed, path: str) -> tuple[int, Response] | None:
    """On one connection, which one worker has: who it is, and its answer."""
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=SECONDS)
    with contextlib.closing(connection):
        who = json.loads(ask_on(connection, "/status").body)["workers"]["answering"]
        return who, ask_on(connection, quote(path))


@contextlib.contextmanager
def team(content: Path, state: Path, *options: str, number: int = 2) -> Iterator[Followed]:
    with followed(content, state, "--workers", str(number), *options) as server:
        yield server
