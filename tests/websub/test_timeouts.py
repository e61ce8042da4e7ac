"""One timeout covers name lookup, connection and response of a hub."""

import contextlib
import socket
import threading
import time

import pytest

from feedsvc.websub.hub_client import DeliveryOutcome, DeliveryResult, HubClient
from tests.audience.waiting import TIMEOUT, wait_until
from tests.websub.hub import Hub, respond
from tests.websub.responders import STATUS_202, send_slowly
from tests.websub.test_client import DELIVERED, NOW, TOPIC


@pytest.mark.parametrize(
    ("before", "piece"),
    [
        (b"HTTP/1.1 202 ", b"x"),
        (STATUS_202 + b"X-Slow: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (STATUS_202 + b"Content-Length: 100000\r\n\r\n", b"x"),
        (STATUS_202 + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (STATUS_202 + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
    ],
    ids=["status line", "header", "100", "body", "chunks", "trailers"],
)
def test_slow_response_is_deferred_at_the_timeout(hub: Hub, before: bytes, piece: bytes) -> None:
    hub.default_responder = send_slowly(before, piece)
    client, start = HubClient(0.5), time.monotonic()
    outcome = client.publish(hub.url, TOPIC, NOW)
    assert time.monotonic() - start < TIMEOUT / 2
    assert outcome == DeliveryOutcome(result=DeliveryResult.DEFERRED, reason="it did not complete its response in time")
    hub.default_responder = respond(202)
    assert client.publish(hub.url, TOPIC, NOW) == DELIVERED
    client.close()


def test_hanging_name_lookup_is_deferred_at_the_timeout(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    is_released, lookups = threading.Event(), []
    getaddrinfo = socket.getaddrinfo

    def hanging_getaddrinfo(*arguments: object, **options: object) -> object:
        lookups.append(arguments)
        is_released.wait(TIMEOUT)
        return getaddrinfo(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", hanging_getaddrinfo)
    address = hub.url.replace("127.0.0.1", "localhost")
    client = HubClient(0.2)
    for _ in range(3):
        outcome = client.publish(address, TOPIC, NOW)
        assert outcome == DeliveryOutcome(
            result=DeliveryResult.DEFERRED, reason="it cannot be reached (its name was not resolved in time)"
        )
    assert len(lookups) == 1  # the later calls wait for the lookup in progress; no second thread starts
    is_released.set()
    wait_until(lambda: client.publish(address, TOPIC, NOW) == DELIVERED)
    client.close()


def test_endless_tls_handshake_is_deferred_at_the_timeout(hub: Hub) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        is_stopping = threading.Event()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(b"\x16\x03\x03\x40\x00")  # the start of a record of 16 kB
                while not is_stopping.wait(0.02):
                    connection.sendall(b"\x02")

        thread = threading.Thread(target=serve)
        thread.start()
        start = time.monotonic()
        outcome = HubClient(0.5).publish(f"https://127.0.0.1:{listener.getsockname()[1]}/", TOPIC, NOW)
        is_stopping.set()
        thread.join()
    assert time.monotonic() - start < TIMEOUT / 2
    assert outcome == DeliveryOutcome(result=DeliveryResult.DEFERRED, reason="it did not complete its response in time")
