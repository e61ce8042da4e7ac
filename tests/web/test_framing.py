"""Framing and Host of a request (RFC 9112 sections 3.2, 6.1, 6.3): the server refuses what other servers may read differently."""

from __future__ import annotations

import contextlib
import re
from typing import Final

import pytest

from tests.helpers.http_client import exchange_bytes, open_connection, read_all, statuses
from tests.helpers.running_server import ServerProcess

HOST: Final = b"Host: x\r\n"
NEXT: Final = b"GET /articles/fish/ HTTP/1.1\r\nHost: x\r\n\r\n"  # the request that an attacker smuggles
CHUNKED: Final = b"Transfer-Encoding: chunked\r\n"
BODY: Final = b"0\r\n\r\n"
STATUS_LINE: Final = re.compile(rb"HTTP/1\.[01] \d{3} ")


def request_head(*fields: bytes, line: bytes = b"POST /feed.rss HTTP/1.1", host: bytes = HOST) -> bytes:
    return b"\r\n".join([line, host + b"".join(fields), b""])


TRANSFER_CODINGS: Final = {
    "one chunked": request_head(CHUNKED),
    "chunked in lower case": request_head(b"transfer-encoding:\t chunked \r\n"),
    "chunked after another coding": request_head(b"Transfer-Encoding: gzip, chunked\r\n"),
    "HTTP/1.0 with Transfer-Encoding": request_head(CHUNKED, line=b"POST /feed.rss HTTP/1.0"),
    "HTTP/1.0 with Transfer-Encoding and keep-alive": request_head(
        CHUNKED, b"Connection: keep-alive\r\n", line=b"POST /feed.rss HTTP/1.0"
    ),
    "HTTP/1.0 with Transfer-Encoding and Content-Length": request_head(
        CHUNKED, b"Content-Length: 5\r\n", line=b"POST /feed.rss HTTP/1.0"
    ),
    "no version and Transfer-Encoding": request_head(CHUNKED, line=b"POST /feed.rss"),
    "HTTP/1.2 with Transfer-Encoding": request_head(CHUNKED, line=b"POST /feed.rss HTTP/1.2"),
    "Content-Length before Transfer-Encoding": request_head(b"Content-Length: 5\r\n", CHUNKED),
    "Content-Length after Transfer-Encoding": request_head(CHUNKED, b"Content-Length: 5\r\n"),
    "Content-Length of 0, and Transfer-Encoding": request_head(CHUNKED, b"Content-Length: 0\r\n"),
    "GET with Transfer-Encoding and Content-Length": request_head(
        CHUNKED, b"Content-Length: 5\r\n", line=b"GET /feed.rss HTTP/1.1"
    ),
    "chunked twice": request_head(b"Transfer-Encoding: chunked, chunked\r\n"),
    "chunked twice in two lines": request_head(CHUNKED, CHUNKED),
    "chunked before another coding": request_head(b"Transfer-Encoding: chunked, gzip\r\n"),
    "a coding that is not chunked": request_head(b"Transfer-Encoding: gzip\r\n"),
    "identity": request_head(b"Transfer-Encoding: identity\r\n"),
    "an empty coding": request_head(b"Transfer-Encoding:\r\n", b"Content-Length: 5\r\n"),
    "only a comma": request_head(b"Transfer-Encoding: ,\r\n", b"Content-Length: 5\r\n"),
    "an empty member": request_head(b"Transfer-Encoding: chunked,\r\n"),
    "a tab in the name of a coding": request_head(b"Transfer-Encoding: chunk\ted\r\n"),
    "a vertical tab before the coding": request_head(b"Transfer-Encoding: \x0bchunked\r\n"),
    "a folded line": request_head(b"Transfer-Encoding:\r\n identity\r\n"),
    "after a bare line feed": request_head(b"X: x\nTransfer-Encoding: chunked\r\n"),
    "no Host": request_head(CHUNKED, host=b""),
}
FRAMING_ERRORS: Final = {
    "a space after the field name": request_head(b"Transfer-Encoding : chunked\r\n"),
    "two lengths": request_head(b"Content-Length: 5\r\nContent-Length: 6\r\n"),
    "two equal lengths": request_head(b"Content-Length: 5\r\nContent-Length: 5\r\n"),
    "a length with a sign": request_head(b"Content-Length: +5\r\n"),
    "a length of thousands of digits": request_head(b"Content-Length: " + b"9" * 5000 + b"\r\n"),
}
HOST_ERRORS: Final = {
    "no Host": b"",
    "two Hosts": b"Host: x\r\nHost: y\r\n",
    "one Host twice": b"Host: x\r\nHost: x\r\n",
    "two empty Hosts": b"Host:\r\nHost:\r\n",
    "a path": b"Host: a b/c\r\n",
    "a space": b"Host: a b\r\n",
    "a folded Host": b"Host: a\r\n b\r\n",
    "a user": b"Host: user@news.example\r\n",
    "a list": b"Host: a, b\r\n",
    "a port that is no number": b"Host: a:http\r\n",
    "two ports": b"Host: a:1:2\r\n",
    "a bare IPv6 address": b"Host: ::1\r\n",
    "an IPv6 address without closing bracket": b"Host: [::1\r\n",
    "a non-ASCII letter": "Host: münchen.example\r\n".encode(),
    "an incomplete percent-encoding": b"Host: a%2\r\n",
    "angle brackets": b"Host: <script>\r\n",
}


REFUSED: Final = {**TRANSFER_CODINGS, **FRAMING_ERRORS}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_transfer_coding_gets_411_and_ambiguous_framing_400_once_and_the_connection_closes(
    server: ServerProcess, kind: str
) -> None:
    response = exchange_bytes(server.url, REFUSED[kind] + b"\r\n" + BODY + NEXT)
    assert len(STATUS_LINE.findall(response)) == 1, response
    assert response[9:12] == (b"411" if kind in TRANSFER_CODINGS else b"400")
    assert b"\r\nConnection: close\r\n" in response


@pytest.mark.parametrize("kind", ["one chunked", "HTTP/1.0 with Transfer-Encoding and keep-alive", "two lengths"])
def test_bytes_sent_after_a_refusal_get_no_response(server: ServerProcess, kind: str) -> None:
    with open_connection(server.url) as connection:
        connection.sendall(REFUSED[kind] + b"\r\n")
        assert connection.recv(12)[9:12] in (b"400", b"411")
        with contextlib.suppress(ConnectionError):  # the server has closed the connection
            connection.sendall(BODY + NEXT)
            assert not STATUS_LINE.search(read_all(connection))


@pytest.mark.parametrize("kind", HOST_ERRORS)
def test_missing_repeated_or_invalid_host_gets_400(server: ServerProcess, kind: str) -> None:
    response = exchange_bytes(server.url, request_head(line=b"GET /feed.rss HTTP/1.1", host=HOST_ERRORS[kind]) + b"\r\n" + NEXT)
    assert len(STATUS_LINE.findall(response)) == 1, response
    assert response[9:12] == b"400"


def test_valid_host_gets_200(server: ServerProcess) -> None:
    names = ("", "x", "news.example", "under_score.example", "xn--mnchen-3ya.example", "a%20b", "localhost.", "A.B")
    for host in (*names, "news.example:8000", "news.example:", "127.0.0.1:80", "[::1]", "[::1]:8000", "[fe80::1%25eth0]"):
        request = request_head(b"Connection: close\r\n", line=b"GET /feed.rss HTTP/1.1", host=f"Host: {host}\r\n".encode())
        assert statuses(exchange_bytes(server.url, request + b"\r\n")) == [200], host


@pytest.mark.parametrize(
    ("fields", "body", "status"),
    [
        ((), b"", 200),
        ((b"Content-Length: 0\r\n",), b"", 200),
        ((b"Content-Length: 5\r\n",), b"hello", 200),
        ((b"Content-Length: 16384\r\n",), b"x" * 16_384, 200),
        ((b"Content-Length: 16385\r\n",), b"", 413),
        ((CHUNKED,), b"", 411),
        ((b"Content-Length: x\r\n",), b"", 400),
    ],
)
def test_expect_100_continue_gets_a_final_response(
    server: ServerProcess, fields: tuple[bytes, ...], body: bytes, status: int
) -> None:
    """The server once sent no response to such a request without a body."""
    request = request_head(b"Expect: 100-continue\r\n", b"Connection: close\r\n", *fields, line=b"GET /feed.rss HTTP/1.1")
    with open_connection(server.url) as connection:
        connection.sendall(request + b"\r\n")
        if body:
            assert connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(body)
        assert statuses(read_all(connection)) == [status]


def test_pipelined_requests_with_expect_100_continue_get_all_responses(server: ServerProcess) -> None:
    request = request_head(b"Expect: 100-continue\r\n", line=b"GET /feed.rss HTTP/1.1") + b"\r\n"
    last = request_head(b"Connection: close\r\n", line=b"GET /feed.rss HTTP/1.1") + b"\r\n"
    assert statuses(exchange_bytes(server.url, request * 3 + last)) == [200] * 4


@pytest.mark.parametrize(
    ("options", "response_count"), [("TE, close", 1), ("close,TE", 1), ("keep-alive, Close", 1), ("TE, keep-alive", 2)]
)
def test_close_in_a_list_of_connection_options_is_honoured(server: ServerProcess, options: str, response_count: int) -> None:
    first = request_head(f"Connection: {options}\r\n".encode(), line=b"GET /feed.rss HTTP/1.1")
    last = request_head(b"Connection: close\r\n", line=b"GET /feed.rss HTTP/1.1")
    assert exchange_bytes(server.url, first + b"\r\n" + last + b"\r\n").count(b"HTTP/1.1 200") == response_count
