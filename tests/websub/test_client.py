"""One announcement over HTTP, against hubs of every kind."""

import socket
from datetime import UTC, datetime

import pytest

import feedsvc
from feedsvc.websub.hub_client import HubClient
from feedsvc.websub.hub_response import DeliveryOutcome, DeliveryResult
from tests.websub import hub as hubs_
from tests.websub.hub import Answer, Hub, status

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOPIC = "https://news.example/tag/%ED%95%9C&b/feed.rss"
DONE = DeliveryOutcome(result=DeliveryResult.DELIVERED)


@pytest.fixture
def poster() -> HubClient:
    return HubClient(0.5)


def test_a_hub_hears_what_the_recommendation_says(hub: Hub, poster: HubClient) -> None:
    assert poster.publish(hub.url, TOPIC, NOW) == DONE
    [heard] = hub.asked
    assert heard.path == "/publish?key=1"
    assert heard.form == {"hub.mode": ["publish"], "hub.url": [TOPIC], "hub.topic": [TOPIC]}
    assert heard.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert heard.headers["User-Agent"] == f"feedsvc/{feedsvc.__version__}"
    poster.close_idle_connections()


@pytest.mark.parametrize(
    ("answer", "verdict", "what", "retry_after"),
    [
        (status(200, b"ok"), DeliveryResult.DELIVERED, "", 0),
        (status(204), DeliveryResult.DELIVERED, "", 0),
        (status(299), DeliveryResult.DELIVERED, "", 0),
        (status(202, b"x" * 1_000_000), DeliveryResult.DELIVERED, "", 0),
        (hubs_.flood, DeliveryResult.DELIVERED, "", 0),
        (hubs_.promise, DeliveryResult.DEFERRED, "it did not complete its response within 0.5 seconds", 0),
        (status(400), DeliveryResult.REJECTED, "it responded with 400 Bad Request", 0),
        (status(404, b"no"), DeliveryResult.REJECTED, "it responded with 404 Not Found", 0),
        (status(301, Location="/elsewhere"), DeliveryResult.REJECTED, "it responded with 301 Moved Permanently", 0),
        (status(307), DeliveryResult.REJECTED, "it responded with 307 Temporary Redirect", 0),
        (status(408), DeliveryResult.DEFERRED, "it responded with 408 Request Timeout", 0),
        (status(425), DeliveryResult.DEFERRED, "it responded with 425 Too Early", 0),
        (status(429, Retry_After="7"), DeliveryResult.DEFERRED, "it responded with 429 Too Many Requests", 7),
        (status(500), DeliveryResult.DEFERRED, "it responded with 500 Internal Server Error", 0),
        (
            status(503, Retry_After="Sun, 01 Mar 2026 12:02:00 GMT"),
            DeliveryResult.DEFERRED,
            "it responded with 503 Service Unavailable",
            120,
        ),
        (
            status(503, Retry_After="Sun, 01 Mar 2026 11:00:00 GMT"),
            DeliveryResult.DEFERRED,
            "it responded with 503 Service Unavailable",
            0,
        ),
        (status(503, Retry_After="9" * 500), DeliveryResult.DEFERRED, "it responded with 503 Service Unavailable", 86_400),
        (status(503, Retry_After="-3, soon"), DeliveryResult.DEFERRED, "it responded with 503 Service Unavailable", 0),
        (hubs_.hang, DeliveryResult.DEFERRED, "it did not respond within 0.5 seconds", 0),
        (hubs_.close, DeliveryResult.DEFERRED, "it closed the connection without a response", 0),
        (hubs_.nonsense, DeliveryResult.DEFERRED, "the notification failed (?? what)", 0),
        (hubs_.painted, DeliveryResult.DEFERRED, "it responded with 500 ?[31mred? next", 0),
        (
            status(308, Location="mailto:hub@hub.example"),
            DeliveryResult.REJECTED,
            "it responded with 308 Permanent Redirect to 'mailto:",
            0,
        ),
        (
            status(308, Location="http://[broken"),
            DeliveryResult.REJECTED,
            "it responded with 308 Permanent Redirect to 'http://[broken'",
            0,
        ),
    ],
)
def test_what_an_answer_means(  # noqa: PLR0917 - two fixtures, and a parameter for each column of the table
    hub: Hub, poster: HubClient, answer: Answer, verdict: DeliveryResult, what: str, retry_after: float
) -> None:
    hub.always = answer
    outcome = poster.publish(hub.url, TOPIC, NOW)
    assert (outcome.result, outcome.retry_after) == (verdict, retry_after)
    assert outcome.reason.startswith(what)
    assert bool(outcome.reason) == (verdict is not DeliveryResult.DELIVERED)
    hub.always = status(202)
    assert poster.publish(hub.url, TOPIC, NOW) == DONE  # and the next one is none the worse
    poster.close_idle_connections()


def test_one_connection_serves_many_feeds(hub: Hub, poster: HubClient) -> None:
    for _ in range(20):
        assert poster.publish(hub.url, TOPIC, NOW) == DONE
    assert len({heard.line for heard in hub.asked}) == 1
    poster.close_idle_connections()


def test_a_kept_connection_that_the_hub_closed_is_opened_anew(hub: Hub, poster: HubClient) -> None:
    assert poster.publish(hub.url, TOPIC, NOW) == DONE
    hub.next += [hubs_.close]
    assert poster.publish(hub.url, TOPIC, NOW) == DONE
    assert len(hub.asked) == 3
    poster.close_idle_connections()


def test_a_hub_that_is_not_there(poster: HubClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    outcome = poster.publish(f"http://127.0.0.1:{port}/", TOPIC, NOW)
    assert outcome == DeliveryOutcome(result=DeliveryResult.DEFERRED, reason="it cannot be reached (Connection refused)")


@pytest.mark.parametrize("address", ["http://hub.invalid/", "http://" + "a" * 70 + ".example/", "https://127.0.0.1:1/"])
def test_hubs_that_cannot_be_reached_raise_nothing(poster: HubClient, address: str) -> None:
    assert poster.publish(address, TOPIC, NOW).result is DeliveryResult.DEFERRED


def test_proxies_of_the_environment_have_no_say(hub: Hub, poster: HubClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    assert poster.publish(hub.url, TOPIC, NOW) == DONE
    poster.close_idle_connections()


def test_after_cut_nothing_is_sent(hub: Hub, poster: HubClient) -> None:
    poster.abort()
    assert poster.publish(hub.url, TOPIC, NOW).result is DeliveryResult.DEFERRED
    assert hub.asked == []
    poster.close_idle_connections()
