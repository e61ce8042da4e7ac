"""The client of hubs: its request, the outcome of each response, and slow, hostile and unreachable hubs."""

import contextlib
import socket
import ssl
import subprocess
import threading
import time
import tracemalloc
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import pytest

import feedsvc
from feedsvc.websub.hub_client import DeliveryOutcome, DeliveryResult, HubClient
from tests.audience.waiting import TIMEOUT, wait_until
from tests.websub.hub import Handler, Hub, HubFactory, Responder, hang, respond, send, send_endlessly, send_slowly

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOPIC = "https://news.example/tag/%ED%95%9C&b/feed.rss"
DELIVERED = DeliveryOutcome(result=DeliveryResult.DELIVERED)
SENT = b"HTTP/1.1 202 Accepted\r\n"
CHUNKED = SENT + b"Transfer-Encoding: chunked\r\n\r\n"
EMPTY = SENT + b"Content-Length: 0\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"


def deferred(reason: str) -> DeliveryOutcome:
    return DeliveryOutcome(result=DeliveryResult.DEFERRED, reason=reason)


INCOMPLETE = deferred("it closed the connection before its response was complete")
LATE = deferred("it did not complete its response in time")


def test_notifications_have_the_form_fields_of_websub_and_share_one_connection(hub: Hub, client: HubClient) -> None:
    assert [client.publish(hub.url, TOPIC, NOW) for _ in range(20)] == [DELIVERED] * 20
    assert len({request.client_address for request in hub.requests}) == 1
    request = hub.requests[0]
    assert request.path == "/publish?key=1"
    assert request.form == {"hub.mode": ["publish"], "hub.url": [TOPIC], "hub.topic": [TOPIC]}
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.headers["User-Agent"] == f"feedsvc/{feedsvc.__version__}"


@pytest.mark.parametrize(
    ("result", "codes"),
    [
        (DeliveryResult.DELIVERED, (200, 204, 299)),
        (DeliveryResult.REJECTED, (301, 302, 303, 307, 308, 400, 404)),
        (DeliveryResult.DEFERRED, (408, 425, 429, 500, 503)),
    ],
)
def test_status_decides_between_delivered_rejected_and_deferred(
    hub: Hub, client: HubClient, result: DeliveryResult, codes: tuple[int, ...]
) -> None:
    for code in codes:
        hub.default_responder = respond(code)
        reason = "" if code < 300 else f"it responded with {code} {HTTPStatus(code).phrase}"
        assert client.publish(hub.url, TOPIC, NOW) == DeliveryOutcome(result=result, reason=reason)


@pytest.mark.parametrize(
    ("parts", "outcome"),
    [
        ((SENT + b"Content-Length: 2\r\n\r\nok",), DELIVERED),
        ((SENT + b"Content-Length: 1000000\r\n\r\n", b"x" * 1_000_000), DELIVERED),
        ((SENT + b"\r\nuntil the connection is closed",), DELIVERED),
        ((CHUNKED + b"2\r\nok\r\n0\r\nX: y\r\n\r\n",), DELIVERED),
        ((b"HTTP/1.1 204 No Content\r\n\r\n",), DELIVERED),
        ((b"HTTP/1.0 200 OK\r\n\r\n",), DELIVERED),
        ((CONTINUE, EMPTY), DELIVERED),
        ((HINTS, EMPTY), DELIVERED),
        ((), INCOMPLETE),
        ((b"HTTP/1.1 202",), INCOMPLETE),
        ((SENT + b"X-Half: of a he",), INCOMPLETE),
        ((CONTINUE,), INCOMPLETE),
        ((CHUNKED,), INCOMPLETE),
        ((SENT + b"Content-Length: 10\r\n\r\n12345",), INCOMPLETE),
        ((CHUNKED + b"5\r\n12345\r\n",), INCOMPLETE),
        ((CHUNKED + b"2\r\nok\r\n0\r\nX: y\r\n",), INCOMPLETE),
        ((b"\x00\x01 what\r\n\r\n",), deferred("the request failed (?? what)")),
        ((b"HTTP/1.1 500 \x1b[31mred\x00\tnext\r\n\r\n",), deferred("it responded with 500 ?[31mred??next")),
    ],
)
def test_only_a_complete_response_is_delivered_and_the_next_notification_succeeds(
    hub: Hub, client: HubClient, parts: tuple[bytes, ...], outcome: DeliveryOutcome
) -> None:
    hub.default_responder = send(*parts)
    assert client.publish(hub.url, TOPIC, NOW) == outcome
    hub.default_responder = respond(202)
    assert client.publish(hub.url, TOPIC, NOW) == DELIVERED


def test_connection_closed_by_the_hub_is_reopened(hub: Hub, client: HubClient) -> None:
    assert client.publish(hub.url, TOPIC, NOW) == DELIVERED
    hub.next_responders += [send()]
    assert client.publish(hub.url, TOPIC, NOW) == DELIVERED
    assert len(hub.requests) == 3


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("7", 7),
        ("9" * 500, 86_400),
        ("-3, soon", 0),
        ("Sun, 01 Mar 2026 12:02:00 GMT", 120),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("Sun, 01 Mar 99999999999999999999 11:00:00 GMT", 0),
        ("Sun, 01 Mar 2026 11:00:00 +9999999999999", 0),
    ],
)
def test_retry_after_counts_in_seconds_or_until_a_date(hub: Hub, client: HubClient, retry_after: str, seconds: int) -> None:
    hub.default_responder = respond(429, Retry_After=retry_after)
    outcome = client.publish(hub.url, TOPIC, NOW)
    assert (outcome.result, outcome.retry_after) == (DeliveryResult.DEFERRED, seconds)
    assert ("it asks to be tried again after 2026-03-0" in outcome.reason) == bool(seconds)


def test_redirect_is_rejected_and_not_followed(hub: Hub, create_hub: HubFactory, client: HubClient) -> None:
    internal = create_hub()
    for code, location in ((302, internal.url), (307, internal.url), (308, "mailto:hub@hub.example"), (308, "http://[broken")):
        hub.default_responder = respond(code, Location=location)
        outcome = client.publish(hub.url, TOPIC, NOW)
        assert outcome.result is DeliveryResult.REJECTED
        assert outcome.reason == (
            f"it responded with {code} {HTTPStatus(code).phrase} to '{location}': "
            "redirects of a hub are not followed; if it has moved, write its new address in site.yaml"
        )
    assert internal.requests == []


def test_reason_contains_only_printable_characters(hub: Hub, client: HubClient) -> None:
    control_bytes = b"\x1b]0;title\x07\x1b[2J\x00\x7f\x9b31m\t" * 50
    for status_line in (b"HTTP/1.1 307 " + control_bytes, control_bytes):
        hub.default_responder = send(status_line + b"\r\nLocation: https://x.example/" + control_bytes + b"\r\n\r\n")
        outcome = client.publish(hub.url, TOPIC, NOW)
        assert outcome.reason.isprintable()
        assert len(outcome.reason) < 500


@pytest.mark.parametrize(
    ("responder", "outcome"),
    [
        (
            send_endlessly(b"HTTP/1.1 500 ", b"reason "),
            deferred("the request failed (got more than 65536 bytes when reading status line)"),
        ),
        (
            send_endlessly(SENT + b"X: ", b"x"),
            deferred("the request failed (got more than 65536 bytes when reading header line)"),
        ),
        (send_endlessly(SENT, b"X: y\r\n"), deferred("the request failed (got more than 100 headers)")),
        (send_endlessly(b"", CONTINUE), deferred("it is larger than 65536 bytes")),
        (send_endlessly(b"", HINTS), deferred("it is larger than 65536 bytes")),
        # The status decides; a body longer than the read limit does not matter.
        (send_endlessly(SENT + b"\r\n", b"x"), DELIVERED),
        (send_endlessly(SENT + b"Content-Length: 1000000000000000\r\n\r\n", b"x"), DELIVERED),
        (send_endlessly(CHUNKED + b"ffffffffffffff\r\n", b"x"), DELIVERED),
        (send_endlessly(CHUNKED + b"-1\r\n", b"x"), None),
        (send_endlessly(CHUNKED + b"1;", b"x"), None),
        (send_endlessly(CHUNKED + b"0\r\n", b"X: y\r\n"), None),
    ],
    ids=["reason", "header", "headers", "100", "103", "body", "length", "chunk", "negative", "extension", "trailers"],
)
def test_endless_response_takes_little_memory(
    hub: Hub, client: HubClient, responder: Responder, outcome: DeliveryOutcome | None
) -> None:
    hub.default_responder = responder
    tracemalloc.start()
    try:
        result = client.publish(hub.url, TOPIC, NOW)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * 1024 * 1024
    assert result == (outcome or result)
    assert len(result.reason) < 500


def test_unreachable_hub_is_deferred(client: HubClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert client.publish(f"http://127.0.0.1:{port}/", TOPIC, NOW) == deferred("it cannot be reached (Connection refused)")
    for address in ("http://hub.invalid/", "http://" + "a" * 70 + ".example/", "https://127.0.0.1:1/"):
        assert client.publish(address, TOPIC, NOW).result is DeliveryResult.DEFERRED


def test_proxy_variables_of_the_environment_are_ignored(hub: Hub, client: HubClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    assert client.publish(hub.url, TOPIC, NOW) == DELIVERED


def test_client_sends_nothing_after_abort(hub: Hub, client: HubClient) -> None:
    client.abort()
    assert client.publish(hub.url, TOPIC, NOW).result is DeliveryResult.DEFERRED
    assert hub.requests == []


# --- One timeout for name lookup, connection and response ------------------------------------------------------------


def wait_until_late(client: HubClient, address: str) -> None:
    """Publish until a response is too late; on a busy machine, even the lookup of the name may be."""
    wait_until(lambda: client.publish(address, TOPIC, NOW) == LATE)


@pytest.mark.parametrize(
    "responder",
    [
        hang,
        send_slowly(b"HTTP/1.1 202 ", b"x"),
        send_slowly(SENT + b"X-Slow: ", b"x"),
        send_slowly(b"", CONTINUE),
        send_slowly(SENT + b"Content-Length: 100000\r\n\r\n", b"x"),
        send_slowly(CHUNKED, b"1\r\nx\r\n"),
        send_slowly(CHUNKED + b"0\r\n", b"X: y\r\n"),
    ],
    ids=["nothing", "status line", "header", "100", "body", "chunks", "trailers"],
)
def test_slow_response_is_deferred_at_the_timeout(hub: Hub, responder: Responder) -> None:
    hub.default_responder = responder
    with contextlib.closing(HubClient(0.2)) as client:
        wait_until_late(client, hub.url)
        hub.default_responder = respond(202)
        wait_until(lambda: client.publish(hub.url, TOPIC, NOW) == DELIVERED)


def test_hanging_name_lookup_is_deferred_at_the_timeout(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    is_released, lookups = threading.Event(), []
    getaddrinfo = socket.getaddrinfo

    def hanging_getaddrinfo(*arguments: object, **options: object) -> object:
        lookups.append(arguments)
        is_released.wait(TIMEOUT)
        return getaddrinfo(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", hanging_getaddrinfo)
    address = hub.url.replace("127.0.0.1", "localhost")
    with contextlib.closing(HubClient(0.1)) as client:
        for _ in range(3):
            outcome = client.publish(address, TOPIC, NOW)
            assert outcome == deferred("it cannot be reached (its name was not resolved in time)")
        assert len(lookups) == 1  # the later calls wait for the lookup in progress; no second thread starts
        is_released.set()
        wait_until(lambda: client.publish(address, TOPIC, NOW) == DELIVERED)


def test_name_lookup_connection_and_response_share_one_timeout(
    hub: Hub, certificate_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name lookup and the response each take two thirds of the timeout: neither exceeds it alone."""
    address = use_tls(hub, certificate_file)
    getaddrinfo = socket.getaddrinfo

    def slow_getaddrinfo(*arguments: object, **options: object) -> object:
        time.sleep(0.4)
        return getaddrinfo(*arguments, **options)  # type: ignore[arg-type]

    def respond_late(handler: Handler) -> None:
        handler.server.is_stopping.wait(0.4)
        respond(202)(handler)

    monkeypatch.setattr(socket, "getaddrinfo", slow_getaddrinfo)
    hub.default_responder = respond_late
    with contextlib.closing(HubClient(0.6)) as client:
        assert client.publish(address, TOPIC, NOW).result is DeliveryResult.DEFERRED


# --- TLS and addresses -----------------------------------------------------------------------------------------------


@pytest.fixture
def certificate_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a certificate and its key for this machine to a file, and make this process trust the certificate."""
    file = tmp_path / "hub.pem"
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    kind = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    subprocess.run(["openssl", "req", *kind, *names, "-keyout", file, "-out", file], check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return file


def use_tls(hub: Hub, certificate: Path) -> str:
    """Let a hub use TLS; return its address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    hub.socket = context.wrap_socket(hub.socket, server_side=True, do_handshake_on_connect=False)
    return hub.url.replace("http:", "https:")


def test_notifications_over_tls_share_one_connection(hub: Hub, client: HubClient, certificate_file: Path) -> None:
    address = use_tls(hub, certificate_file)
    assert [client.publish(address, TOPIC, NOW) for _ in range(3)] == [DELIVERED] * 3
    assert len({request.client_address for request in hub.requests}) == 1


def test_slow_response_over_tls_is_deferred_at_the_timeout(hub: Hub, certificate_file: Path) -> None:
    hub.default_responder = send_slowly(SENT + b"Content-Length: 100000\r\n\r\n", b"x")
    address = use_tls(hub, certificate_file)
    with contextlib.closing(HubClient(0.5)) as client:
        wait_until(lambda: client.publish(address, TOPIC, NOW) == LATE and hub.requests)


def test_endless_tls_handshake_is_deferred_at_the_timeout() -> None:
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
        wait_until_late(HubClient(0.2), f"https://127.0.0.1:{listener.getsockname()[1]}/")
        is_stopping.set()
        thread.join()


def test_hub_with_untrusted_certificate_gets_no_request(
    hub: Hub, client: HubClient, certificate_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    outcome = client.publish(use_tls(hub, certificate_file), TOPIC, NOW)
    assert outcome.result is DeliveryResult.DEFERRED
    assert "certificate" in outcome.reason
    assert hub.requests == []


def test_second_address_of_a_host_name_is_tried(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first address accepts no connection; a part of the timeout remains for the second."""
    with contextlib.ExitStack() as stack:
        full_listener = stack.enter_context(socket.socket())
        full_listener.bind(("127.0.0.1", 0))
        full_listener.listen(0)
        for _ in range(3):  # no connection is accepted, so further ones wait
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full_listener.getsockname())
        socket_type = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        addresses = [(*socket_type, full_listener.getsockname()), (*socket_type, hub.server_address)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
        client = stack.enter_context(contextlib.closing(HubClient(1)))
        wait_until(lambda: client.publish("http://hub.example/", TOPIC, NOW) == DELIVERED)


def test_hub_at_an_ipv6_address_gets_the_notification(client: HubClient) -> None:
    received = []
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                received.append(connection.recv(65536))
                connection.sendall(EMPTY)

        thread = threading.Thread(target=serve)
        thread.start()
        port = listener.getsockname()[1]
        assert client.publish(f"http://user:secret@[::1]:{port}/a?b#c", TOPIC, NOW) == DELIVERED
        thread.join()
    head = received[0].partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert head[0] == b"POST /a?b HTTP/1.1"
    assert f"Host: [::1]:{port}".encode() in head
    assert b"secret" not in received[0]
