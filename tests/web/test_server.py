"""The server in this process: what it makes of the address it is given, of its connections and of signals."""

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
from tests.helpers.http_client import SECONDS, ask, ask_on, exchange_bytes, open_connection, read_all
from tests.web.in_process_server import SIGNALS, none_left, run_while

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_BODY = b"x" * 20_000_000


pytestmark = pytest.mark.usefixtures("own_signals")


def large(_: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
    start_response("200 OK", [("Content-Length", str(len(_BODY)))])
    return [_BODY]


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_answers_until_a_signal(app: "WSGIApplication", host: str, number: int) -> None:
    try:
        server = Server(app, host=host, port=0, threads=2)
    except FeedsvcError:
        if host == "::1":
            pytest.skip("this machine has no IPv6")
        raise

    url = server.url

    def client() -> None:
        assert ask(url, "/feed.rss").status == 200
        assert exchange_bytes(url, b"GET http://[/feed.rss HTTP/1.1\r\nHost: x\r\n\r\n")[9:12] == b"400"

    run_while(server, client, number)
    with pytest.raises(ConnectionRefusedError):
        ask(url, "/feed.rss")


def test_a_signal_before_it_runs_ends_it(app: "WSGIApplication") -> None:
    server = Server(app, host="127.0.0.1", port=0, threads=1)
    os.kill(os.getpid(), signal.SIGTERM)
    server.run()


@pytest.mark.parametrize("number", SIGNALS)
def test_who_asks_it_twice_to_end_sees_no_traceback(app: "WSGIApplication", number: int) -> None:
    server = Server(app, host="127.0.0.1", port=0, threads=1)
    run_while(server, lambda: None, number)
    signal.raise_signal(number)  # while reads are still being written, say


def test_a_poll_that_gets_304_keeps_its_connection(app: "WSGIApplication") -> None:
    server = Server(app, host="127.0.0.1", port=0, threads=2)

    def client() -> None:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=SECONDS)
        tag = ask_on(connection, "/feed.rss")["ETag"]
        first = connection.sock
        for method, path in (("GET", "/feed.rss"), ("HEAD", "/feed.rss"), ("OPTIONS", "/feed.rss"), ("GET", "/media/photo.png")):
            assert not ask_on(connection, path, {"If-None-Match": tag}, method)["Connection"]
            assert connection.sock is first
        assert ask_on(connection, "/feed.rss", {"If-None-Match": tag, "Connection": "close"})["Connection"] == "close"
        connection.close()
        assert exchange_bytes(server.url, f"GET /feed.rss HTTP/1.0\r\nIf-None-Match: {tag}\r\n\r\n".encode()).startswith(
            b"HTTP/1.0 304"
        )

    run_while(server, client)


def test_a_client_that_stopped_reading_loses_its_thread() -> None:
    server = Server(large, host="127.0.0.1", port=0, threads=1, idle_timeout=0.2)

    def client() -> None:
        with open_connection(server.url, 4096) as stuck:
            stuck.sendall(
                b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\nGET /3 HTTP/1.1\r\nHost: x\r\n\r\n"
            )
            time.sleep(0.3)  # the one thread waits for the first answer to be read
            with open_connection(server.url) as other:
                other.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                assert other.recv(12) == b"HTTP/1.1 200"

    run_while(server, client)


def test_readers_get_their_feed_while_others_ask_on_and_on_without_reading(app: "WSGIApplication") -> None:
    """One thread, five greedy clients: it once waited with the first of them for half a minute and more."""
    server = Server(large, host="127.0.0.1", port=0, threads=1)

    def client() -> None:
        with contextlib.ExitStack() as greedy:
            for _ in range(5):
                greedy.enter_context(open_connection(server.url, 4096)).sendall(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
            time.sleep(0.3)
            began = time.monotonic()
            with open_connection(server.url) as other:
                other.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                assert other.recv(12) == b"HTTP/1.1 200"
            assert time.monotonic() - began < 10

    run_while(server, client)


def test_who_asks_ahead_and_reads_late_gets_every_answer(app: "WSGIApplication") -> None:
    server = Server(large, host="127.0.0.1", port=0, threads=1)

    def client() -> None:
        with open_connection(server.url, 4096) as late:
            late.sendall(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n" * 2 + b"GET /3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            time.sleep(0.3)
            answers = read_all(late)
        assert answers.count(b"HTTP/1.1 200") == 3
        assert answers.count(_BODY) == 3

    run_while(server, client)


def test_the_wait_for_slow_clients_has_an_end() -> None:
    server = Server(large, host="127.0.0.1", port=0, threads=1, drain_timeout=0.2)
    with open_connection(server.url, 4096) as stuck:

        def client() -> None:
            stuck.sendall(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
            assert stuck.recv(12) == b"HTTP/1.1 200"

        started = time.monotonic()
        run_while(server, client)
        assert time.monotonic() - started < 4


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("no-such-host.invalid", "no such address"),
        ("a..b", "no such address"),
        ("x" * 70, "no such address"),
        ("192.0.2.1", "cannot listen"),
    ],
)
def test_an_address_that_cannot_be_had(app: "WSGIApplication", host: str, reason: str) -> None:
    with pytest.raises(FeedsvcError, match=reason):
        Server(app, host=host, port=0, threads=1)


def test_who_names_an_address_of_another_machine_is_not_sent_to_look_for_another_server(app: "WSGIApplication") -> None:
    with pytest.raises(FeedsvcError) as told:
        Server(app, host="192.0.2.1", port=8000, threads=1)
    assert str(told.value) == (
        "cannot listen on 192.0.2.1:8000 (Cannot assign requested address); "
        "this machine does not have this address: give one of its own with --host, or 0.0.0.0 for all of them"
    )


def test_a_port_that_is_taken(app: "WSGIApplication") -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(FeedsvcError, match=rf"cannot listen on 127.0.0.1:{port} .*--port"):
            Server(app, host="127.0.0.1", port=port, threads=1)


def test_connections_that_cannot_be_accepted_neither_fill_the_log_nor_keep_the_loop_busy(
    app: "WSGIApplication", caplog: pytest.LogCaptureFixture
) -> None:
    server = Server(app, host="127.0.0.1", port=0, threads=1)

    def client() -> None:
        with contextlib.ExitStack() as stack:
            several = [stack.enter_context(socket.socket()) for _ in range(5)]
            with none_left():
                for one in several:
                    one.connect(("127.0.0.1", int(server.url.rsplit(":", 1)[1].strip("/"))))
                before = time.process_time()
                time.sleep(1)
                assert time.process_time() - before < 0.5
            for one in several:
                one.settimeout(SECONDS)
                one.sendall(b"GET /feed.rss HTTP/1.1\r\nHost: x\r\n\r\n")
                assert one.recv(12) == b"HTTP/1.1 200"

    run_while(server, client)
    said = [record for record in caplog.records if "accept()" in record.getMessage()]
    assert 0 < len(said) < 30, len(said)


def test_a_document_of_megabytes_needs_no_file_for_a_client_that_does_not_read_it() -> None:
    server = Server(large, host="127.0.0.1", port=0, threads=1)

    def client() -> None:
        with open_connection(server.url, 4096) as one:
            one.sendall(b"GET /1 HTTP/1.1\r\nHost: x\r\n")
            time.sleep(0.5)  # for the connection to be accepted, which takes a descriptor
            with none_left():
                one.sendall(b"Connection: close\r\n\r\n")
                assert one.recv(12) == b"HTTP/1.1 200"
                read = 0
                while part := one.recv(65_536):
                    read += len(part)
            assert read > len(_BODY)

    run_while(server, client)
