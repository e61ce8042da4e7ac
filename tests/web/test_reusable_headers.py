"""Repeated responses are sent with the serialised response head of an earlier one within the same second."""

import re
import socket
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest

from feedsvc.web.reusable_headers import HEAD_REUSE_KEY, ReusableHeaders
from feedsvc.web.server import Server
from tests.helpers.http_client import exchange_bytes, open_connection, read_all
from tests.web.in_process_server import serve_client

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

pytestmark = pytest.mark.usefixtures("restored_signals")

_PATHS = ("/feed.rss", "/", "/articles/fish/", "/articles/recalled/", "/media/photo.png", "/feed", "/nothing", "/healthz")
_HEADER_LINES = (
    "",
    "Accept-Encoding: gzip, br\r\n",
    "If-None-Match: *\r\n",
    "Sec-Fetch-Dest: document\r\n",
    "Range: bytes=0-9\r\n",
)
_METHODS = ("GET", "HEAD", "OPTIONS", "POST")
_CONNECTION_LINES = ("Connection: close\r\n", "Connection: keep-alive\r\n", "")
_DATE = re.compile(rb"Date: [^\r]+")


def request_variants(method: str, path: str) -> list[bytes]:
    """Return variants of one request, each three times: heads are serialised, stored and reused in this order."""
    requests = [
        f"{method} {path} HTTP/1.1\r\nHost: x\r\n{line}{end}\r\n" for line in _HEADER_LINES for end in _CONNECTION_LINES[1:]
    ]
    single_requests = [f"{method} {path} HTTP/1.0\r\n{line}{end}\r\n" for line in _HEADER_LINES for end in _CONNECTION_LINES[::2]]
    single_requests += [f"{method} {path} HTTP/1.1\r\nHost: x\r\n{line}{_CONNECTION_LINES[0]}\r\n" for line in _HEADER_LINES]
    return ["".join(requests * 3).encode(), *(request.encode() for request in single_requests * 3)]


def fetch_responses(app: "WSGIApplication", requests: list[bytes]) -> list[bytes]:
    responses: list[bytes] = []
    server = Server(app, host="127.0.0.1", port=0, threads=2)

    def run_client() -> None:
        for request in requests:
            with open_connection(server.url) as connection:
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
                responses.append(_DATE.sub(b"Date: ", read_all(connection)))

    serve_client(server, run_client)
    return responses


def without_head_reuse(app: "WSGIApplication") -> "WSGIApplication":
    def app_without_key(environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
        del environ[HEAD_REUSE_KEY]
        return app(environ, start_response)

    return app_without_key


@pytest.mark.parametrize("method", _METHODS)
@pytest.mark.parametrize("path", _PATHS)
def test_reused_head_does_not_change_the_bytes_of_a_response(app: "WSGIApplication", method: str, path: str) -> None:
    requests = request_variants(method, path)
    assert fetch_responses(app, requests) == fetch_responses(without_head_reuse(app), requests)


def test_date_header_is_the_second_of_the_response(app: "WSGIApplication") -> None:
    server = Server(app, host="127.0.0.1", port=0, threads=2)
    dates = set()

    def run_client() -> None:
        with open_connection(server.url) as connection:
            end = time.time() + 2.2
            while (start := time.time()) < end:
                connection.sendall(b"HEAD /feed.rss HTTP/1.1\r\nHost: x\r\n\r\n")
                response = connection.recv(4096).decode("latin-1")
                [date] = re.findall(r"Date: ([^\r]+)", response)
                dates.add(date)
                assert int(start) <= parsedate_to_datetime(date).timestamp() <= time.time()

    serve_client(server, run_client)
    assert len(dates) >= 3


def test_stored_head_is_sent_again() -> None:
    headers = ReusableHeaders([("Content-Length", "2"), ("X-Said", "once")])

    def application(_: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
        start_response("200 OK", headers)
        return [b"ok"]

    server = Server(application, host="127.0.0.1", port=0, threads=1)

    def run_client() -> None:
        with open_connection(server.url) as connection:
            first = connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") or connection.recv(4096)
            assert headers.head
            assert headers.head.text + b"ok" == first
            # A stored head for this second and the next one is reused, so the server serialises none.
            text = headers.head.text.replace(b"once", b"anew")
            for second in (int(time.time()), int(time.time()) + 1):
                headers.head = headers.head._replace(text=text, second=second)
                connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                if (response := connection.recv(4096)) == text + b"ok":
                    break
            assert response == text + b"ok"
            # A response with a header about its own connection has a newly serialised head.
            assert b"X-Said: once\r\n" in exchange_bytes(server.url, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert b"X-Said: once\r\n" in exchange_bytes(server.url, b"GET / HTTP/1.0\r\n\r\n")

    serve_client(server, run_client)
