"""Hubs are third parties: an answer that redirects, never ends, ends early or is not HTTP costs one deadline and a sentence."""

import contextlib
import random
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from feedsvc.websub.hub_client import HubClient
from feedsvc.websub.hub_response import DeliveryOutcome, DeliveryResult
from tests.audience.waiting import SECONDS, until
from tests.cli.test_cli import run
from tests.websub.conftest import Open
from tests.websub.hub import Answer, Handler, Hub, Hubs, status
from tests.websub.test_client import DONE, NOW, TOPIC

OK = b"HTTP/1.1 202 Accepted\r\n"
ENDLESS_BYTES = 64 * 1024 * 1024  # far more than is read of any answer


@pytest.fixture
def poster() -> Iterator[HubClient]:
    one = HubClient(2)
    yield one
    one.close_idle_connections()


def raw(*parts: bytes) -> Answer:
    """Send the parts as they are, then close the connection."""

    def answer(handler: Handler) -> None:
        for part in parts:
            handler.wfile.write(part)
        handler.close_connection = True

    return answer


def drip(before: bytes, piece: bytes) -> Answer:
    """Send a piece every 20 ms without end, so that no single read of a socket takes long."""

    def answer(handler: Handler) -> None:
        handler.wfile.write(before)
        while not handler.server.over.wait(0.02):
            handler.wfile.write(piece)

    return answer


def flood(before: bytes, piece: bytes, after: bytes = b"") -> Answer:
    """Send a piece again and again, as fast as the client reads."""
    block = piece * (65536 // len(piece) + 1)

    def answer(handler: Handler) -> None:
        handler.wfile.write(before)
        for _ in range(ENDLESS_BYTES // len(block)):
            handler.wfile.write(block)
        handler.wfile.write(after)
        handler.close_connection = True

    return answer


# --- Redirects ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_server_is_not_followed(hub: Hub, hubs: Hubs, poster: HubClient, code: int) -> None:
    internal = hubs()
    hub.always = status(code, Location=internal.url)
    outcome = poster.publish(hub.url, TOPIC, NOW)
    assert internal.asked == []
    assert outcome.result is DeliveryResult.REJECTED
    assert outcome.reason.startswith(f"it responded with {code} ")
    assert internal.url in outcome.reason
    assert "not followed" in outcome.reason
    assert "site.yaml" in outcome.reason


def test_a_redirect_is_reported_on_status_and_by_ping(
    opened: Open, content: Path, state: Path, hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    hub.always = status(307, Location="https://elsewhere.example/hub")
    desk = opened()
    desk.publish()
    until(lambda: any(one.last_failure for one in desk.announcer.status().hubs))
    [told] = desk.announcer.status().hubs
    sentence = "it responded with 307 Temporary Redirect to 'https://elsewhere.example/hub'"
    assert told.last_failure
    assert told.last_failure.what.startswith(sentence)
    until(lambda: sentence in caplog.text)
    desk.announcer.close()
    done = run("ping", content, "--state", state)
    assert done.returncode == 1
    assert sentence in done.stderr


# --- One deadline ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        drip(b"", b"H"),
        drip(b"HTTP/1.1 202 ", b"x"),
        drip(OK + b"X-Slow: ", b"x"),
        drip(OK, b"X: y\r\n"),
        drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        drip(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        drip(OK + b"Content-Length: 100000\r\n\r\n", b"x"),
        drip(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        drip(OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x"),
        drip(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
        drip(OK + b"\r\n", b"x"),
    ],
    ids=["status line", "reason", "header", "headers", "100", "103", "body", "chunks", "extension", "trailers", "until close"],
)
def test_a_hub_that_sends_a_byte_now_and_then_is_given_up_at_the_deadline(hub: Hub, answer: Answer) -> None:
    hub.always = answer
    poster, begun = HubClient(0.5), time.monotonic()
    outcome = poster.publish(hub.url, TOPIC, NOW)
    assert time.monotonic() - begun < SECONDS / 2
    assert outcome == DeliveryOutcome(
        result=DeliveryResult.DEFERRED, reason="it did not complete its response within 0.5 seconds"
    )
    hub.always = status(202)
    assert poster.publish(hub.url, TOPIC, NOW) == DONE
    poster.close_idle_connections()


def test_names_connection_and_answer_share_one_deadline(hubs: Hubs, certified: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of three parts takes two thirds of the deadline: none is late by itself."""
    hub = hubs()
    secure(hub, certified)
    look_up = socket.getaddrinfo

    def slow(*given: object, **named: object) -> object:
        time.sleep(1)
        return look_up(*given, **named)  # type: ignore[arg-type]

    def late(handler: Handler) -> None:
        handler.server.over.wait(1)
        status(202)(handler)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    hub.always = late
    poster = HubClient(1.5)
    assert poster.publish(hub.url.replace("http:", "https:"), TOPIC, NOW).result is DeliveryResult.DEFERRED
    poster.close_idle_connections()


def test_a_name_server_that_does_not_answer_is_waited_for_until_the_deadline(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    over, begun = threading.Event(), []
    look_up = socket.getaddrinfo

    def stuck(*given: object, **named: object) -> object:
        begun.append(given)
        over.wait(SECONDS)
        return look_up(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", stuck)
    address = hub.url.replace("127.0.0.1", "localhost")
    poster = HubClient(0.2)
    for _ in range(3):
        outcome = poster.publish(address, TOPIC, NOW)
        assert outcome == DeliveryOutcome(
            result=DeliveryResult.DEFERRED, reason="its host name was not resolved within 0.2 seconds"
        )
    assert len(begun) == 1  # the look-up under way is waited for again; no second thread begins
    over.set()
    until(lambda: poster.publish(address, TOPIC, NOW) == DONE)
    poster.close_idle_connections()


def test_a_hub_that_never_finishes_its_tls_handshake_is_given_up(hub: Hub) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        over = threading.Event()

        def serve() -> None:
            line, _ = silent.accept()
            with line, contextlib.suppress(OSError):
                line.sendall(b"\x16\x03\x03\x40\x00")  # the start of a record of 16 kB
                while not over.wait(0.02):
                    line.sendall(b"\x02")

        thread = threading.Thread(target=serve)
        thread.start()
        begun = time.monotonic()
        outcome = HubClient(0.5).publish(f"https://127.0.0.1:{silent.getsockname()[1]}/", TOPIC, NOW)
        over.set()
        thread.join()
    assert time.monotonic() - begun < SECONDS / 2
    assert outcome == DeliveryOutcome(result=DeliveryResult.DEFERRED, reason="it did not respond within 0.5 seconds")


# --- Incomplete answers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        raw(b"HTTP"),
        raw(b"HTTP/1.1 202"),
        raw(b"HTTP/1.1 202 Accepted\r\n"),
        raw(OK + b"X-Half: of a he"),
        raw(OK + b"Content-Type: text/plain\r\n"),
        raw(b"HTTP/1.1 100 Continue\r\n\r\n"),
        raw(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\n"),
        raw(OK + b"Content-Length: 10\r\n\r\n12345"),
        raw(OK + b"Content-Length: 10\r\n\r\n"),
        raw(OK + b"Transfer-Encoding: chunked\r\n\r\n"),
        raw(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n"),
        raw(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\n123"),
        raw(OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0"),
        raw(OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n"),
    ],
    ids=[
        "within the version",
        "within the status line",
        "after the status line",
        "within a header",
        "after a header",
        "after 100",
        "after 100 and a status line",
        "within the body",
        "before the body",
        "before the first chunk",
        "before the last chunk",
        "within a chunk",
        "within the last chunk",
        "within the trailers",
    ],
)
def test_an_answer_that_ends_early_is_a_failure(hub: Hub, poster: HubClient, answer: Answer) -> None:
    hub.always = answer
    outcome = poster.publish(hub.url, TOPIC, NOW)
    assert outcome == DeliveryOutcome(
        result=DeliveryResult.DEFERRED, reason="it closed the connection before its response was complete"
    )
    hub.always = status(202)
    assert poster.publish(hub.url, TOPIC, NOW) == DONE


@pytest.mark.parametrize(
    "answer",
    [
        raw(OK + b"Content-Length: 2\r\n\r\nok"),
        raw(OK + b"\r\nuntil the connection is closed"),
        raw(OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n"),
        raw(b"HTTP/1.1 204 No Content\r\n\r\n"),
        raw(b"HTTP/1.0 200 OK\r\n\r\n"),
        raw(b"HTTP/1.1 100 Continue\r\n\r\n", OK + b"Content-Length: 0\r\n\r\n"),
        raw(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", OK + b"Content-Length: 0\r\n\r\n"),
    ],
    ids=["length", "close", "chunks", "204", "HTTP/1.0", "100", "103"],
)
def test_a_complete_answer_is_a_success(hub: Hub, poster: HubClient, answer: Answer) -> None:
    hub.always = answer
    assert [poster.publish(hub.url, TOPIC, NOW) for _ in range(2)] == [DONE, DONE]


# --- Answers without bound ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (flood(b"HTTP/1.1 500 ", b"reason "), "its response's header section is longer than 64 kB"),
        (flood(OK + b"X: ", b"x"), "its response's header section is longer than 64 kB"),
        (flood(OK, b"X: y\r\n"), "the notification failed (got more than 100 headers)"),
        (flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "its response's header section is longer than 64 kB"),
        (flood(b"", b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n"), "its response's header section is longer than 64 kB"),
        (flood(OK + b"\r\n", b"x"), ""),
        (flood(OK + b"Content-Length: 1000000000000000\r\n\r\n", b"x"), ""),
        (flood(OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffff\r\n", b"x"), ""),
        (flood(OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", b"x"), None),
        (flood(OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x"), None),
        (flood(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"), None),
    ],
    ids=["reason", "header", "headers", "100", "103", "body", "length", "chunk", "negative", "extension", "trailers"],
)
def test_an_endless_answer_costs_little_memory(hub: Hub, answer: Answer, what: str | None) -> None:
    hub.always = answer
    poster = HubClient(SECONDS)
    tracemalloc.start()
    try:
        outcome = poster.publish(hub.url, TOPIC, NOW)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * 1024 * 1024
    assert len(outcome.reason) < 500
    if what is not None:
        # A body that is longer than what is read of it says nothing that matters: the answer did.
        assert outcome == (DeliveryOutcome(result=DeliveryResult.DEFERRED, reason=what) if what else DONE)
    poster.close_idle_connections()


@pytest.mark.parametrize("moment", ["Sun, 01 Mar 99999999999999999999 11:00:00 GMT", "Sun, 01 Mar 2026 11:00:00 +9999999999999"])
def test_a_date_beyond_all_calendars_ends_no_announcing(hub: Hub, poster: HubClient, moment: str) -> None:
    hub.always = status(503, Retry_After=moment)
    outcome = poster.publish(hub.url, TOPIC, NOW)
    assert outcome == DeliveryOutcome(result=DeliveryResult.DEFERRED, reason="it responded with 503 Service Unavailable")


PAINT = "\x1b]0;title\x07\x1b[2J\x00\x7f\x9b31m\r\t"


def test_a_hub_paints_no_terminal(hub: Hub, poster: HubClient) -> None:
    shown = PAINT.replace("\r", "").encode("latin-1")
    hub.always = raw(b"HTTP/1.1 307 " + shown * 50 + b"\r\nLocation: https://x.example/" + shown * 50 + b"\r\n\r\n")
    outcome = poster.publish(hub.url, TOPIC, NOW)
    assert outcome.reason.startswith("it responded with 307 ")
    assert outcome.reason.isprintable()
    assert len(outcome.reason) < 500
    hub.always = raw(shown * 50 + b"\r\n\r\n")
    assert poster.publish(hub.url, TOPIC, NOW).reason.isprintable()


def test_a_hub_that_gives_another_reason_each_time_fills_no_log(
    opened: Open, content: Path, hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    (content / "articles/tagged.yaml").write_text(
        f"title: Tagged\npublished: 2026-01-01\nid: urn:x:tagged\ntags: [{', '.join(f'tag-{n}' for n in range(60))}]\n"
    )

    def answer(handler: Handler) -> None:
        status(307, Location=f"https://x.example/{len(hub.asked)}")(handler)

    hub.always = answer
    opened(timeout=SECONDS).publish()
    until(lambda: len({one.topic for one in hub.asked}) >= 180)
    assert 1 < len(caplog.records) < 20
    assert "further reasons" in caplog.records[-1].getMessage()


def test_no_answer_of_random_bytes_raises(hub: Hub) -> None:
    chance = random.Random(7)
    whole = (
        b"HTTP/1.1 503 Later\r\nRetry-After: Sun, 01 Mar 2026 11:00:00 GMT\r\nLocation: http://[::1]:80/\r\n"
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    )

    def mutated(handler: Handler) -> None:
        data = bytearray(whole if chance.random() < 0.5 else whole.replace(b"503 Later", b"202 Yes"))
        for _ in range(chance.randint(1, 8)):
            place = chance.randrange(len(data))
            data[place : place + chance.randint(0, 9)] = chance.randbytes(chance.randint(0, 9))
        handler.wfile.write(data)
        handler.close_connection = True

    hub.always = mutated
    poster = HubClient(SECONDS)
    for _ in range(300):
        outcome = poster.publish(hub.url, TOPIC, NOW)
        assert outcome.reason.isprintable()
        assert bool(outcome.reason) == (outcome.result is not DeliveryResult.DELIVERED)
    poster.close_idle_connections()


# --- TLS, IPv6 and several addresses -----------------------------------------------------------------------------


@pytest.fixture
def certified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate and key of this machine in one file, which this process believes."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "hub.pem"
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return file


def secure(hub: Hub, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    hub.socket = context.wrap_socket(hub.socket, server_side=True, do_handshake_on_connect=False)


def test_a_hub_with_tls_is_told_over_one_connection(hub: Hub, poster: HubClient, certified: Path) -> None:
    secure(hub, certified)
    address = hub.url.replace("http:", "https:")
    assert [poster.publish(address, TOPIC, NOW) for _ in range(3)] == [DONE] * 3
    assert len({heard.line for heard in hub.asked}) == 1


@pytest.mark.parametrize(
    "answer",
    [drip(OK + b"X-Slow: ", b"x"), drip(OK + b"Content-Length: 100000\r\n\r\n", b"x")],
    ids=["header", "body"],
)
def test_a_hub_with_tls_that_drips_is_given_up(hub: Hub, certified: Path, answer: Answer) -> None:
    secure(hub, certified)
    hub.always = answer
    outcome = HubClient(1).publish(hub.url.replace("http:", "https:"), TOPIC, NOW)
    assert outcome == DeliveryOutcome(result=DeliveryResult.DEFERRED, reason="it did not complete its response within 1 seconds")


def test_a_hub_whose_certificate_nobody_vouches_for_is_not_told(
    hub: Hub, poster: HubClient, certified: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    secure(hub, certified)
    outcome = poster.publish(hub.url.replace("http:", "https:"), TOPIC, NOW)
    assert outcome.result is DeliveryResult.DEFERRED
    assert "certificate" in outcome.reason
    assert hub.asked == []


def test_the_second_address_of_a_name_is_tried(hub: Hub, poster: HubClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one swallows what is sent to it: a part of the deadline is left for the second."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        queued = []
        for _ in range(3):  # nobody accepts, so further connections wait
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(full.getsockname())
            queued.append(one)
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        found = [(*kind, full.getsockname()), (*kind, hub.server_address)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        assert poster.publish("http://hub.example/", TOPIC, NOW) == DONE
        for one in queued:
            one.close()


def test_a_hub_at_an_ipv6_address(poster: HubClient) -> None:
    heard = []
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listening:

        def serve() -> None:
            line, _ = listening.accept()
            with line:
                heard.append(line.recv(65536))
                line.sendall(OK + b"Content-Length: 0\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        port = listening.getsockname()[1]
        assert poster.publish(f"http://user:secret@[::1]:{port}/a?b#c", TOPIC, NOW) == DONE
        thread.join()
    head = heard[0].partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert head[0] == b"POST /a?b HTTP/1.1"
    assert f"Host: [::1]:{port}".encode() in head
    assert b"secret" not in heard[0]


def test_a_stop_does_not_wait_for_a_hub_that_does_not_answer(opened: Open, content: Path, hub: Hub) -> None:
    hub.always = drip(OK + b"X-Slow: ", b"x")
    desk = opened(timeout=SECONDS * 10)
    desk.publish()
    until(lambda: hub.asked)
    begun = time.monotonic()
    desk.announcer.close(0.1)
    assert time.monotonic() - begun < SECONDS / 2
