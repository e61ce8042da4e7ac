"""A client that repeatedly downloads a whole feed gets 429; no other client does."""

from __future__ import annotations

import http.client
import tracemalloc
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from feedsvc.support.client_address import Networks, parse_networks
from feedsvc.support.token_bucket import DEFAULT_HOURLY_LIMIT
from feedsvc.web.rate_limit import PollLimit
from feedsvc.web.request_stats import RequestStats
from tests.cli.command_line import failed_serve_stderr
from tests.helpers.http_client import NO_HEADERS, SECONDS, Response, ask, ask_on, call
from tests.helpers.running_server import ServerProcess, serving
from tests.web.conftest import FakeClock
from tests.web.newsroom import write_newsroom

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

USER_AGENT = "Reader/1"
HOME_ADDRESS = "198.51.100.7"  # reserved for documentation
PUBLIC_ADDRESS = "9.9.9.9"


class RateLimitedApp:
    """An application with a rate limit, which gets requests from any address."""

    def __init__(self, app: WSGIApplication, hourly: int = 2, trusted: Networks = (), **options: Any) -> None:
        self.clock, self.stats = FakeClock(), RequestStats()
        self._poll_limit = PollLimit(app, self.stats, per_hour=hourly, trusted=trusted, clock=self.clock, **options)

    def request(
        self, path: str = "/feed.rss", peer: str = HOME_ADDRESS, method: str = "GET", headers: Mapping[str, str] = NO_HEADERS
    ) -> Response:
        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            return self._poll_limit({**environ, "REMOTE_ADDR": peer}, start_response)

        return call(app, path, {"User-Agent": USER_AGENT, **headers}, method)

    def statuses(self, times: int, **options: Any) -> list[int]:
        return [self.request(**options).status for _ in range(times)]


@pytest.fixture
def limited_app(app: WSGIApplication) -> RateLimitedApp:
    return RateLimitedApp(app)


def test_repeated_full_downloads_get_429_with_retry_after(limited_app: RateLimitedApp) -> None:
    assert limited_app.statuses(3) == [200, 200, 429]
    response = limited_app.request()
    assert (response["Retry-After"], response["Cache-Control"], response["Content-Type"]) == (
        "1800",
        "no-store",
        "text/plain; charset=utf-8",
    )
    assert response.body.startswith(
        b"Your program fetched this feed too often without If-None-Match. Try again in 1800 seconds, or send the ETag"
    )
    assert (len(response.body), response["Access-Control-Allow-Origin"]) == (int(response["Content-Length"]), "*")
    limited_app.clock.advance(1799)
    assert limited_app.request()["Retry-After"] == "1"
    limited_app.clock.advance(1)
    assert limited_app.statuses(2) == [200, 429]


def test_first_download_of_each_feed_address_and_user_agent_is_allowed(limited_app: RateLimitedApp) -> None:
    limited_app.statuses(3)
    for path in ("/feed.atom", "/feed.json", "/category/business/feed.rss", "/archive/2026-01/feed.rss"):
        assert limited_app.request(path).status == 200
    assert limited_app.request(peer="198.51.100.8").status == 200
    assert limited_app.request(headers={"User-Agent": "Reader/2"}).status == 200
    assert [limited_app.request(peer=f"2001:db8:1:2::{number}").status for number in range(3)] == [200, 200, 429], "one network"
    assert limited_app.request(peer="2001:db8:1:3::1").status == 200


@pytest.mark.parametrize(
    "options",
    [
        {"headers": {"If-None-Match": '"of a copy that is old by now"'}},
        {"headers": {"If-Modified-Since": "Sun, 01 Mar 2026 12:00:00 GMT"}},
        {"headers": {"User-Agent": ""}},
        {"headers": {"User-Agent": " "}},
        *({"path": path} for path in ("/", "/articles/fish/", "/media/photo.png", "/feeds.opml", "/sitemap.xml", "/nothing")),
        *({"method": method} for method in ("HEAD", "OPTIONS", "POST")),
    ],
    ids=str,
)
def test_other_requests_than_full_downloads_of_feeds_are_not_limited(
    limited_app: RateLimitedApp, options: dict[str, Any]
) -> None:
    assert 429 not in limited_app.statuses(20, **options)
    assert limited_app.statuses(3) == [200, 200, 429], "they use none of the allowance"
    assert 429 not in limited_app.statuses(20, **options)


def test_all_combinations_of_an_address_have_one_limit(limited_app: RateLimitedApp) -> None:
    paths = ("category:business+category:culture", "category:business-author:mina-park", "-category:business", "category:none")
    statuses = [
        limited_app.request(f"/feed/{name}.rss", headers={"User-Agent": name, "If-None-Match": "*"}).status for name in paths
    ]
    assert statuses == [304, 304, 429, 429]
    response = limited_app.request(f"/feed/{paths[0]}.json", method="HEAD", headers={"User-Agent": ""})
    assert (response.status, response["Retry-After"]) == (429, "1800")
    assert b"too many combined feeds" in limited_app.request(f"/feed/{paths[0]}.json").body
    assert limited_app.statuses(2) == [200, 200]
    assert limited_app.request(f"/feed/{paths[0]}.atom", peer="198.51.100.8").status == 200


def test_empty_conditional_headers_and_queries_do_not_avoid_the_limit(limited_app: RateLimitedApp) -> None:
    empty = {"If-None-Match": "", "If-Modified-Since": ""}
    assert [limited_app.request(f"/feed.rss?nocache={number}", headers=empty).status for number in range(3)] == [200, 200, 429]


def test_clients_behind_a_trusted_proxy_are_limited_separately(app: WSGIApplication) -> None:
    limited_app = RateLimitedApp(app, trusted=parse_networks(["127.0.0.1"]))
    for client in ("198.51.100.1", "198.51.100.2"):
        assert limited_app.statuses(3, peer="127.0.0.1", headers={"X-Forwarded-For": f"6.6.6.6, {client}"}) == [200, 200, 429]
    # Without a trusted proxy, the header is ignored.
    statuses = [limited_app.request(headers={"X-Forwarded-For": f"198.51.100.{number}"}).status for number in range(3)]
    assert statuses == [200, 200, 429]


@pytest.mark.parametrize(
    ("peer", "headers", "is_limited"),
    [
        *((peer, {}, False) for peer in ("127.0.0.1", "::1", "10.0.0.7", "192.168.1.4", "fd00::1", "")),
        (PUBLIC_ADDRESS, {"X-Forwarded-For": "198.51.100.7"}, False),
        (PUBLIC_ADDRESS, {"Forwarded": "for=198.51.100.7"}, False),
        (PUBLIC_ADDRESS, {"Via": "1.1 cache"}, False),
        (PUBLIC_ADDRESS, {"X-Real-IP": "203.0.113.9"}, False),
        *((peer, {}, True) for peer in (PUBLIC_ADDRESS, "2606:4700::7", f"::ffff:{PUBLIC_ADDRESS}")),
    ],
    ids=str,
)
def test_default_limit_is_for_public_addresses_without_proxy(
    app: WSGIApplication, peer: str, headers: dict[str, str], *, is_limited: bool
) -> None:
    limited_app = RateLimitedApp(app, is_direct_only=True)
    assert limited_app.statuses(3, peer=peer, headers=headers) == [200, 200, 429 if is_limited else 200]


def test_thirty_readers_behind_one_address_stay_below_the_default_limit(app: WSGIApplication) -> None:
    """Thirty people share one address and a reader without conditional requests, and poll at the same time for some hours."""
    limited_app = RateLimitedApp(app, hourly=DEFAULT_HOURLY_LIMIT, is_direct_only=True)
    for _ in range(4 * 4):
        assert limited_app.statuses(30, peer=PUBLIC_ADDRESS) == [200] * 30
        limited_app.clock.advance(15 * 60)


def test_client_that_polls_every_ten_seconds_exceeds_the_default_limit_within_an_hour(app: WSGIApplication) -> None:
    limited_app, allowed_requests = RateLimitedApp(app, hourly=DEFAULT_HOURLY_LIMIT, is_direct_only=True), 0
    while limited_app.request(peer=PUBLIC_ADDRESS).status == 200:
        allowed_requests += 1
        limited_app.clock.advance(10)
    assert allowed_requests < 360


def test_memory_is_bounded_by_the_most_recent_clients() -> None:
    def empty_app(_environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [])
        return []

    poll_limit = PollLimit(empty_app, RequestStats(), per_hour=2, max_clients=1000)

    def request_as(numbers: range) -> None:
        for number in numbers:
            address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
            environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/feed.rss", "REMOTE_ADDR": address, "HTTP_USER_AGENT": "x" * 999}
            poll_limit(environ, lambda *_: lambda _: None)

    request_as(range(2000))
    tracemalloc.start()
    try:
        request_as(range(2000, 12_000))
        growth, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert growth < 2_000_000  # bytes; entries of all clients take 3.8 million


# --- A real server ----------------------------------------------------------------------------------------------


def poll_feed(server: ServerProcess, times: int, headers: Mapping[str, str] = NO_HEADERS) -> list[Response]:
    with closing(http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=SECONDS)) as connection:
        return [ask_on(connection, "/feed.rss", {"User-Agent": USER_AGENT, **headers}) for _ in range(times)]


def test_limit_polls_option_limits_and_counts_in_metrics(tmp_path: Path) -> None:
    with serving(write_newsroom(tmp_path / "content"), tmp_path / "state", "--limit-polls", "5") as server:
        responses = poll_feed(server, 20)
        assert [response.status for response in responses] == [200] * 5 + [429] * 15
        assert 0 < int(responses[-1]["Retry-After"]) <= 720
        tag = responses[0]["ETag"]
        assert [response.status for response in poll_feed(server, 20, {"If-None-Match": tag})] == [304] * 20
        metrics = ask(server.url, "/metrics").body.decode()
        assert 'feedsvc_requests_total{format="rss",kind="feed",status="429"} 15.0' in metrics
        # Without --trusted-proxy, X-Forwarded-For is ignored.
        assert ask(server.url, "/feed.rss", {"User-Agent": USER_AGENT, "X-Forwarded-For": "198.51.100.1"}).status == 429


def test_default_limit_does_not_apply_to_this_machine(server: ServerProcess) -> None:
    assert {response.status for response in poll_feed(server, DEFAULT_HOURLY_LIMIT + 50)} == {200}


def test_negative_limit_is_refused(tmp_path: Path) -> None:
    stderr = failed_serve_stderr(write_newsroom(tmp_path / "content"), "--limit-polls=-1")
    assert "Invalid value for '--limit-polls': -1 is not in the range" in stderr
