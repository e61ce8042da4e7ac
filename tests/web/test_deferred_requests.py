"""Requests that wait without holding a thread of the server: one thread, many that wait, and others that go on."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pytest

from feedsvc.support.completion import Completion
from feedsvc.web.access_log import AccessLog
from feedsvc.web.deferred_requests import wait_for
from feedsvc.web.server import Server
from tests.helpers.http_client import SECONDS, ask, call, exchange_bytes, open_connection, read_all, statuses
from tests.web.conftest import Clock
from tests.web.in_process_server import run_while

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

pytestmark = pytest.mark.usefixtures("own_signals")

SLOW = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
QUICK = b"GET /quick HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
CROWD = 300


class Slow:
    """Answers /slow once `work` is complete, 503 if that takes too long; any other address at once."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self.work, self.calls, self._seconds = Completion(), 0, seconds

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        status = "200 OK"
        if environ["PATH_INFO"] == "/slow":
            self.calls += 1
            if not self.work.is_complete:
                wait_for(environ, self.work, self._seconds)
                status = "503 Service Unavailable"
        body = environ["PATH_INFO"].encode()
        start_response(status, [("Content-Length", str(len(body)))])
        return [body]

    def is_called(self, times: int) -> None:
        """Wait until requests to /slow have reached the application so often."""
        end = time.monotonic() + SECONDS
        while self.calls < times and time.monotonic() < end:
            time.sleep(0.01)
        assert self.calls >= times


def one_thread(app: WSGIApplication) -> Server:
    return Server(app, host="127.0.0.1", port=0, threads=1)


@contextlib.contextmanager
def waiting(server: Server, number: int, request: bytes = SLOW) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        several = [stack.enter_context(open_connection(server.url)) for _ in range(number)]
        for one in several:
            one.sendall(request)
        yield several


def test_hundreds_of_requests_wait_while_one_thread_answers_others() -> None:
    app = Slow()
    server = one_thread(app)

    def client() -> None:
        with waiting(server, CROWD) as several:
            app.is_called(CROWD)
            assert [ask(server.url, "/quick").body for _ in range(3)] == [b"/quick"] * 3
            app.work.complete()
            assert {one.recv(12) for one in several} == {b"HTTP/1.1 200"}
        assert app.calls == 2 * CROWD

    run_while(server, client)


def test_a_request_that_waited_too_long_gets_its_503_in_time() -> None:
    app = Slow(seconds=0.3)
    server = one_thread(app)

    def client() -> None:
        began = time.monotonic()
        assert ask(server.url, "/slow").status == 503
        assert 0.3 <= time.monotonic() - began < 5
        assert app.calls == 2
        assert app.work.subscribe(lambda: None)  # still under way, and nobody else waits for it
        app.work.complete()
        assert ask(server.url, "/slow").status == 200

    run_while(server, client)


def test_more_than_may_wait_get_503_at_once() -> None:
    app = Slow()
    server = Server(app, host="127.0.0.1", port=0, threads=1, max_suspended=5)

    def client() -> None:
        with waiting(server, 5) as several:
            app.is_called(5)
            assert ask(server.url, "/slow").status == 503
            app.work.complete()
            assert {one.recv(12) for one in several} == {b"HTTP/1.1 200"}

    run_while(server, client)


def test_answers_keep_the_order_of_pipelined_requests_though_one_waits() -> None:
    app = Slow()
    server = one_thread(app)

    def client() -> None:
        with open_connection(server.url) as one:
            one.sendall(QUICK.replace(b"Connection: close\r\n", b"") + SLOW + QUICK)
            first = one.recv(4096)  # long before the second can be answered
            assert first.endswith(b"/quick")
            app.work.complete()
            assert read_all(one).count(b"HTTP/1.1 200") == 2

    run_while(server, client)


def test_a_client_that_leaves_while_its_request_waits_harms_nobody() -> None:
    app = Slow(seconds=1)
    server = one_thread(app)

    def client() -> None:
        with waiting(server, 20):
            app.is_called(20)
        assert ask(server.url, "/quick").status == 200
        time.sleep(1.2)
        assert ask(server.url, "/quick").status == 200
        app.work.complete()
        assert ask(server.url, "/slow").status == 200

    run_while(server, client)


def test_a_server_that_stops_answers_those_that_wait_at_once() -> None:
    app = Slow()
    server = one_thread(app)
    got: list[bytes] = []
    began: list[float] = []
    readers: list[threading.Thread] = []
    with contextlib.ExitStack() as stack:

        def client() -> None:
            several = stack.enter_context(waiting(server, 20))
            app.is_called(20)
            readers.extend(threading.Thread(target=lambda one=one: got.append(read_all(one))) for one in several)
            for reader in readers:
                reader.start()
            began.append(time.monotonic())

        run_while(server, client)
        assert time.monotonic() - began[0] < SECONDS / 2
        for reader in readers:
            reader.join(SECONDS)
    assert [statuses(one) for one in got] == [[503]] * 20


def test_work_that_ends_before_the_wait_begins_is_not_missed() -> None:
    work = Completion()
    calls: list[int] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        calls.append(1)
        if len(calls) == 1:
            work.complete()
            wait_for(environ, work, SECONDS)
        start_response("200 OK", [("Content-Length", "0")])
        return []

    server = one_thread(app)
    run_while(server, lambda: None if ask(server.url, "/").status == 200 else pytest.fail("no answer"))
    assert len(calls) == 2


def test_other_servers_answer_at_once() -> None:
    assert call(Slow(), "/slow").status == 503


def test_a_request_that_waited_stands_once_in_the_access_log(tmp_path: Path) -> None:
    app = Slow()
    with (tmp_path / "log").open("wb") as file:
        log = AccessLog("logfmt", file.fileno())
        server = one_thread(log.wrap(app, Clock()))

        def client() -> None:
            with waiting(server, 1) as [one]:
                app.is_called(1)
                app.work.complete()
                assert one.recv(12) == b"HTTP/1.1 200"

        run_while(server, client)
        log.close()
    [line] = (tmp_path / "log").read_text().splitlines()
    assert " status=200 " in line


def test_a_waiting_connection_does_not_keep_the_loop_busy() -> None:
    """Bytes of an earlier answer leave while the next request waits: the socket would be ready for ever."""
    app = Slow()
    server = one_thread(app)

    def client() -> None:
        with open_connection(server.url) as one:
            one.sendall(QUICK.replace(b"Connection: close\r\n", b"") + SLOW)
            app.is_called(1)
            before = time.process_time()
            time.sleep(2)
            assert time.process_time() - before < 0.2
            app.work.complete()

    run_while(server, client)


def test_a_request_cannot_wait_longer_by_waiting_again() -> None:
    calls: list[float] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        calls.append(time.monotonic())
        again = Completion()
        threading.Timer(0.1, again.complete).start()
        wait_for(environ, again, 0.5)
        start_response("503 Service Unavailable", [("Content-Length", "0")])
        return []

    server = one_thread(app)

    def client() -> None:
        with open_connection(server.url) as one:
            for _ in range(2):  # the next request on the connection has its own time
                del calls[:]
                one.sendall(SLOW)
                assert one.recv(4096).startswith(b"HTTP/1.1 503")
                assert 2 < len(calls) < 8
                assert calls[-1] - calls[0] >= 0.49

    run_while(server, client)


def test_a_connection_is_closed_after_a_wait_if_the_client_wants_that() -> None:
    app = Slow(seconds=0.1)
    server = one_thread(app)
    run_while(
        server, lambda: None if exchange_bytes(server.url, SLOW[:-2] + b"Connection: close\r\n\r\n") else pytest.fail("no answer")
    )
