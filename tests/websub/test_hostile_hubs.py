"""Redirects, incomplete, endless and malformed responses of a hub: each costs one timeout and gives one reason."""

import tracemalloc
from pathlib import Path

import pytest

from feedsvc.websub.hub_client import DeliveryOutcome, DeliveryResult, HubClient
from tests.audience.waiting import TIMEOUT, wait_until
from tests.cli.command_line import run_feedsvc
from tests.websub.conftest import OpenSite
from tests.websub.hub import Handler, Hub, HubFactory, Responder, respond
from tests.websub.responders import STATUS_202, send_endlessly, send_parts
from tests.websub.test_client import DELIVERED, NOW, TOPIC


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirect_is_rejected_and_not_followed(hub: Hub, create_hub: HubFactory, client: HubClient, code: int) -> None:
    internal = create_hub()
    hub.default_responder = respond(code, Location=internal.url)
    outcome = client.publish(hub.url, TOPIC, NOW)
    assert internal.requests == []
    assert outcome.result is DeliveryResult.REJECTED
    assert outcome.reason.startswith(f"it responded with {code} ")
    assert internal.url in outcome.reason
    assert "not followed" in outcome.reason
    assert "site.yaml" in outcome.reason


def test_redirect_is_reported_in_the_status_and_by_ping(
    open_site: OpenSite, content: Path, state: Path, hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    hub.default_responder = respond(307, Location="https://elsewhere.example/hub")
    site = open_site()
    site.publish()
    wait_until(lambda: any(hub_status.last_failure for hub_status in site.publisher.status().hubs))
    [hub_status] = site.publisher.status().hubs
    sentence = "it responded with 307 Temporary Redirect to 'https://elsewhere.example/hub'"
    assert hub_status.last_failure
    assert hub_status.last_failure.what.startswith(sentence)
    wait_until(lambda: sentence in caplog.text)
    site.publisher.close()
    result = run_feedsvc("ping", content, "--state", state)
    assert result.returncode == 1
    assert sentence in result.stderr


CHUNKED = STATUS_202 + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "parts",
    [
        *(b"HTTP/1.1 202", STATUS_202 + b"X-Half: of a he", b"HTTP/1.1 100 Continue\r\n\r\n", CHUNKED),
        *(STATUS_202 + b"Content-Length: 10\r\n\r\n12345", CHUNKED + b"5\r\n12345\r\n", CHUNKED + b"2\r\nok\r\n0\r\nX: y\r\n"),
    ],
)
def test_incomplete_response_is_deferred(hub: Hub, client: HubClient, parts: bytes) -> None:
    hub.default_responder = send_parts(parts)
    outcome = client.publish(hub.url, TOPIC, NOW)
    assert outcome == DeliveryOutcome(
        result=DeliveryResult.DEFERRED, reason="it closed the connection before its response was complete"
    )
    hub.default_responder = respond(202)
    assert client.publish(hub.url, TOPIC, NOW) == DELIVERED


@pytest.mark.parametrize(
    "responder",
    [
        send_parts(STATUS_202 + b"Content-Length: 2\r\n\r\nok"),
        send_parts(STATUS_202 + b"\r\nuntil the connection is closed"),
        send_parts(STATUS_202 + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n"),
        send_parts(b"HTTP/1.1 204 No Content\r\n\r\n"),
        send_parts(b"HTTP/1.0 200 OK\r\n\r\n"),
        send_parts(b"HTTP/1.1 100 Continue\r\n\r\n", STATUS_202 + b"Content-Length: 0\r\n\r\n"),
        send_parts(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", STATUS_202 + b"Content-Length: 0\r\n\r\n"),
    ],
    ids=["length", "close", "chunks", "204", "HTTP/1.0", "100", "103"],
)
def test_complete_response_is_delivered(hub: Hub, client: HubClient, responder: Responder) -> None:
    hub.default_responder = responder
    assert [client.publish(hub.url, TOPIC, NOW) for _ in range(2)] == [DELIVERED, DELIVERED]


@pytest.mark.parametrize(
    ("responder", "reason"),
    [
        (send_endlessly(b"HTTP/1.1 500 ", b"reason "), "the request failed (got more than 65536 bytes when reading status line)"),
        (send_endlessly(STATUS_202 + b"X: ", b"x"), "the request failed (got more than 65536 bytes when reading header line)"),
        (send_endlessly(STATUS_202, b"X: y\r\n"), "the request failed (got more than 100 headers)"),
        (send_endlessly(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "it is larger than 65536 bytes"),
        (send_endlessly(b"", b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n"), "it is larger than 65536 bytes"),
        (send_endlessly(STATUS_202 + b"\r\n", b"x"), ""),
        (send_endlessly(STATUS_202 + b"Content-Length: 1000000000000000\r\n\r\n", b"x"), ""),
        (send_endlessly(STATUS_202 + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffff\r\n", b"x"), ""),
        (send_endlessly(STATUS_202 + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", b"x"), None),
        (send_endlessly(STATUS_202 + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x"), None),
        (send_endlessly(STATUS_202 + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"), None),
    ],
    ids=["reason", "header", "headers", "100", "103", "body", "length", "chunk", "negative", "extension", "trailers"],
)
def test_endless_response_takes_little_memory(hub: Hub, responder: Responder, reason: str | None) -> None:
    hub.default_responder = responder
    client = HubClient(TIMEOUT)
    tracemalloc.start()
    try:
        outcome = client.publish(hub.url, TOPIC, NOW)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * 1024 * 1024
    assert len(outcome.reason) < 500
    if reason is not None:
        # The status decides; a body longer than the read limit does not matter.
        assert outcome == (DeliveryOutcome(result=DeliveryResult.DEFERRED, reason=reason) if reason else DELIVERED)
    client.close()


@pytest.mark.parametrize(
    "retry_after", ["Sun, 01 Mar 99999999999999999999 11:00:00 GMT", "Sun, 01 Mar 2026 11:00:00 +9999999999999"]
)
def test_retry_after_date_out_of_range_is_ignored(hub: Hub, client: HubClient, retry_after: str) -> None:
    hub.default_responder = respond(503, Retry_After=retry_after)
    outcome = client.publish(hub.url, TOPIC, NOW)
    assert outcome == DeliveryOutcome(result=DeliveryResult.DEFERRED, reason="it responded with 503 Service Unavailable")


CONTROL_CHARACTERS = "\x1b]0;title\x07\x1b[2J\x00\x7f\x9b31m\r\t"


def test_reason_contains_only_printable_characters(hub: Hub, client: HubClient) -> None:
    control_bytes = CONTROL_CHARACTERS.replace("\r", "").encode("latin-1")
    hub.default_responder = send_parts(
        b"HTTP/1.1 307 " + control_bytes * 50 + b"\r\nLocation: https://x.example/" + control_bytes * 50 + b"\r\n\r\n"
    )
    outcome = client.publish(hub.url, TOPIC, NOW)
    assert outcome.reason.startswith("it responded with 307 ")
    assert outcome.reason.isprintable()
    assert len(outcome.reason) < 500
    hub.default_responder = send_parts(control_bytes * 50 + b"\r\n\r\n")
    assert client.publish(hub.url, TOPIC, NOW).reason.isprintable()


def test_changing_reasons_of_a_hub_do_not_flood_the_log(
    open_site: OpenSite, content: Path, hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    (content / "articles/tagged.yaml").write_text(
        f"title: Tagged\npublished: 2026-01-01\nid: urn:x:tagged\ntags: [{', '.join(f'tag-{n}' for n in range(60))}]\n"
    )

    def responder(handler: Handler) -> None:
        respond(307, Location=f"https://x.example/{len(hub.requests)}")(handler)

    hub.default_responder = responder
    open_site(timeout=TIMEOUT).publish()
    wait_until(lambda: len({request.topic for request in hub.requests}) >= 180)
    [record] = caplog.records
    assert record.getMessage().endswith("; further refusals are on /status only")
