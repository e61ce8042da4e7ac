"""The two answers of /articles/SLUG/views, and everything that is not touched."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from werkzeug.test import Client, TestResponse

from feedsvc.audience.middleware import ReadCountMiddleware, views_path
from feedsvc.audience.visitors import Visitors
from feedsvc.support.client_address import parse_networks
from feedsvc.support.token_bucket import BucketLimit
from tests.audience.breakable_connection import Relay
from tests.audience.conftest import Clock, Count
from tests.audience.counting_server import ARTICLES, FIREFOX, find
from tests.audience.postgres import Schema
from tests.audience.waiting import until

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

VIEWS = "/articles/bridge/views"
PEER = "127.0.0.1"
Ask = Callable[..., TestResponse]


def rest(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    start_response("418 I'm a teapot", [("Content-Type", "text/plain")])
    return [f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}".encode()]


@pytest.fixture
def place(file: Path) -> str | Path:
    return file


@pytest.fixture
def ask(place: str | Path, counting: Count, clock: Clock) -> Ask:
    """Asks an application of its own, mounted at /daily if a path begins so, with proxies in front if told."""
    counter, visitors = counting(place), Visitors(visitor_limit=BucketLimit(burst=5, refill_seconds=60.0))

    def make(mount: str, proxy: str) -> Client:
        return Client(
            ReadCountMiddleware(
                rest,
                counter,
                visitors,
                find,
                base_url=lambda: f"https://news.example{mount}",
                clock=clock,
                trusted_proxies=parse_networks((proxy,)),
            )
        )

    def send(method: str, path: str = VIEWS, *, mount: str = "", proxy: str = "", **headers: str) -> TestResponse:
        named = {"User-Agent": FIREFOX} | {name.replace("_", "-"): value for name, value in headers.items()}
        return make(mount, proxy).open(path, method=method, headers=named, environ_base={"REMOTE_ADDR": PEER})

    return send


def views(ask: Ask, path: str = VIEWS, **options: str) -> int:
    answer = ask("GET", path, **options)
    assert answer.status_code == 200
    return json.loads(answer.data)["views"]


def test_a_read_is_counted_and_told(ask: Ask) -> None:
    assert views(ask) == 0
    answer = ask("POST")
    assert (answer.status_code, answer.data) == (204, b"")
    assert sorted(answer.headers) == [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
    answer = ask("GET")
    assert answer.data == b'{"views": 1}'
    assert sorted(answer.headers) == [
        ("Cache-Control", "no-store"),
        ("Content-Length", "12"),
        ("Content-Type", "application/json"),
        ("X-Content-Type-Options", "nosniff"),
    ]


def test_head_is_get_without_its_body(ask: Ask) -> None:
    got, head = ask("GET"), ask("HEAD")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers == got.headers


def test_a_reload_is_no_second_read(ask: Ask, clock: Clock) -> None:
    for _ in range(2):
        assert ask("POST").status_code == 204
    assert views(ask) == 1
    clock.tick(minutes=30)
    ask("POST")
    assert views(ask) == 2


def test_any_script_works_in_an_address(ask: Ask) -> None:
    path = quote("/articles/다리/views")
    assert ask("POST", path).status_code == 204
    assert (views(ask, path), views(ask)) == (1, 0)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
def test_an_article_that_nobody_can_see_has_no_reads(method: str, ask: Ask) -> None:
    answer = ask(method, "/articles/unheard-of/views")
    assert (answer.status_code, answer.data) == (404, b"")
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_moment_decides_who_is_visible(file: Path, counting: Count, clock: Clock) -> None:
    noon = clock.now

    def later(slug: str, now: datetime) -> str | None:
        return find(slug, now) if now > noon else None

    client = Client(
        ReadCountMiddleware(rest, counting(file), Visitors(), later, base_url=lambda: "https://news.example", clock=clock)
    )
    assert client.get(VIEWS).status_code == 404
    clock.tick(seconds=1)
    assert client.get(VIEWS).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(method: str, ask: Ask) -> None:
    answer = ask(method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/articles/bridge/",
        "/articles/bridge/views/",
        "/articles/bridge/views/x",
        "/articles/bridgeviews",
        "/articles//views",
        "/articles/a/b/views",
        "/articles/views",
        "/category/asia/views",
        "/views",
        "/feed.rss",
        "/daily/articles/bridge/views",
        "/%FF/views",
    ],
)
def test_nothing_else_is_touched(method: str, path: str, ask: Ask) -> None:
    assert ask(method, path).status_code == 418


def test_it_lives_below_the_mount(ask: Ask) -> None:
    assert ask("POST", "/daily/articles/bridge/views", mount="/daily").status_code == 204
    assert views(ask, "/daily/articles/bridge/views", mount="/daily") == 1
    for path in (VIEWS, "/dailyarticles/bridge/views", "/daily/daily/articles/bridge/views"):
        answer = ask("POST", path, mount="/daily")
        assert (answer.status_code, answer.text) == (418, f"POST {path}")


def test_its_address_is_the_pages_and_one_word(ask: Ask) -> None:
    assert views_path("bridge") == VIEWS
    assert set(ARTICLES) == {"bridge", "다리"}


@pytest.mark.parametrize(
    "headers",
    [
        {"User_Agent": "Googlebot/2.1"},
        {"User_Agent": ""},
        {"Sec_Purpose": "prefetch"},
        {"Purpose": "prefetch"},
        {"X_Moz": "prefetch"},
        {"Sec_Fetch_Site": "cross-site"},
    ],
)
def test_whoever_is_no_person_is_not_counted_and_not_told(headers: dict[str, str], ask: Ask) -> None:
    assert [ask("POST", **headers).status_code for _ in range(20)] == [204] * 20
    assert views(ask) == 0


def test_a_request_without_a_user_agent_is_answered(file: Path, counting: Count, clock: Clock) -> None:
    client = Client(
        ReadCountMiddleware(rest, counting(file), Visitors(), find, base_url=lambda: "https://news.example", clock=clock)
    )
    assert client.post(VIEWS, headers={"User-Agent": ""}).status_code == 204


def test_a_form_on_another_site_does_not_make_its_readers_count(ask: Ask) -> None:
    for origin in ("https://evil.example", "null"):
        assert ask("POST", Origin=origin).status_code == 204
    assert views(ask) == 0
    ask("POST", Origin="http://localhost")
    assert views(ask) == 1


def test_too_many_are_told_to_wait(ask: Ask, clock: Clock) -> None:
    assert [ask("POST").status_code for _ in range(5)] == [204] * 5
    answer = ask("POST")
    assert (answer.status_code, answer.headers["Retry-After"], answer.data) == (429, "60", b"")
    assert views(ask) == 1
    clock.tick(seconds=60)
    assert ask("POST").status_code == 204


def test_visitors_behind_our_proxies_are_told_apart(ask: Ask) -> None:
    for address in ("198.51.100.1", "198.51.100.2", "6.6.6.6, 198.51.100.1"):
        ask("POST", proxy=PEER, X_Forwarded_For=address)
    assert views(ask) == 2


@pytest.mark.parametrize(("length", "status"), [("0", 204), ("1024", 204), ("1025", 413), ("", 204), ("-1", 413), ("x", 413)])
def test_a_body_is_not_read_and_not_long(length: str, status: int, file: Path, counting: Count, clock: Clock) -> None:
    class Unread:
        def read(self, *_: int) -> bytes:
            raise AssertionError

    audience = ReadCountMiddleware(rest, counting(file), Visitors(), find, base_url=lambda: "https://news.example", clock=clock)
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": VIEWS,
        "CONTENT_LENGTH": length,
        "HTTP_USER_AGENT": FIREFOX,
        "wsgi.input": Unread(),
    }
    said: list[str] = []
    b"".join(audience(environ, lambda line, _: said.append(line)))
    assert said[0].startswith(f"{status} ")


def test_nothing_about_anybody_is_stored_or_logged(ask: Ask, file: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    answer = ask("POST", proxy=PEER, X_Forwarded_For="198.51.100.77")
    assert "Set-Cookie" not in answer.headers
    until(lambda: views(ask) == 1 and b"bridge" in file.read_bytes())
    stored = b"".join(part.read_bytes() for part in file.parent.iterdir())
    for personal in (b"198.51.100", b"Firefox", b"Gecko"):
        assert personal not in stored
        assert personal.decode() not in caplog.text


class TestAway:
    @pytest.fixture
    def place(self, postgres: Schema, relay: Relay) -> str:
        return postgres.url(relay.port)

    def test_while_the_number_is_unknown_the_page_does_without(self, ask: Ask, relay: Relay, clock: Clock) -> None:
        assert views(ask, quote("/articles/다리/views")) == 0
        relay.shut()
        answer = ask("GET")
        assert (answer.status_code, answer.headers["Retry-After"], answer.data) == (503, "5", b"")
        assert answer.headers["Cache-Control"] == "no-store"
        assert ask("POST").status_code == 204
        assert ask("GET", "/").status_code == 418
        relay.reopen()
        until(lambda: ask("GET").status_code == 200)
        assert views(ask) == 1
