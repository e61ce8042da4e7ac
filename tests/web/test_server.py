"""The server in this process: its address, its connections and signals."""

import contextlib
import http.client
import logging
import os
import re
import signal
import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from feedsvc.errors import FeedsvcError
from feedsvc.web.server import Server
from feedsvc.web.sockets import listen
from tests.attacks.attacked_server import resident_memory
from tests.audience.waiting import wait_until
from tests.helpers.http_client import SECONDS, ask, ask_on, exchange_bytes, open_connection, read_all
from tests.web.in_process_server import no_free_descriptors, serve_client

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_LARGE_BODY = b"x" * 20_000_000


pytestmark = pytest.mark.usefixtures("restored_signals")


def send_large_body(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
    start_response("200 OK", [("Content-Length", str(len(_LARGE_BODY)))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [_LARGE_BODY]


@pytest.mark.parametrize(
    ("host", "signal_number"), [("127.0.0.1", signal.SIGTERM), ("localhost", signal.SIGINT), ("::1", signal.SIGTERM)]
)
def test_server_answers_until_a_signal_and_a_second_one_prints_no_traceback(
    app: "WSGIApplication", host: str, signal_number: int
) -> None:
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
    signal.raise_signal(signal_number)  # for example while read counts are being written


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


def test_equal_responses_say_whether_each_connection_is_closed(app: "WSGIApplication") -> None:
    server = Server(app, host="127.0.0.1", port=0, threads=1)
    requests = {
        b"HTTP/1.1\r\nHost: x\r\n\r\nGET /feed.rss HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n": [None, b"close"],
        b"HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /feed.rss HTTP/1.0\r\n\r\n": [b"Keep-Alive", b"close"],
    }

    def run_client() -> None:
        for request, connection_fields in requests.items():
            headers = re.findall(
                rb"HTTP/1.\d 200 OK\r\n.*?\r\n\r\n", exchange_bytes(server.url, b"GET /feed.rss " + request), re.DOTALL
            )
            found = [re.search(rb"\r\nConnection: (\S+)", header) for header in headers]
            assert [field and field[1] for field in found] == connection_fields

    serve_client(server, run_client)


def test_clients_that_pipeline_without_reading_delay_no_other_and_get_every_response_when_they_read() -> None:
    """One thread and five clients that pipeline without reading: the thread once waited over 30 seconds for the first of them."""
    server = Server(send_large_body, host="127.0.0.1", port=0, threads=1)

    def run_client() -> None:
        with contextlib.ExitStack() as stack:
            for _ in range(5):
                client = stack.enter_context(open_connection(server.url, 4096))
                client.sendall(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
                assert client.recv(12) == b"HTTP/1.1 200"
            with open_connection(server.url, 4096) as late_client, open_connection(server.url) as other_client:
                last = b"GET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                late_client.sendall(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n" + last)
                first = late_client.recv(12)
                other_client.settimeout(20)
                other_client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                assert other_client.recv(12) == b"HTTP/1.1 200"
                responses = first + read_all(late_client)
                assert (responses.count(b"HTTP/1.1 200"), responses.count(_LARGE_BODY)) == (2, 2)

    serve_client(server, run_client)


def test_stopping_server_waits_for_slow_clients_for_a_limited_time() -> None:
    """The client never reads: a server that waited for it would not end."""
    server = Server(send_large_body, host="127.0.0.1", port=0, threads=1, drain_timeout=0.2)
    with open_connection(server.url, 4096) as slow_client:

        def run_client() -> None:
            slow_client.sendall(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
            assert slow_client.recv(12) == b"HTTP/1.1 200"

        serve_client(server, run_client)


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        *((host, "no such address") for host in ("no-such-host.invalid", "a..b", "x" * 70)),
        (
            "192.0.2.1",
            r"cannot listen on 192.0.2.1:8000 \(Cannot assign requested address\); this machine does not have this address: ",
        ),
    ],
)
def test_unusable_address_raises_an_error(app: "WSGIApplication", host: str, reason: str) -> None:
    with pytest.raises(FeedsvcError, match=reason):
        Server(app, host=host, port=8000, threads=1)


def test_accept_failures_do_not_flood_the_log_or_use_cpu_time(app: "WSGIApplication", caplog: pytest.LogCaptureFixture) -> None:
    server = Server(app, host="127.0.0.1", port=0, threads=1)

    def accept_records() -> list[logging.LogRecord]:
        return [record for record in caplog.records if "accept()" in record.getMessage()]

    def run_client() -> None:
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(socket.socket()) for _ in range(5)]
            with no_free_descriptors():
                for client in clients:
                    client.connect(("127.0.0.1", int(server.url.rsplit(":", 1)[1].strip("/"))))
                wait_until(accept_records)
                cpu_seconds = time.process_time()
                time.sleep(0.5)
                assert time.process_time() - cpu_seconds < 0.25
            for client in clients:
                client.settimeout(SECONDS)
                client.sendall(b"GET /feed.rss HTTP/1.1\r\nHost: x\r\n\r\n")
                assert client.recv(12) == b"HTTP/1.1 200"

    serve_client(server, run_client)
    assert 0 < len(accept_records()) < 30


def test_large_feed_does_not_wait_for_the_client_to_receive_its_header() -> None:
    """The header was a packet of its own, on which TCP waited: 64 clients once got some 200 responses of 118 kB a second."""
    server = Server(send_large_body, host="127.0.0.1", port=0, threads=1)
    first_parts: list[bytes] = []

    def run_client() -> None:
        for _ in range(20):
            with open_connection(server.url) as connection:
                connection.sendall(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n")
                first_parts.append(connection.recv(65_536))

    serve_client(server, run_client)
    # On a busy machine, the kernel may send a header that has waited for its body for a fifth of a second.
    assert sum(part.endswith(b"\r\n\r\n") for part in first_parts) < 3, first_parts[0][:500]


def test_clients_that_do_not_read_share_one_copy_of_a_large_document() -> None:
    server = Server(send_large_body, host="127.0.0.1", port=0, threads=1)

    def run_client() -> None:
        memory = resident_memory(os.getpid())
        with contextlib.ExitStack() as stack:
            for _ in range(50):
                connection = stack.enter_context(open_connection(server.url, 4096))
                connection.sendall(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n")
                assert connection.recv(1)
            assert resident_memory(os.getpid()) - memory < 3 * len(_LARGE_BODY)

    serve_client(server, run_client)


def test_large_response_for_a_slow_client_needs_no_temporary_file() -> None:
    server = Server(send_large_body, host="127.0.0.1", port=0, threads=1)

    def run_client() -> None:
        with open_connection(server.url, 4096) as connection:
            connection.sendall(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")  # the connection is accepted, which takes a descriptor
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += connection.recv(65_536)
            with no_free_descriptors():
                connection.sendall(b"GET /1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                assert len(read_all(connection)) > len(_LARGE_BODY)

    serve_client(server, run_client)
