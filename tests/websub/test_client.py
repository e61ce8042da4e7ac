"""The HTTP client for hubs: one notification to hubs of every kind."""

import socket
from datetime import UTC, datetime

import pytest

import feedsvc
from feedsvc.websub.hub_client import DeliveryOutcome, DeliveryResult, HubClient
from tests.websub import hub as hub_module
from tests.websub.hub import Hub, Responder, respond

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOPIC = "https://news.example/tag/%ED%95%9C&b/feed.rss"
DELIVERED = DeliveryOutcome(result=DeliveryResult.DELIVERED)


@pytest.fixture
def client() -> HubClient:
    return HubClient(0.5)


def test_notification_has_the_form_fields_of_websub(hub: Hub, client: HubClient) -> None:
    assert client.publish(hub.url, TOPIC, NOW) == DELIVERED
    [request] = hub.requests
    assert request.path == "/publish?key=1"
    assert request.form == {"hub.mode": ["publish"], "hub.url": [TOPIC], "hub.topic": [TOPIC]}
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.headers["User-Agent"] == f"feedsvc/{feedsvc.__version__}"
    client.close()


@pytest.mark.parametrize(
    ("responder", "result", "reason", "retry_after"),
    [
        (respond(200, b"ok"), DeliveryResult.DELIVERED, "", 0),
        (respond(204), DeliveryResult.DELIVERED, "", 0),
        (respond(299), DeliveryResult.DELIVERED, "", 0),
        (respond(202, b"x" * 1_000_000), DeliveryResult.DELIVERED, "", 0),
        (hub_module.send_endless_body, DeliveryResult.DELIVERED, "", 0),
        (hub_module.send_incomplete_body, DeliveryResult.DEFERRED, "it did not complete its response in time", 0),
        (respond(400), DeliveryResult.REJECTED, "it responded with 400 Bad Request", 0),
        (respond(404, b"no"), DeliveryResult.REJECTED, "it responded with 404 Not Found", 0),
        (respond(301, Location="/elsewhere"), DeliveryResult.REJECTED, "it responded with 301 Moved Permanently", 0),
        (respond(307), DeliveryResult.REJECTED, "it responded with 307 Temporary Redirect", 0),
        (respond(408), DeliveryResult.DEFERRED, "it responded with 408 Request Timeout", 0),
        (respond(425), DeliveryResult.DEFERRED, "it responded with 425 Too Early", 0),
        (respond(429, Retry_After="7"), DeliveryResult.DEFERRED, "it responded with 429 Too Many Requests", 7),
        (respond(500), DeliveryResult.DEFERRED, "it responded with 500 Internal Server Error", 0),
        (
            respond(503, Retry_After="Sun, 01 Mar 2026 12:02:00 GMT"),
            DeliveryResult.DEFERRED,
            "it responded with 503 Service Unavailable",
            120,
        ),
        (
            respond(503, Retry_After="Sun, 01 Mar 2026 11:00:00 GMT"),
            DeliveryResult.DEFERRED,
            "it responded with 503 Service Unavailable",
            0,
        ),
        (respond(503, Retry_After="9" * 500), DeliveryResult.DEFERRED, "it responded with 503 Service Unavailable", 86_400),
        (respond(503, Retry_After="-3, soon"), DeliveryResult.DEFERRED, "it responded with 503 Service Unavailable", 0),
        (hub_module.hang, DeliveryResult.DEFERRED, "it did not complete its response in time", 0),
        (
            hub_module.close_without_response,
            DeliveryResult.DEFERRED,
            "it closed the connection before its response was complete",
            0,
        ),
        (hub_module.send_garbage, DeliveryResult.DEFERRED, "the request failed (?? what)", 0),
        (hub_module.send_control_characters, DeliveryResult.DEFERRED, "it responded with 500 ?[31mred??next", 0),
        (
            respond(308, Location="mailto:hub@hub.example"),
            DeliveryResult.REJECTED,
            "it responded with 308 Permanent Redirect to 'mailto:",
            0,
        ),
        (
            respond(308, Location="http://[broken"),
            DeliveryResult.REJECTED,
            "it responded with 308 Permanent Redirect to 'http://[broken'",
            0,
        ),
    ],
)
def test_response_decides_between_delivered_rejected_and_deferred(  # noqa: PLR0917 - two fixtures and a parameter for each column of the table
    hub: Hub, client: HubClient, responder: Responder, result: DeliveryResult, reason: str, retry_after: float
) -> None:
    hub.default_responder = responder
    outcome = client.publish(hub.url, TOPIC, NOW)
    assert (outcome.result, outcome.retry_after) == (result, retry_after)
    assert outcome.reason.startswith(reason)
    assert bool(outcome.reason) == (result is not DeliveryResult.DELIVERED)
    hub.default_responder = respond(202)
    assert client.publish(hub.url, TOPIC, NOW) == DELIVERED  # the next notification succeeds
    client.close()


def test_notifications_share_one_connection(hub: Hub, client: HubClient) -> None:
    for _ in range(20):
        assert client.publish(hub.url, TOPIC, NOW) == DELIVERED
    assert len({request.client_address for request in hub.requests}) == 1
    client.close()


def test_connection_closed_by_the_hub_is_reopened(hub: Hub, client: HubClient) -> None:
    assert client.publish(hub.url, TOPIC, NOW) == DELIVERED
    hub.next_responders += [hub_module.close_without_response]
    assert client.publish(hub.url, TOPIC, NOW) == DELIVERED
    assert len(hub.requests) == 3
    client.close()


def test_unreachable_hub_is_deferred(client: HubClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    outcome = client.publish(f"http://127.0.0.1:{port}/", TOPIC, NOW)
    assert outcome == DeliveryOutcome(result=DeliveryResult.DEFERRED, reason="it cannot be reached (Connection refused)")


@pytest.mark.parametrize("address", ["http://hub.invalid/", "http://" + "a" * 70 + ".example/", "https://127.0.0.1:1/"])
def test_unresolvable_hub_addresses_are_deferred(client: HubClient, address: str) -> None:
    assert client.publish(address, TOPIC, NOW).result is DeliveryResult.DEFERRED


def test_proxy_variables_of_the_environment_are_ignored(hub: Hub, client: HubClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    assert client.publish(hub.url, TOPIC, NOW) == DELIVERED
    client.close()


def test_client_sends_nothing_after_abort(hub: Hub, client: HubClient) -> None:
    client.abort()
    assert client.publish(hub.url, TOPIC, NOW).result is DeliveryResult.DEFERRED
    assert hub.requests == []
    client.close()
