"""The middleware answers /articles/SLUG/views and passes every other request to the application."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from werkzeug.test import Client, TestResponse

from feedsvc.audience.middleware import ViewsMiddleware
from feedsvc.audience.visitors import Visitors
from feedsvc.support.client_address import parse_networks
from feedsvc.support.token_bucket import BucketLimit
from tests.audience.conftest import FakeClock, StartCounter
from tests.audience.counting_server import FIREFOX, find_article_id
from tests.audience.postgres import Schema
from tests.audience.relay import Relay
from tests.audience.waiting import wait_until

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

VIEWS_PATH = "/articles/bridge/views"
PEER_ADDRESS = "127.0.0.1"
SendRequest = Callable[..., TestResponse]


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    start_response("418 I'm a teapot", [("Content-Type", "text/plain")])
    return [f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}".encode()]


@pytest.fixture
def database(sqlite_file: Path) -> str | Path:
    return sqlite_file


@pytest.fixture
def send_request(database: str | Path, start_counter: StartCounter, clock: FakeClock) -> SendRequest:
    """Return a function that sends a request to a new application, with a mount path and a trusted proxy if given."""
    counter, visitors = start_counter(database), Visitors(visitor_limit=BucketLimit(burst=5, refill_seconds=60.0))

    def make(mount: str, proxy: str) -> Client:
        return Client(
            ViewsMiddleware(
                application,
                counter,
                visitors,
                find_article_id,
                base_url=lambda: f"https://news.example{mount}",
                clock=clock,
                trusted_proxies=parse_networks((proxy,)),
            )
        )

    def send(method: str, path: str = VIEWS_PATH, *, mount: str = "", proxy: str = "", **headers: str) -> TestResponse:
        all_headers = {"User-Agent": FIREFOX} | {name.replace("_", "-"): value for name, value in headers.items()}
        return make(mount, proxy).open(path, method=method, headers=all_headers, environ_base={"REMOTE_ADDR": PEER_ADDRESS})

    return send


def wait_for_response(send_request: SendRequest, path: str = VIEWS_PATH, **options: str) -> TestResponse:
    """Return the response to a GET once the count has been loaded."""

    def respond() -> TestResponse | None:
        response = send_request("GET", path, **options)
        return response if response.status_code == 200 else None

    return wait_until(respond)  # type: ignore[return-value]


def read_count(send_request: SendRequest, path: str = VIEWS_PATH, **options: str) -> int:
    response = wait_for_response(send_request, path, **options)
    return json.loads(response.data)["views"]


def test_post_counts_a_read_and_get_returns_the_count(send_request: SendRequest, clock: FakeClock) -> None:
    assert read_count(send_request) == 0
    response = send_request("POST")
    assert (response.status_code, response.data) == (204, b"")
    assert sorted(response.headers) == [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
    response, head = wait_for_response(send_request), send_request("HEAD")
    assert response.data == b'{"views": 1}'
    body_headers = [("Content-Length", "12"), ("Content-Type", "application/json")]
    assert sorted(response.headers) == [("Cache-Control", "no-store"), *body_headers, ("X-Content-Type-Options", "nosniff")]
    assert (head.status_code, head.data, head.headers) == (200, b"", response.headers)
    send_request("POST")
    assert read_count(send_request) == 1, "a read within half an hour is a repeated one"
    clock.advance(minutes=30)
    send_request("POST")
    assert read_count(send_request) == 2


def test_non_ascii_slug_is_counted(send_request: SendRequest) -> None:
    path = quote("/articles/다리/views")
    assert send_request("POST", path).status_code == 204
    assert (read_count(send_request, path), read_count(send_request)) == (1, 0)


def test_unknown_article_gets_404_and_other_methods_405(send_request: SendRequest) -> None:
    for method in ("GET", "HEAD", "POST", "DELETE"):
        response = send_request(method, "/articles/unheard-of/views")
        assert (response.status_code, response.data) == (404, b"")
        assert response.headers["Cache-Control"] == "no-store"
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        response = send_request(method)
        assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, POST")


def test_article_is_looked_up_at_the_time_of_the_request(
    sqlite_file: Path, start_counter: StartCounter, clock: FakeClock
) -> None:
    noon = clock.now

    def find_later(slug: str, now: datetime) -> str | None:
        return find_article_id(slug, now) if now > noon else None

    options = {"base_url": lambda: "https://news.example", "clock": clock}
    client = Client(ViewsMiddleware(application, start_counter(sqlite_file), Visitors(), find_later, **options))
    assert client.get(VIEWS_PATH).status_code == 404
    clock.advance(seconds=1)
    wait_until(lambda: client.get(VIEWS_PATH).status_code == 200)


OTHER_PATHS = (
    *("/", "/articles/bridge/", "/articles/bridge/views/", "/articles/bridge/views/x", "/articles/bridgeviews", "/views.json"),
    *("/articles//views", "/articles/a/b/views", "/articles/views", "/category/asia/views", "/feed.rss", "/%FF/views"),
    "/daily/articles/bridge/views",
)


def test_other_paths_reach_the_application(send_request: SendRequest) -> None:
    for path in OTHER_PATHS:
        assert [send_request(method, path).status_code for method in ("GET", "POST")] == [418, 418], path


def test_read_count_path_is_below_the_mount_path(send_request: SendRequest) -> None:
    assert send_request("POST", "/daily/articles/bridge/views", mount="/daily").status_code == 204
    assert read_count(send_request, "/daily/articles/bridge/views", mount="/daily") == 1
    for path in (VIEWS_PATH, "/dailyarticles/bridge/views", "/daily/daily/articles/bridge/views"):
        response = send_request("POST", path, mount="/daily")
        assert (response.status_code, response.text) == (418, f"POST {path}")


def test_non_reader_and_cross_origin_request_get_204_and_are_not_counted(send_request: SendRequest) -> None:
    prefetches = ({"Sec_Purpose": "prefetch"}, {"Purpose": "prefetch"}, {"X_Moz": "prefetch"})
    foreign = ({"Sec_Fetch_Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"})
    for headers in ({"User_Agent": "Googlebot/2.1"}, {"User_Agent": ""}, *prefetches, *foreign):
        assert [send_request("POST", **headers).status_code for _ in range(10)] == [204] * 10
    assert read_count(send_request) == 0
    send_request("POST", Origin="http://localhost")
    assert read_count(send_request) == 1


def test_rate_limited_request_gets_429_with_retry_after(send_request: SendRequest, clock: FakeClock) -> None:
    assert [send_request("POST").status_code for _ in range(5)] == [204] * 5
    response = send_request("POST")
    assert (response.status_code, response.headers["Retry-After"], response.data) == (429, "60", b"")
    assert read_count(send_request) == 1
    clock.advance(seconds=60)
    assert send_request("POST").status_code == 204


def test_visitors_behind_a_trusted_proxy_are_counted_separately(send_request: SendRequest) -> None:
    for address in ("198.51.100.1", "198.51.100.2", "6.6.6.6, 198.51.100.1"):
        send_request("POST", proxy=PEER_ADDRESS, X_Forwarded_For=address)
    assert read_count(send_request) == 2


def test_request_body_is_not_read_and_a_long_one_gets_413(
    sqlite_file: Path, start_counter: StartCounter, clock: FakeClock
) -> None:
    class UnreadableBody:
        def read(self, *_: int) -> bytes:
            raise AssertionError

    options = {"base_url": lambda: "https://news.example", "clock": clock}
    middleware = ViewsMiddleware(application, start_counter(sqlite_file), Visitors(), find_article_id, **options)
    for length, status in {"0": 204, "1024": 204, "1025": 413, "": 204, "-1": 413, "x": 413}.items():
        request = {"REQUEST_METHOD": "POST", "PATH_INFO": VIEWS_PATH, "CONTENT_LENGTH": length, "HTTP_USER_AGENT": FIREFOX}
        statuses: list[str] = []
        b"".join(middleware({**request, "wsgi.input": UnreadableBody()}, lambda line, _: statuses.append(line)))  # noqa: B023
        assert statuses[0].startswith(f"{status} "), length


def test_no_personal_data_is_stored_or_logged(
    send_request: SendRequest, sqlite_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    response = send_request("POST", proxy=PEER_ADDRESS, X_Forwarded_For="198.51.100.77")
    assert "Set-Cookie" not in response.headers
    assert read_count(send_request) == 1

    def stored_bytes() -> bytes:
        return b"".join(file.read_bytes() for file in sqlite_file.parent.iterdir())

    wait_until(lambda: b"bridge" in stored_bytes())
    for personal_data in (b"198.51.100", b"Firefox", b"Gecko"):
        assert personal_data not in stored_bytes()
        assert personal_data.decode() not in caplog.text


class TestDatabaseOutage:
    @pytest.fixture
    def database(self, postgres: Schema, relay: Relay) -> str:
        return postgres.url(relay.port)

    def test_unknown_count_gets_503_until_the_database_is_back(
        self, send_request: SendRequest, relay: Relay, clock: FakeClock
    ) -> None:
        assert read_count(send_request, quote("/articles/다리/views")) == 0
        relay.disconnect()
        response = send_request("GET")
        assert (response.status_code, response.headers["Retry-After"], response.data) == (503, "5", b"")
        assert response.headers["Cache-Control"] == "no-store"
        assert send_request("POST").status_code == 204
        assert send_request("GET", "/").status_code == 418
        relay.reopen()
        wait_until(lambda: send_request("GET").status_code == 200)
        assert read_count(send_request) == 1
