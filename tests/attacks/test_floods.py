"""Slow, greedy and broken clients by the hundred: the server stays up, answers others, and its memory stays bounded."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import pytest

from tests.attacks.attacked_server import crowd, unnoticed
from tests.helpers.http_client import ask
from tests.helpers.programs import require_program
from tests.helpers.running_server import ServerProcess, serving
from tests.web.newsroom import BIG, write_newsroom

SECONDS: Final = 4
CROWD: Final = 300
INSTALL: Final = "apt-get install slowhttptest"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("besieged")
    content = write_newsroom(folder / "content", talk=bytes(BIG))
    with serving(content, folder / "state") as one:
        ask(one.url, "/feed.rss")
        yield one


# --- slowhttptest ------------------------------------------------------------------------------------------------

SLOW: Final[Mapping[str, tuple[str, ...]]] = {
    "headers": ("-H", "-i", "1", "-x", "20"),
    "body": ("-B", "-i", "1", "-s", "60000", "-t", "POST", "-x", "20"),
    "read": ("-X", "-n", "1", "-w", "16", "-y", "64", "-z", "16", "-k", "3"),
    "ranges": ("-R", "-a", "5", "-b", "3000"),
}


@pytest.mark.parametrize("kind", SLOW)
def test_slow_clients_hold_nobody_up(server: ServerProcess, kind: str) -> None:
    program = require_program("slowhttptest", INSTALL)
    path = "media/talk.mp3" if kind == "read" else "feed.rss"
    options = ("-c", str(CROWD), "-r", "200", "-l", str(SECONDS), "-p", "5", "-u", f"{server.url}{path}")
    with unnoticed(server):
        done = subprocess.run([program, *SLOW[kind], *options], capture_output=True, text=True, timeout=60, check=False)
        assert "initializing" in done.stdout + done.stderr or "connected" in done.stdout + done.stderr, done.stderr


# --- wrk ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["feed.rss", "articles/fish/", "nothing", "feed"])
def test_hundreds_of_clients_at_once_get_every_answer_and_take_no_memory(server: ServerProcess, path: str) -> None:
    program = require_program("wrk", "apt-get install wrk")
    command = [program, "-t", "2", "-c", str(CROWD), "-d", "2s", "--timeout", "10s", f"{server.url}{path}"]
    with unnoticed(server):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "Socket errors" not in done.stdout, done.stdout
    found = re.search(r"(\d+) requests in", done.stdout)
    assert found, done.stdout
    assert int(found[1]) > 100
    assert ("Non-2xx" in done.stdout) == (path == "nothing"), done.stdout


# --- Bare connections --------------------------------------------------------------------------------------------


def _send(data: bytes) -> Callable[[socket.socket, int], None]:
    return lambda one, _: one.sendall(data)


def _again_and_again(data: bytes, times: int) -> Callable[[socket.socket, int], None]:
    def write(one: socket.socket, _: int) -> None:
        one.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            for _ in range(times):
                one.send(data)

    return write


ASK: Final = b"GET /feed.rss HTTP/1.1\r\nHost: x\r\n"
CHUNKED: Final = b"POST /feed.rss HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
FLOODS: Final[Mapping[str, Callable[[socket.socket, int], None]]] = {
    "headers without an end": _send(ASK + b"X-Flood: 1\r\n" * 20_000),
    "one endless header": _send(ASK + b"X-Flood: " + b"1" * 200_000),
    "header names of all kinds": lambda one, n: one.sendall(
        ASK + b"".join(b"X-%d-%d: 1\r\n" % (n, i) for i in range(1200)) + b"\r\n"
    ),
    "huge addresses": _send(b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
    "addresses as long as may be": lambda one, n: one.sendall(b"GET /%d" % n + b"x" * 15_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
    "garbage behind a request": _send((ASK + b"\r\n" + bytes(range(256)) * 4) * 20),
    "nothing but garbage": _send(bytes(range(256)) * 400),
    "requests that are never read": _again_and_again((b"GET /media/talk.mp3 HTTP/1.1\r\nHost: x\r\n\r\n") * 500, 20),
    "feeds that are never read": _again_and_again((ASK + b"\r\n") * 500, 20),
    "bodies that never come": _send(b"POST /feed.rss HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\nx"),
    "bodies without an end": _send(
        b"POST /feed.rss HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"400\r\n" + b"x" * 0x400
    ),
    "chunks of odd sizes": _send(CHUNKED + b"ffffffffffffffff\r\nx"),
    "ranges by the thousand": _send(
        b"GET /media/talk.mp3 HTTP/1.1\r\nHost: x\r\nRange: bytes=" + b",".join(b"%d-" % i for i in range(2000)) + b"\r\n\r\n"
    ),
    "silence": lambda one, n: None,
}


@pytest.mark.parametrize("kind", FLOODS)
def test_a_flood_goes_unnoticed_by_a_good_reader(server: ServerProcess, kind: str) -> None:
    with unnoticed(server):
        crowd(server.url, CROWD, FLOODS[kind], 1.5)
    assert ask(server.url, "/feed.rss").status == 200
