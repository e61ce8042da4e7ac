"""Hostile bodies sent to the form that combines feeds cost a bounded amount of time and memory."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from urllib.parse import urlsplit

import pytest

from tests.attacks.attacked_server import assert_unaffected, hold_connections
from tests.helpers.http_client import ask, exchange_bytes, statuses
from tests.helpers.running_server import ServerProcess, serving
from tests.web.newsroom import write_newsroom

FORM_TYPE: Final = "application/x-www-form-urlencoded"
CONNECTIONS: Final = 200


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("form")
    with serving(write_newsroom(folder / "content"), folder / "state") as running:
        ask(running.url, "/feed.rss")
        yield running


def head(*fields: str) -> bytes:
    lines = ("POST /feed/ HTTP/1.1", "Host: news.example", f"Content-Type: {FORM_TYPE}", "Connection: close", *fields)
    return "\r\n".join((*lines, "", "")).encode()


def send(url: str, data: bytes) -> list[int]:
    """Send bytes until the server closes the connection; return the statuses of its responses."""
    split, received = urlsplit(url), b""
    with socket.create_connection((split.hostname or "", split.port or 0), timeout=30) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(data)
        with contextlib.suppress(ConnectionError):
            while block := connection.recv(65_536):
                received += block
    return statuses(received)


@pytest.mark.parametrize("name", ["large", "fields", "bomb", "invalid", "names"])
def test_hostile_bodies_are_refused_at_once(server: ServerProcess, name: str) -> None:
    bodies = {
        "large": b"include=" + b"x" * 15_000,
        "fields": b"include=category:business&" * 600,
        "bomb": b"include=" + b"%25" * 5_000,
        "invalid": b"include=\x00\xff\xfe\xc0\x80" * 1_000,
        "names": b"&".join(b"include-tag=t%d" % number for number in range(450)),
    }
    body = bodies[name]
    with assert_unaffected(server):
        for _ in range(200):
            assert statuses(exchange_bytes(server.url, head(f"Content-Length: {len(body)}") + body)) == [400]


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_body_of_100_mb_is_not_stored(server: ServerProcess, framing: str) -> None:
    body = b"x" * 100_000_000
    fields, status = ("Content-Length: 100000000", 413) if framing == "length" else ("Transfer-Encoding: chunked", 411)
    data = head(fields) + b"5f5e100\r\n" + body
    with assert_unaffected(server):
        for _ in range(3):
            assert send(server.url, data) in ([status], [])  # [] if the client was still sending when the connection was closed


def test_bodies_of_one_byte_chunks_from_100_clients_delay_no_poll(server: ServerProcess) -> None:
    """Each 8 kB of such chunks once took 24 ms, so that a poll took 10 to 20 seconds."""
    data, end = head("Transfer-Encoding: chunked") + b"1\r\nx\r\n" * 10_000, time.monotonic() + 6

    def attack() -> None:
        while time.monotonic() < end:
            send(server.url, data)

    with assert_unaffected(server, max_wait=4.0), ThreadPoolExecutor(100) as clients:
        for _ in range(100):
            clients.submit(attack)


def test_slow_bodies_hold_no_thread(server: ServerProcess) -> None:
    start = head("Content-Length: 4000") + b"include="

    def write(connection: socket.socket, _: int) -> None:
        connection.sendall(start)

    with assert_unaffected(server):
        hold_connections(server.url, CONNECTIONS, write, 4)


def test_a_request_without_its_body_gets_a_response(server: ServerProcess) -> None:
    assert statuses(exchange_bytes(server.url, head())) == [400]
    assert statuses(exchange_bytes(server.url, head("Content-Length: 0"))) == [400]
    assert ask(server.url, "/feed.rss").status == 200
