"""Whoever fetches one feed whole again and again is told to wait; nobody else ever is."""

from __future__ import annotations

import http.client
import tracemalloc
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from feedsvc.support.client_address import Networks, parse_networks
from feedsvc.support.token_bucket import DEFAULT_HOURLY_LIMIT
from feedsvc.web.rate_limit import PollLimit
from feedsvc.web.request_stats import Labels, RequestStats
from tests.cli.test_serve import refused
from tests.helpers.http_client import NO_HEADERS, Response, ask, ask_on, call
from tests.helpers.running_server import ServerProcess, serving
from tests.web.conftest import Clock
from tests.web.newsroom import write_newsroom

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

READER = "Reader/1"
HOME, OFFICE = "198.51.100.7", "10.0.0.7"  # the first is set aside for documents; Far below is one of the internet
FAR = "9.9.9.9"


class Limited:
    """The application behind a limit, asked from an address of one's choice."""

    def __init__(self, app: WSGIApplication, hourly: int = 2, trusted: Networks = (), **options: Any) -> None:
        self.clock, self.traffic = Clock(), RequestStats()
        self._polls = PollLimit(app, self.traffic, per_hour=hourly, trusted=trusted, clock=self.clock, **options)

    def ask(
        self, path: str = "/feed.rss", peer: str = HOME, method: str = "GET", headers: Mapping[str, str] = NO_HEADERS
    ) -> Response:
        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            return self._polls({**environ, "REMOTE_ADDR": peer}, start_response)

        return call(app, path, {"User-Agent": READER, **headers}, method)

    def statuses(self, times: int, **options: Any) -> list[int]:
        return [self.ask(**options).status for _ in range(times)]


@pytest.fixture
def limited(app: WSGIApplication) -> Limited:
    return Limited(app)


def test_a_reader_that_always_fetches_everything_is_told_when_to_come_again(limited: Limited) -> None:
    assert limited.statuses(3) == [200, 200, 429]
    got = limited.ask()
    assert (got["Retry-After"], got["Cache-Control"], got["Content-Type"]) == ("1800", "no-store", "text/plain; charset=utf-8")
    assert got.body.startswith(
        b"Your program fetched this feed too often without If-None-Match. Try again in 1800 seconds, or send the ETag"
    )
    assert (len(got.body), got["Access-Control-Allow-Origin"]) == (int(got["Content-Length"]), "*")
    limited.clock.tick(1799)
    assert limited.ask()["Retry-After"] == "1"
    limited.clock.tick(1)
    assert limited.statuses(2) == [200, 429]


def test_who_waits_as_long_as_he_was_told_gets_the_feed(limited: Limited) -> None:
    for _ in range(20):
        got = limited.ask()
        if got.status == 429:
            limited.clock.tick(int(got["Retry-After"]))
            assert limited.ask().status == 200


def test_a_first_fetch_is_never_refused(limited: Limited) -> None:
    limited.statuses(3)
    for path in ("/feed.atom", "/feed.json", "/category/business/feed.rss", "/archive/2026-01/feed.rss"):
        assert limited.ask(path).status == 200
    assert limited.ask(peer="198.51.100.8").status == 200
    assert limited.ask(headers={"User-Agent": "Reader/2"}).status == 200


@pytest.mark.parametrize("name", ["If-None-Match", "If-Modified-Since"])
def test_whoever_asks_conditionally_may_ask_for_ever(limited: Limited, name: str) -> None:
    first = limited.ask()
    limited.statuses(3)
    asked = {name: first["ETag"] if name == "If-None-Match" else first["Last-Modified"] or "Sun, 01 Mar 2026 12:00:00 GMT"}
    assert 429 not in limited.statuses(50, headers=asked)
    assert 429 not in limited.statuses(50, headers={name: '"of a copy that is old by now"'})
    # It took nothing either.
    assert limited.statuses(2, peer="198.51.100.9") == [200, 200]


@pytest.mark.parametrize("agent", ["", " "])
def test_a_reader_that_does_not_say_what_it_is_gets_its_feed(limited: Limited, agent: str) -> None:
    assert limited.statuses(50, headers={"User-Agent": agent}) == [200] * 50


def test_an_empty_condition_is_none(limited: Limited) -> None:
    empty = {"If-None-Match": "", "If-Modified-Since": ""}
    assert limited.statuses(3, headers=empty) == [200, 200, 429]


@pytest.mark.parametrize("path", ["/", "/articles/fish/", "/media/photo.png", "/feeds.opml", "/sitemap.xml", "/nothing"])
def test_pages_and_files_are_not_limited(limited: Limited, path: str) -> None:
    assert 429 not in limited.statuses(20, path=path)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST"])
def test_what_sends_no_copy_is_not_limited(limited: Limited, method: str) -> None:
    assert 429 not in limited.statuses(20, method=method)


def test_a_query_makes_no_other_feed(limited: Limited) -> None:
    assert [limited.ask(f"/feed.rss?nocache={number}").status for number in range(4)] == [200, 200, 429, 429]


def test_a_home_with_many_addresses_of_version_6_is_one_client(limited: Limited) -> None:
    assert [limited.ask(peer=f"2001:db8:1:2::{number}").status for number in range(3)] == [200, 200, 429]
    assert limited.ask(peer="2001:db8:1:3::1").status == 200


def test_behind_a_proxy_that_is_named_its_clients_are_told_apart(app: WSGIApplication) -> None:
    limited = Limited(app, trusted=parse_networks(["127.0.0.1"]))
    for client in ("198.51.100.1", "198.51.100.2"):
        assert limited.statuses(3, peer="127.0.0.1", headers={"X-Forwarded-For": f"6.6.6.6, {client}"}) == [200, 200, 429]
    # Who is no proxy says what he likes.
    said = [limited.ask(headers={"X-Forwarded-For": f"198.51.100.{number}"}).status for number in range(3)]
    assert said == [200, 200, 429]


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("127.0.0.1", {}),
        ("::1", {}),
        (OFFICE, {}),
        ("192.168.1.4", {}),
        ("fd00::1", {}),
        ("", {}),
        (FAR, {"X-Forwarded-For": "198.51.100.7"}),
        (FAR, {"Forwarded": "for=198.51.100.7"}),
        (FAR, {"Via": "1.1 cache"}),
        (FAR, {"X-Real-IP": "203.0.113.9"}),
    ],
    ids=str,
)
def test_unless_told_whoever_may_be_many_is_not_limited(app: WSGIApplication, peer: str, headers: dict[str, str]) -> None:
    limited = Limited(app, is_direct_only=True)
    assert limited.statuses(20, peer=peer, headers=headers) == [200] * 20


@pytest.mark.parametrize("peer", [FAR, "2606:4700::7", f"::ffff:{FAR}"])
def test_whoever_comes_straight_from_the_internet_is_limited(app: WSGIApplication, peer: str) -> None:
    assert Limited(app, is_direct_only=True).statuses(3, peer=peer) == [200, 200, 429]


def test_a_full_house_that_asks_every_quarter_of_an_hour_never_meets_the_usual_limit(app: WSGIApplication) -> None:
    """Thirty people behind one address with the same reader, which asks never conditionally, for a day; all wake at once."""
    limited = Limited(app, hourly=DEFAULT_HOURLY_LIMIT, is_direct_only=True)
    for _ in range(24 * 4):
        assert limited.statuses(30, peer=FAR) == [200] * 30
        limited.clock.tick(15 * 60)


def test_somebody_who_asks_every_ten_seconds_meets_it_within_the_hour(app: WSGIApplication) -> None:
    limited, refused_after = Limited(app, hourly=DEFAULT_HOURLY_LIMIT, is_direct_only=True), 0
    while limited.ask(peer=FAR).status == 200:
        refused_after += 1
        limited.clock.tick(10)
    assert refused_after < 360


def test_tens_of_thousands_of_clients_take_no_more_memory_than_the_last_of_them() -> None:
    def nothing(_environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [])
        return []

    polls = PollLimit(nothing, RequestStats(), per_hour=2, max_clients=1000)
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/feed.rss"}

    def ask_as(numbers: range) -> None:
        for number in numbers:
            polls(
                {**environ, "REMOTE_ADDR": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", "HTTP_USER_AGENT": "x" * 999},
                _started,
            )

    ask_as(range(2000))
    tracemalloc.start()
    try:
        ask_as(range(2000, 30_000))
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert grown < 3_000_000  # bytes; all of them would take 8 million


def _started(*_: Any) -> Any:
    return None


def test_refusals_are_counted_among_the_answers(limited: Limited) -> None:
    limited.statuses(5, path="/category/business/feed.atom")
    assert limited.traffic.responses() == {(Labels("feed", "atom"), 429): 3}


# --- A real server ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_newsroom(tmp_path_factory.mktemp("polled") / "content")


def polled(server: ServerProcess, times: int, headers: Mapping[str, str] = NO_HEADERS) -> list[Response]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
    got = [ask_on(connection, "/feed.rss", {"User-Agent": READER, **headers}) for _ in range(times)]
    connection.close()
    return got


def test_a_server_that_is_told_to_limits_and_tells_of_it(content: Path, tmp_path: Path) -> None:
    with serving(content, tmp_path / "state", "--limit-polls", "5") as server:
        got = polled(server, 20)
        assert [one.status for one in got] == [200] * 5 + [429] * 15
        assert 0 < int(got[-1]["Retry-After"]) <= 720
        tag = got[0]["ETag"]
        assert [one.status for one in polled(server, 20, {"If-None-Match": tag})] == [304] * 20
        told = ask(server.url, "/metrics").body.decode()
        assert 'feedsvc_requests_total{format="rss",kind="feed",status="429"} 15.0' in told
        # Behind a proxy that is named, the address is the one that it tells.
        assert ask(server.url, "/feed.rss", {"User-Agent": READER, "X-Forwarded-For": "198.51.100.1"}).status == 429


@pytest.mark.parametrize("options", [(), ("--trusted-proxy", "127.0.0.1"), ("--limit-polls", "0")], ids=" ".join)
def test_a_server_that_nobody_told_limits_nobody_on_this_machine(content: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    with serving(content, tmp_path / "state", *options) as server:
        assert {one.status for one in polled(server, DEFAULT_HOURLY_LIMIT + 50, {"X-Forwarded-For": FAR})} == {200}


def test_a_limit_that_is_no_number(content: Path) -> None:
    said = refused(content, "--limit-polls=-1")
    assert "Invalid value for '--limit-polls' (env var: 'FEEDSVC_LIMIT_POLLS'): -1 is not in the range" in said
