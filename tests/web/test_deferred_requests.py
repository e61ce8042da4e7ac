"""Suspended requests hold no thread of the server: one thread serves other requests while many wait for work."""

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
from tests.web.conftest import FakeClock
from tests.web.in_process_server import serve_client

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

pytestmark = pytest.mark.usefixtures("restored_signals")

SLOW_REQUEST = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
QUICK_REQUEST = b"GET /quick HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
REQUEST_COUNT = 300


class SlowApp:
    """An application that answers /slow when `work` is complete, or with 503 after a timeout, and any other path immediately."""

    def __init__(self, timeout: float = SECONDS) -> None:
        self.work, self.calls, self._timeout = Completion(), 0, timeout

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        status = "200 OK"
        if environ["PATH_INFO"] == "/slow":
            self.calls += 1
            if not self.work.is_complete:
                wait_for(environ, self.work, self._timeout)
                status = "503 Service Unavailable"
        body = environ["PATH_INFO"].encode()
        start_response(status, [("Content-Length", str(len(body)))])
        return [body]

    def wait_for_calls(self, times: int) -> None:
        """Wait until the application was called so many times for /slow."""
        end = time.monotonic() + SECONDS
        while self.calls < times and time.monotonic() < end:
            time.sleep(0.01)
        assert self.calls >= times


def single_thread_server(app: WSGIApplication) -> Server:
    return Server(app, host="127.0.0.1", port=0, threads=1)


@contextlib.contextmanager
def send_requests(server: Server, number: int, request: bytes = SLOW_REQUEST) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(open_connection(server.url)) for _ in range(number)]
        for client in clients:
            client.sendall(request)
        yield clients


def test_one_thread_serves_requests_while_hundreds_are_suspended() -> None:
    app = SlowApp()
    server = single_thread_server(app)

    def run_client() -> None:
        with send_requests(server, REQUEST_COUNT) as clients:
            app.wait_for_calls(REQUEST_COUNT)
            assert [ask(server.url, "/quick").body for _ in range(3)] == [b"/quick"] * 3
            app.work.complete()
            assert {client.recv(12) for client in clients} == {b"HTTP/1.1 200"}
        assert app.calls == 2 * REQUEST_COUNT

    serve_client(server, run_client)


def test_suspended_request_gets_503_after_its_timeout() -> None:
    app = SlowApp(timeout=0.3)
    server = single_thread_server(app)

    def run_client() -> None:
        start = time.monotonic()
        assert ask(server.url, "/slow").status == 503
        assert 0.3 <= time.monotonic() - start < 5
        assert app.calls == 2
        assert app.work.subscribe(lambda: None)  # still incomplete, and without subscribers
        app.work.complete()
        assert ask(server.url, "/slow").status == 200

    serve_client(server, run_client)


def test_request_beyond_the_limit_of_suspended_ones_gets_503_immediately() -> None:
    app = SlowApp()
    server = Server(app, host="127.0.0.1", port=0, threads=1, max_suspended=5)

    def run_client() -> None:
        with send_requests(server, 5) as clients:
            app.wait_for_calls(5)
            assert ask(server.url, "/slow").status == 503
            app.work.complete()
            assert {client.recv(12) for client in clients} == {b"HTTP/1.1 200"}

    serve_client(server, run_client)


def test_pipelined_responses_keep_their_order_around_a_suspended_request() -> None:
    app = SlowApp()
    server = single_thread_server(app)

    def run_client() -> None:
        with open_connection(server.url) as connection:
            connection.sendall(QUICK_REQUEST.replace(b"Connection: close\r\n", b"") + SLOW_REQUEST + QUICK_REQUEST)
            first = connection.recv(4096)  # before the second response is possible
            assert first.endswith(b"/quick")
            app.work.complete()
            assert read_all(connection).count(b"HTTP/1.1 200") == 2

    serve_client(server, run_client)


def test_disconnected_client_of_a_suspended_request_affects_no_other() -> None:
    app = SlowApp(timeout=1)
    server = single_thread_server(app)

    def run_client() -> None:
        with send_requests(server, 20):
            app.wait_for_calls(20)
        assert ask(server.url, "/quick").status == 200
        time.sleep(1.2)
        assert ask(server.url, "/quick").status == 200
        app.work.complete()
        assert ask(server.url, "/slow").status == 200

    serve_client(server, run_client)


def test_stopping_server_answers_suspended_requests_with_503() -> None:
    app = SlowApp()
    server = single_thread_server(app)
    streams: list[bytes] = []
    start_times: list[float] = []
    readers: list[threading.Thread] = []
    with contextlib.ExitStack() as stack:

        def run_client() -> None:
            clients = stack.enter_context(send_requests(server, 20))
            app.wait_for_calls(20)
            readers.extend(threading.Thread(target=lambda client=client: streams.append(read_all(client))) for client in clients)
            for reader in readers:
                reader.start()
            start_times.append(time.monotonic())

        serve_client(server, run_client)
        assert time.monotonic() - start_times[0] < SECONDS / 2
        for reader in readers:
            reader.join(SECONDS)
    assert [statuses(client) for client in streams] == [[503]] * 20


def test_work_completed_before_the_request_is_suspended_resumes_it() -> None:
    work = Completion()
    calls: list[int] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        calls.append(1)
        if len(calls) == 1:
            work.complete()
            wait_for(environ, work, SECONDS)
        start_response("200 OK", [("Content-Length", "0")])
        return []

    server = single_thread_server(app)
    serve_client(server, lambda: None if ask(server.url, "/").status == 200 else pytest.fail("no answer"))
    assert len(calls) == 2


def test_other_wsgi_servers_get_503_immediately() -> None:
    assert call(SlowApp(), "/slow").status == 503


def test_suspended_request_is_logged_once_in_the_access_log(tmp_path: Path) -> None:
    app = SlowApp()
    with (tmp_path / "log").open("wb") as file:
        log = AccessLog("logfmt", file.fileno())
        server = single_thread_server(log.wrap(app, FakeClock()))

        def run_client() -> None:
            with send_requests(server, 1) as [client]:
                app.wait_for_calls(1)
                app.work.complete()
                assert client.recv(12) == b"HTTP/1.1 200"

        serve_client(server, run_client)
        log.close()
    [line] = (tmp_path / "log").read_text().splitlines()
    assert " status=200 " in line


def test_suspended_request_uses_no_cpu_time() -> None:
    """Bytes of an earlier response are sent while the next request waits: the socket would always be ready."""
    app = SlowApp()
    server = single_thread_server(app)

    def run_client() -> None:
        with open_connection(server.url) as connection:
            connection.sendall(QUICK_REQUEST.replace(b"Connection: close\r\n", b"") + SLOW_REQUEST)
            app.wait_for_calls(1)
            cpu_seconds = time.process_time()
            time.sleep(2)
            assert time.process_time() - cpu_seconds < 0.2
            app.work.complete()

    serve_client(server, run_client)


def test_request_suspended_repeatedly_has_one_timeout() -> None:
    calls: list[float] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        calls.append(time.monotonic())
        work = Completion()
        threading.Timer(0.1, work.complete).start()
        wait_for(environ, work, 0.5)
        start_response("503 Service Unavailable", [("Content-Length", "0")])
        return []

    server = single_thread_server(app)

    def run_client() -> None:
        with open_connection(server.url) as connection:
            for _ in range(2):  # the next request on the connection has its own timeout
                del calls[:]
                connection.sendall(SLOW_REQUEST)
                assert connection.recv(4096).startswith(b"HTTP/1.1 503")
                assert 2 < len(calls) < 8
                assert calls[-1] - calls[0] >= 0.49

    serve_client(server, run_client)


def test_connection_close_is_honoured_after_a_suspended_request() -> None:
    app = SlowApp(timeout=0.1)
    server = single_thread_server(app)
    serve_client(
        server,
        lambda: (
            None if exchange_bytes(server.url, SLOW_REQUEST[:-2] + b"Connection: close\r\n\r\n") else pytest.fail("no answer")
        ),
    )
