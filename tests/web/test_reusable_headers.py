"""Answers that a server gives again, with the head that they left with before."""

import re
import socket
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest

from feedsvc.web.reusable_headers import HEAD_REUSE_KEY, ReusableHeaders
from feedsvc.web.server import Server
from tests.helpers.http_client import exchange_bytes, open_connection, read_all
from tests.web.in_process_server import run_while

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

pytestmark = pytest.mark.usefixtures("own_signals")

_PATHS = ("/feed.rss", "/", "/articles/fish/", "/articles/recalled/", "/media/photo.png", "/feed", "/nothing", "/healthz")
_LINES = ("", "Accept-Encoding: gzip, br\r\n", "If-None-Match: *\r\n", "Sec-Fetch-Dest: document\r\n", "Range: bytes=0-9\r\n")
_METHODS = ("GET", "HEAD", "OPTIONS", "POST")
_ENDS = ("Connection: close\r\n", "Connection: keep-alive\r\n", "")
_DATE = re.compile(rb"Date: [^\r]+")


def asked(method: str, path: str) -> list[bytes]:
    """The same request in every way, each three times: the first is spelled, the second is kept, the third is given again."""
    requests = [f"{method} {path} HTTP/1.1\r\nHost: x\r\n{line}{end}\r\n" for line in _LINES for end in _ENDS[1:]]
    alone = [f"{method} {path} HTTP/1.0\r\n{line}{end}\r\n" for line in _LINES for end in _ENDS[::2]]
    alone += [f"{method} {path} HTTP/1.1\r\nHost: x\r\n{line}{_ENDS[0]}\r\n" for line in _LINES]
    return ["".join(requests * 3).encode(), *(one.encode() for one in alone * 3)]


def answers(app: "WSGIApplication", requests: list[bytes]) -> list[bytes]:
    got: list[bytes] = []
    server = Server(app, host="127.0.0.1", port=0, threads=2)

    def client() -> None:
        for request in requests:
            with open_connection(server.url) as one:
                one.sendall(request)
                one.shutdown(socket.SHUT_WR)
                got.append(_DATE.sub(b"Date: ", read_all(one)))

    run_while(server, client)
    return got


def spelled_each_time(app: "WSGIApplication") -> "WSGIApplication":
    def spelling(environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
        del environ[HEAD_REUSE_KEY]
        return app(environ, start_response)

    return spelling


@pytest.mark.parametrize("method", _METHODS)
@pytest.mark.parametrize("path", _PATHS)
def test_what_is_given_again_has_every_byte_that_it_had(app: "WSGIApplication", method: str, path: str) -> None:
    requests = asked(method, path)
    assert answers(app, requests) == answers(spelled_each_time(app), requests)


def test_an_answer_says_the_second_in_which_it_left(app: "WSGIApplication") -> None:
    server = Server(app, host="127.0.0.1", port=0, threads=2)
    dates = set()

    def client() -> None:
        with open_connection(server.url) as one:
            end = time.time() + 2.2
            while (began := time.time()) < end:
                one.sendall(b"HEAD /feed.rss HTTP/1.1\r\nHost: x\r\n\r\n")
                answer = one.recv(4096).decode("latin-1")
                [date] = re.findall(r"Date: ([^\r]+)", answer)
                dates.add(date)
                assert int(began) <= parsedate_to_datetime(date).timestamp() <= time.time()

    run_while(server, client)
    assert len(dates) >= 3


def test_a_head_is_kept_and_leaves_again() -> None:
    headers = ReusableHeaders([("Content-Length", "2"), ("X-Said", "once")])

    def application(_: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
        start_response("200 OK", headers)
        return [b"ok"]

    server = Server(application, host="127.0.0.1", port=0, threads=1)

    def client() -> None:
        with open_connection(server.url) as one:
            first = one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") or one.recv(4096)
            assert headers.head
            assert headers.head.text + b"ok" == first
            # Nothing is spelled in this second or, should it be over just now, in any that comes.
            text = headers.head.text.replace(b"once", b"anew")
            for second in (int(time.time()), int(time.time()) + 1):
                headers.head = headers.head._replace(text=text, second=second)
                one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                if (answer := one.recv(4096)) == text + b"ok":
                    break
            assert answer == text + b"ok"
            # Whoever is told something of his own connection is told it anew.
            assert b"X-Said: once\r\n" in exchange_bytes(server.url, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert b"X-Said: once\r\n" in exchange_bytes(server.url, b"GET / HTTP/1.0\r\n\r\n")

    run_while(server, client)
