"""Hundreds of slow, greedy or invalid clients: the server keeps running and responding to others within a memory limit."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import pytest

from tests.attacks.attacked_server import assert_unaffected, hold_connections
from tests.helpers.http_client import ask
from tests.helpers.programs import require_program
from tests.helpers.running_server import ServerProcess, serving
from tests.web.newsroom import LARGE_SIZE, write_newsroom

SLOW_CLIENT_SECONDS: Final = 4
CONNECTIONS: Final = 300
INSTALL_COMMAND: Final = "apt-get install slowhttptest"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("flooded")
    content = write_newsroom(folder / "content", talk=bytes(LARGE_SIZE))
    with serving(content, folder / "state") as running:
        ask(running.url, "/feed.rss")
        yield running


# --- slowhttptest

SLOWHTTPTEST_OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "headers": ("-H", "-i", "1", "-x", "20"),
    "body": ("-B", "-i", "1", "-s", "16000", "-t", "POST", "-x", "20"),
    "read": ("-X", "-n", "1", "-w", "16", "-y", "64", "-z", "16", "-k", "3"),
    "ranges": ("-R", "-a", "5", "-b", "3000"),
}


@pytest.mark.parametrize("kind", SLOWHTTPTEST_OPTIONS)
def test_slow_clients_do_not_delay_other_clients(server: ServerProcess, kind: str) -> None:
    program = require_program("slowhttptest", INSTALL_COMMAND)
    path = "media/talk.mp3" if kind == "read" else "feed.rss"
    options = ("-c", str(CONNECTIONS), "-r", "200", "-l", str(SLOW_CLIENT_SECONDS), "-p", "5", "-u", f"{server.url}{path}")
    with assert_unaffected(server):
        result = subprocess.run(
            [program, *SLOWHTTPTEST_OPTIONS[kind], *options], capture_output=True, text=True, timeout=120, check=False
        )
        assert "initializing" in result.stdout + result.stderr or "connected" in result.stdout + result.stderr, result.stderr


# --- wrk


@pytest.mark.parametrize("path", ["feed.rss", "articles/fish/", "nothing", "feed"])
def test_300_concurrent_clients_get_every_response_within_the_memory_limit(server: ServerProcess, path: str) -> None:
    program = require_program("wrk", "apt-get install wrk")
    command = [program, "-t", "2", "-c", str(CONNECTIONS), "-d", "2s", "--timeout", "10s", f"{server.url}{path}"]
    with assert_unaffected(server):
        result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "Socket errors" not in result.stdout, result.stdout
    match = re.search(r"(\d+) requests in", result.stdout)
    assert match, result.stdout
    assert int(match[1]) > 100
    assert ("Non-2xx" in result.stdout) == (path == "nothing"), result.stdout


# --- Connections without an HTTP library


def _send(data: bytes) -> Callable[[socket.socket, int], None]:
    return lambda connection, _: connection.sendall(data)


def _send_repeatedly(data: bytes, times: int) -> Callable[[socket.socket, int], None]:
    def write(connection: socket.socket, _: int) -> None:
        connection.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            for _ in range(times):
                connection.send(data)

    return write


REQUEST_HEAD: Final = b"GET /feed.rss HTTP/1.1\r\nHost: x\r\n"
CHUNKED_HEAD: Final = b"POST /feed.rss HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
FLOODS: Final[Mapping[str, Callable[[socket.socket, int], None]]] = {
    "headers without an end": _send(REQUEST_HEAD + b"X-Flood: 1\r\n" * 20_000),
    "one endless header": _send(REQUEST_HEAD + b"X-Flood: " + b"1" * 200_000),
    "header names of all kinds": lambda connection, number: connection.sendall(
        REQUEST_HEAD + b"".join(b"X-%d-%d: 1\r\n" % (number, i) for i in range(1200)) + b"\r\n"
    ),
    "huge addresses": _send(b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
    "addresses of the maximum length": lambda connection, number: connection.sendall(
        b"GET /%d" % number + b"x" * 15_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    ),
    "invalid bytes after a request": _send((REQUEST_HEAD + b"\r\n" + bytes(range(256)) * 4) * 20),
    "only invalid bytes": _send(bytes(range(256)) * 400),
    "requests that are never read": _send_repeatedly((b"GET /media/talk.mp3 HTTP/1.1\r\nHost: x\r\n\r\n") * 500, 20),
    "feeds that are never read": _send_repeatedly((REQUEST_HEAD + b"\r\n") * 500, 20),
    "bodies that never come": _send(b"POST /feed.rss HTTP/1.1\r\nHost: x\r\nContent-Length: 16000\r\n\r\nx"),
    "bodies of one-byte chunks": _send(CHUNKED_HEAD + b"1\r\nx\r\n" * 50_000),
    "bodies that lack one byte": _send(b"POST /feed/ HTTP/1.1\r\nHost: x\r\nContent-Length: 16384\r\n\r\n" + b"x" * 16_383),
    "ranges by the thousand": _send(
        b"GET /media/talk.mp3 HTTP/1.1\r\nHost: x\r\nRange: bytes=" + b",".join(b"%d-" % i for i in range(2000)) + b"\r\n\r\n"
    ),
    "no request": lambda connection, number: None,
}


@pytest.mark.parametrize("kind", FLOODS)
def test_flood_does_not_affect_a_well_behaved_client(server: ServerProcess, kind: str) -> None:
    with assert_unaffected(server):
        hold_connections(server.url, CONNECTIONS, FLOODS[kind], 1.5)
    assert ask(server.url, "/feed.rss").status == 200
