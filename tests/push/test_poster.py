"""One announcement over HTTP, against hubs of every kind."""

import socket
from datetime import UTC, datetime

import pytest

import feedsvc
from feedsvc.websub.hub_client import Poster
from feedsvc.websub.hub_response import Outcome, Verdict
from tests.push import hub as hubs_
from tests.push.hub import Answer, Hub, status

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOPIC = "https://news.example/tag/%ED%95%9C&b/feed.rss"
DONE = Outcome(verdict=Verdict.DONE)


@pytest.fixture
def poster() -> Poster:
    return Poster(0.5)


def test_a_hub_hears_what_the_recommendation_says(hub: Hub, poster: Poster) -> None:
    assert poster.announce(hub.url, TOPIC, NOW) == DONE
    [heard] = hub.asked
    assert heard.path == "/publish?key=1"
    assert heard.form == {"hub.mode": ["publish"], "hub.url": [TOPIC], "hub.topic": [TOPIC]}
    assert heard.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert heard.headers["User-Agent"] == f"feedsvc/{feedsvc.__version__}"
    poster.rest()


@pytest.mark.parametrize(
    ("answer", "verdict", "what", "retry_after"),
    [
        (status(200, b"ok"), Verdict.DONE, "", 0),
        (status(204), Verdict.DONE, "", 0),
        (status(299), Verdict.DONE, "", 0),
        (status(202, b"x" * 1_000_000), Verdict.DONE, "", 0),
        (hubs_.flood, Verdict.DONE, "", 0),
        (hubs_.promise, Verdict.LATER, "it did not complete its answer within 0.5 seconds", 0),
        (status(400), Verdict.REFUSED, "it answered 400 Bad Request", 0),
        (status(404, b"no"), Verdict.REFUSED, "it answered 404 Not Found", 0),
        (status(301, Location="/elsewhere"), Verdict.REFUSED, "it answered 301 Moved Permanently", 0),
        (status(307), Verdict.REFUSED, "it answered 307 Temporary Redirect", 0),
        (status(408), Verdict.LATER, "it answered 408 Request Timeout", 0),
        (status(425), Verdict.LATER, "it answered 425 Too Early", 0),
        (status(429, Retry_After="7"), Verdict.LATER, "it answered 429 Too Many Requests", 7),
        (status(500), Verdict.LATER, "it answered 500 Internal Server Error", 0),
        (
            status(503, Retry_After="Sun, 01 Mar 2026 12:02:00 GMT"),
            Verdict.LATER,
            "it answered 503 Service Unavailable",
            120,
        ),
        (status(503, Retry_After="Sun, 01 Mar 2026 11:00:00 GMT"), Verdict.LATER, "it answered 503 Service Unavailable", 0),
        (status(503, Retry_After="9" * 500), Verdict.LATER, "it answered 503 Service Unavailable", 86_400),
        (status(503, Retry_After="-3, soon"), Verdict.LATER, "it answered 503 Service Unavailable", 0),
        (hubs_.hang, Verdict.LATER, "it did not answer within 0.5 seconds", 0),
        (hubs_.close, Verdict.LATER, "it closed the connection without an answer", 0),
        (hubs_.nonsense, Verdict.LATER, "it cannot be understood (?? what)", 0),
        (hubs_.painted, Verdict.LATER, "it answered 500 ?[31mred? next", 0),
        (status(308, Location="mailto:hub@hub.example"), Verdict.REFUSED, "it answered 308 Permanent Redirect to 'mailto:", 0),
        (status(308, Location="http://[broken"), Verdict.REFUSED, "it answered 308 Permanent Redirect to 'http://[broken'", 0),
    ],
)
def test_what_an_answer_means(hub: Hub, poster: Poster, answer: Answer, verdict: Verdict, what: str, retry_after: float) -> None:  # noqa: PLR0917
    hub.always = answer
    outcome = poster.announce(hub.url, TOPIC, NOW)
    assert (outcome.verdict, outcome.retry_after) == (verdict, retry_after)
    assert outcome.what.startswith(what)
    assert bool(outcome.what) == (verdict is not Verdict.DONE)
    hub.always = status(202)
    assert poster.announce(hub.url, TOPIC, NOW) == DONE  # and the next one is none the worse
    poster.rest()


def test_one_connection_serves_many_feeds(hub: Hub, poster: Poster) -> None:
    for _ in range(20):
        assert poster.announce(hub.url, TOPIC, NOW) == DONE
    assert len({heard.line for heard in hub.asked}) == 1
    poster.rest()


def test_a_kept_connection_that_the_hub_closed_is_opened_anew(hub: Hub, poster: Poster) -> None:
    assert poster.announce(hub.url, TOPIC, NOW) == DONE
    hub.next += [hubs_.close]
    assert poster.announce(hub.url, TOPIC, NOW) == DONE
    assert len(hub.asked) == 3
    poster.rest()


def test_a_hub_that_is_not_there(poster: Poster) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    outcome = poster.announce(f"http://127.0.0.1:{port}/", TOPIC, NOW)
    assert outcome == Outcome(verdict=Verdict.LATER, what="it cannot be reached (Connection refused)")


@pytest.mark.parametrize("address", ["http://hub.invalid/", "http://" + "a" * 70 + ".example/", "https://127.0.0.1:1/"])
def test_hubs_that_cannot_be_reached_raise_nothing(poster: Poster, address: str) -> None:
    assert poster.announce(address, TOPIC, NOW).verdict is Verdict.LATER


def test_proxies_of_the_environment_have_no_say(hub: Hub, poster: Poster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    assert poster.announce(hub.url, TOPIC, NOW) == DONE
    poster.rest()


def test_after_cut_nothing_is_sent(hub: Hub, poster: Poster) -> None:
    poster.cut()
    assert poster.announce(hub.url, TOPIC, NOW).verdict is Verdict.LATER
    assert hub.asked == []
    poster.rest()
