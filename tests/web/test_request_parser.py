"""The end of a request, and its host (RFC 9112 sections 3.2, 6.1, 6.3): what another server might see otherwise is refused."""

from __future__ import annotations

from typing import Final

import pytest

from tests.helpers.http_client import ask, exchange_bytes, open_connection, read_all, statuses
from tests.helpers.running_server import ServerProcess

HOST: Final = b"Host: x\r\n"
NEXT: Final = b"GET /articles/fish/ HTTP/1.1\r\nHost: x\r\n\r\n"  # what a request smuggler hides
CHUNKED: Final = b"Transfer-Encoding: chunked\r\n"
BODY: Final = b"0\r\n\r\n"


def request(*fields: bytes, line: bytes = b"POST /feed.rss HTTP/1.1", host: bytes = HOST) -> bytes:
    return b"\r\n".join([line, host + b"".join(fields), b""])


FRAMING: Final = {
    "HTTP/1.0 with Transfer-Encoding": request(CHUNKED, line=b"POST /feed.rss HTTP/1.0"),
    "HTTP/1.0 with Transfer-Encoding and keep-alive": request(
        CHUNKED, b"Connection: keep-alive\r\n", line=b"POST /feed.rss HTTP/1.0"
    ),
    "HTTP/1.0 with both": request(CHUNKED, b"Content-Length: 5\r\n", line=b"POST /feed.rss HTTP/1.0"),
    "no version and Transfer-Encoding": request(CHUNKED, line=b"POST /feed.rss"),
    "HTTP/1.2 with Transfer-Encoding": request(CHUNKED, line=b"POST /feed.rss HTTP/1.2"),
    "Content-Length before Transfer-Encoding": request(b"Content-Length: 5\r\n", CHUNKED),
    "Content-Length after Transfer-Encoding": request(CHUNKED, b"Content-Length: 5\r\n"),
    "Content-Length that is nothing, and Transfer-Encoding": request(CHUNKED, b"Content-Length: 0\r\n"),
    "GET with both": request(CHUNKED, b"Content-Length: 5\r\n", line=b"GET /feed.rss HTTP/1.1"),
    "chunked twice": request(b"Transfer-Encoding: chunked, chunked\r\n"),
    "chunked twice in two lines": request(CHUNKED, CHUNKED),
    "chunked that is not the last": request(b"Transfer-Encoding: chunked, gzip\r\n"),
    "a coding without an end": request(b"Transfer-Encoding: gzip\r\n"),
    "identity": request(b"Transfer-Encoding: identity\r\n"),
    "an empty coding": request(b"Transfer-Encoding:\r\n", b"Content-Length: 5\r\n"),
    "only a comma": request(b"Transfer-Encoding: ,\r\n", b"Content-Length: 5\r\n"),
    "an empty member": request(b"Transfer-Encoding: chunked,\r\n"),
    "a tab in the name of a coding": request(b"Transfer-Encoding: chunk\ted\r\n"),
    "a vertical tab before it": request(b"Transfer-Encoding: \x0bchunked\r\n"),
    "a space behind the name": request(b"Transfer-Encoding : chunked\r\n"),
    "a folded line": request(b"Transfer-Encoding:\r\n identity\r\n"),
    "two lengths": request(b"Content-Length: 5\r\nContent-Length: 6\r\n"),
    "two equal lengths": request(b"Content-Length: 5\r\nContent-Length: 5\r\n"),
    "a length with a sign": request(b"Content-Length: +5\r\n"),
    "a length of thousands of digits": request(b"Content-Length: " + b"9" * 5000 + b"\r\n"),
}
HOSTS: Final = {
    "no Host": b"",
    "two Hosts": b"Host: x\r\nHost: y\r\n",
    "one Host twice": b"Host: x\r\nHost: x\r\n",
    "two empty Hosts": b"Host:\r\nHost:\r\n",
    "a path": b"Host: a b/c\r\n",
    "a space": b"Host: a b\r\n",
    "a folded Host": b"Host: a\r\n b\r\n",
    "a user": b"Host: user@news.example\r\n",
    "a list": b"Host: a, b\r\n",
    "a port that is none": b"Host: a:http\r\n",
    "two ports": b"Host: a:1:2\r\n",
    "a bare IPv6 address": b"Host: ::1\r\n",
    "an address without an end": b"Host: [::1\r\n",
    "a letter beyond ASCII": "Host: münchen.example\r\n".encode(),
    "half an escape": b"Host: a%2\r\n",
    "an angle": b"Host: <script>\r\n",
}


@pytest.mark.parametrize("kind", FRAMING)
def test_a_body_whose_end_is_in_doubt_is_refused_and_nothing_behind_it_is_answered(server: ServerProcess, kind: str) -> None:
    answer = exchange_bytes(server.url, FRAMING[kind] + b"\r\n" + BODY + NEXT)
    assert answer.count(b"HTTP/1.") == 1, answer
    assert answer[9:12] == b"400"
    assert b"\r\nConnection: close\r\n" in answer


@pytest.mark.parametrize("kind", FRAMING)
def test_what_comes_later_is_not_answered_either(server: ServerProcess, kind: str) -> None:
    with open_connection(server.url) as one:
        one.sendall(FRAMING[kind] + b"\r\n")
        first = one.recv(12)
        assert first[9:12] == b"400"
        try:
            one.sendall(BODY + NEXT)
            rest = read_all(one)
        except ConnectionError:  # closed already
            return
        assert b"HTTP/1." not in rest


@pytest.mark.parametrize("kind", HOSTS)
def test_a_request_for_no_host_or_for_two_is_refused(server: ServerProcess, kind: str) -> None:
    answer = exchange_bytes(server.url, request(line=b"GET /feed.rss HTTP/1.1", host=HOSTS[kind]) + b"\r\n" + NEXT)
    assert answer.count(b"HTTP/1.") == 1, answer
    assert answer[9:12] == b"400"


@pytest.mark.parametrize(
    "host",
    [
        *(
            "",
            "x",
            "news.example",
            "news.example:8000",
            "news.example:",
            "127.0.0.1:80",
            "[::1]",
            "[::1]:8000",
            "[fe80::1%25eth0]",
        ),
        *("under_score.example", "xn--mnchen-3ya.example", "a%20b", "localhost.", "A.B"),
    ],
)
def test_a_host_that_may_be_is_answered(server: ServerProcess, host: str) -> None:
    asked = request(b"Connection: close\r\n", line=b"GET /feed.rss HTTP/1.1", host=f"Host: {host}\r\n".encode())
    assert statuses(exchange_bytes(server.url, asked + b"\r\n")) == [200]


def test_an_old_client_needs_no_host(server: ServerProcess) -> None:
    assert exchange_bytes(server.url, b"GET /feed.rss HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.0 200")


def test_a_chunked_body_is_read_and_the_next_request_is_answered(server: ServerProcess) -> None:
    first = request(CHUNKED, line=b"GET /feed.rss HTTP/1.1") + b"\r\n5\r\nGET /\r\n0\r\n\r\n"
    again = request(b"transfer-encoding:\t Chunked \r\n", line=b"GET /feed.rss HTTP/1.1") + b"\r\n0\r\n\r\n"
    last = request(b"Connection: close\r\n", line=b"GET /nothing HTTP/1.1") + b"\r\n"
    assert statuses(exchange_bytes(server.url, first + again + last)) == [200, 200, 404]


def test_a_coding_that_this_server_does_not_know(server: ServerProcess) -> None:
    answer = exchange_bytes(server.url, request(b"Transfer-Encoding: gzip, chunked\r\n") + b"\r\n" + NEXT)
    assert statuses(answer) == [501]


@pytest.mark.parametrize(
    ("fields", "body", "status"),
    [
        ((), b"", 200),
        ((b"Content-Length: 0\r\n",), b"", 200),
        ((b"Content-Length: 5\r\n",), b"hello", 200),
        ((CHUNKED,), b"5\r\nhello\r\n0\r\n\r\n", 200),
        ((b"Content-Length: 70000\r\n",), b"", 413),
        ((b"Content-Length: x\r\n",), b"", 400),
    ],
)
def test_who_expects_100_gets_an_answer(server: ServerProcess, fields: tuple[bytes, ...], body: bytes, status: int) -> None:
    """Without a body, no answer came at all."""
    asked = request(b"Expect: 100-continue\r\n", b"Connection: close\r\n", *fields, line=b"GET /feed.rss HTTP/1.1")
    with open_connection(server.url) as one:
        one.sendall(asked + b"\r\n")
        if body:
            assert one.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
            one.sendall(body)
        assert statuses(read_all(one)) == [status]


def test_who_expects_100_in_a_pipeline_gets_all_answers(server: ServerProcess) -> None:
    expecting = request(b"Expect: 100-continue\r\n", line=b"GET /feed.rss HTTP/1.1") + b"\r\n"
    last = request(b"Connection: close\r\n", line=b"GET /feed.rss HTTP/1.1") + b"\r\n"
    assert statuses(exchange_bytes(server.url, expecting * 3 + last)) == [200] * 4


@pytest.mark.parametrize("asked", ['"*"', 'W/"*"', '"a", "*"', '"*", "a"', '"a", *', "**"])
def test_a_tag_that_is_an_asterisk_is_a_tag_like_others(server: ServerProcess, asked: str) -> None:
    for path in ("/feed.rss", "/media/photo.png", "/media/talk.mp3"):
        assert ask(server.url, path, {"If-None-Match": asked}).status == 200
        assert ask(server.url, path, {"If-None-Match": f"{asked}, {ask(server.url, path)['ETag']}"}).status == 304
        assert ask(server.url, path, {"If-None-Match": "*"}).status == 304


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS"])
@pytest.mark.parametrize("path", ["/feed.rss", "/media/photo.png", "/feed", "/healthz", "/readyz", "/status", "/metrics"])
def test_the_methods_that_are_allowed_have_one_order(server: ServerProcess, path: str, method: str) -> None:
    assert ask(server.url, path, method=method)["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("options", "answers"), [("TE, close", 1), ("close,TE", 1), ("keep-alive, Close", 1), ("TE, keep-alive", 2)]
)
def test_a_list_that_asks_for_the_end_of_the_connection_is_heeded(server: ServerProcess, options: str, answers: int) -> None:
    first = request(f"Connection: {options}\r\n".encode(), line=b"GET /feed.rss HTTP/1.1")
    last = request(b"Connection: close\r\n", line=b"GET /feed.rss HTTP/1.1")
    assert exchange_bytes(server.url, first + b"\r\n" + last + b"\r\n").count(b"HTTP/1.1 200") == answers
