"""The server in this process: its address, its connections and signals."""

import contextlib
import http.client
import os
import signal
import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from feedsvc.errors import FeedsvcError
from feedsvc.web.server import Server
from feedsvc.web.sockets import listen
from tests.helpers.http_client import SECONDS, ask, ask_on, exchange_bytes, open_connection, read_all
from tests.web.in_process_server import SIGNALS, no_free_descriptors, serve_client

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_LARGE_BODY = b"x" * 20_000_000


pytestmark = pytest.mark.usefixtures("restored_signals")


def send_large_body(_: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
    start_response("200 OK", [("Content-Length", str(len(_LARGE_BODY)))])
    return [_LARGE_BODY]


@pytest.mark.parametrize("signal_number", SIGNALS)
@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_server_answers_until_a_signal(app: "WSGIApplication", host: str, signal_number: int) -> None:
    try:
        server = Server(app, host=host, port=0, threads=2)
    except FeedsvcError:
        if host == "::1":
            pytest.skip("this machine has no IPv6")
        raise

    url = server.url

    def run_client() -> None:
        assert ask(url, "/feed.rss").status == 200
        assert exchange_bytes(url, b"GET http://[/feed.rss HTTP/1.1\r\nHost: x\r\n\r\n")[9:12] == b"400"

    serve_client(server, run_client, signal_number)
    with pytest.raises(ConnectionRefusedError):
        ask(url, "/feed.rss")


def test_many_connections_at_once_are_left_to_other_workers(app: "WSGIApplication") -> None:
    """One of two workers had accepted all connections of a burst, and the other had nothing to do."""
    listening_socket = listen("127.0.0.1", 0)
    server = Server(app, listening_socket=listening_socket, threads=1)
    left = 0
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(socket.create_connection(listening_socket.getsockname()))
        server._poll_once(SECONDS)
        with contextlib.suppress(BlockingIOError):
            while True:
                stack.enter_context(listening_socket.accept()[0])
                left += 1
    assert left == 2
    os.kill(os.getpid(), signal.SIGTERM)
    server.run()


def test_signal_before_run_stops_the_server(app: "WSGIApplication") -> None:
    server = Server(app, host="127.0.0.1", port=0, threads=1)
    os.kill(os.getpid(), signal.SIGTERM)
    server.run()


@pytest.mark.parametrize("signal_number", SIGNALS)
def test_second_signal_prints_no_traceback(app: "WSGIApplication", signal_number: int) -> None:
    server = Server(app, host="127.0.0.1", port=0, threads=1)
    serve_client(server, lambda: None, signal_number)
    signal.raise_signal(signal_number)  # for example while read counts are being written


def test_304_keeps_the_connection_open(app: "WSGIApplication") -> None:
    server = Server(app, host="127.0.0.1", port=0, threads=2)

    def run_client() -> None:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=SECONDS)
        tag = ask_on(connection, "/feed.rss")["ETag"]
        first_socket = connection.sock
        for method, path in (("GET", "/feed.rss"), ("HEAD", "/feed.rss"), ("OPTIONS", "/feed.rss"), ("GET", "/media/photo.png")):
            assert not ask_on(connection, path, {"If-None-Match": tag}, method)["Connection"]
            assert connection.sock is first_socket
        assert ask_on(connection, "/feed.rss", {"If-None-Match": tag, "Connection": "close"})["Connection"] == "close"
        connection.close()
        assert exchange_bytes(server.url, f"GET /feed.rss HTTP/1.0\r\nIf-None-Match: {tag}\r\n\r\n".encode()).startswith(
            b"HTTP/1.0 304"
        )

    serve_client(server, run_client)


def test_clients_that_pipeline_without_reading_delay_no_other(app: "WSGIApplication") -> None:
    """One thread and five clients that pipeline without reading: the thread once waited over 30 seconds for the first of them."""
    server = Server(send_large_body, host="127.0.0.1", port=0, threads=1)

    def run_client() -> None:
        with contextlib.ExitStack() as stack:
            for _ in range(5):
                stack.enter_context(open_connection(server.url, 4096)).sendall(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
            time.sleep(0.3)
            start = time.monotonic()
            with open_connection(server.url) as other_client:
                other_client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                assert other_client.recv(12) == b"HTTP/1.1 200"
            assert time.monotonic() - start < 10

    serve_client(server, run_client)


def test_client_that_pipelines_and_reads_late_gets_every_response(app: "WSGIApplication") -> None:
    server = Server(send_large_body, host="127.0.0.1", port=0, threads=1)

    def run_client() -> None:
        with open_connection(server.url, 4096) as late_client:
            late_client.sendall(
                b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n" * 2 + b"GET /3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            )
            time.sleep(0.3)
            responses = read_all(late_client)
        assert responses.count(b"HTTP/1.1 200") == 3
        assert responses.count(_LARGE_BODY) == 3

    serve_client(server, run_client)


def test_stopping_server_waits_for_slow_clients_for_a_limited_time() -> None:
    server = Server(send_large_body, host="127.0.0.1", port=0, threads=1, drain_timeout=0.2)
    with open_connection(server.url, 4096) as slow_client:

        def run_client() -> None:
            slow_client.sendall(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
            assert slow_client.recv(12) == b"HTTP/1.1 200"

        start = time.monotonic()
        serve_client(server, run_client)
        assert time.monotonic() - start < 4


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("no-such-host.invalid", "no such address"),
        ("a..b", "no such address"),
        ("x" * 70, "no such address"),
        ("192.0.2.1", "cannot listen"),
    ],
)
def test_unusable_address_raises_an_error(app: "WSGIApplication", host: str, reason: str) -> None:
    with pytest.raises(FeedsvcError, match=reason):
        Server(app, host=host, port=0, threads=1)


def test_address_of_another_machine_raises_an_error_about_host(app: "WSGIApplication") -> None:
    with pytest.raises(FeedsvcError) as raised:
        Server(app, host="192.0.2.1", port=8000, threads=1)
    assert str(raised.value) == (
        "cannot listen on 192.0.2.1:8000 (Cannot assign requested address); "
        "this machine does not have this address: give one of its own with --host, or 0.0.0.0 for all of them"
    )


def test_accept_failures_do_not_flood_the_log_or_use_cpu_time(app: "WSGIApplication", caplog: pytest.LogCaptureFixture) -> None:
    server = Server(app, host="127.0.0.1", port=0, threads=1)

    def run_client() -> None:
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(socket.socket()) for _ in range(5)]
            with no_free_descriptors():
                for client in clients:
                    client.connect(("127.0.0.1", int(server.url.rsplit(":", 1)[1].strip("/"))))
                cpu_seconds = time.process_time()
                time.sleep(1)
                assert time.process_time() - cpu_seconds < 0.5
            for client in clients:
                client.settimeout(SECONDS)
                client.sendall(b"GET /feed.rss HTTP/1.1\r\nHost: x\r\n\r\n")
                assert client.recv(12) == b"HTTP/1.1 200"

    serve_client(server, run_client)
    accept_records = [record for record in caplog.records if "accept()" in record.getMessage()]
    assert 0 < len(accept_records) < 30, len(accept_records)


def test_large_response_for_a_slow_client_needs_no_temporary_file() -> None:
    server = Server(send_large_body, host="127.0.0.1", port=0, threads=1)

    def run_client() -> None:
        with open_connection(server.url, 4096) as connection:
            connection.sendall(b"GET /1 HTTP/1.1\r\nHost: x\r\n")
            time.sleep(0.5)  # for the connection to be accepted, which takes a descriptor
            with no_free_descriptors():
                connection.sendall(b"Connection: close\r\n\r\n")
                assert connection.recv(12) == b"HTTP/1.1 200"
                received = 0
                while chunk := connection.recv(65_536):
                    received += len(chunk)
            assert received > len(_LARGE_BODY)

    serve_client(server, run_client)
