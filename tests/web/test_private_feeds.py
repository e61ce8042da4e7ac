"""Responses at the addresses of private feeds, and what a log and a cache get to see of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from feedsvc.access import Token, TokenAuthorizer, new_token, open_token_store, token_digest
from feedsvc.access.store import TokenStore
from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.support.client_address import parse_networks
from feedsvc.web.access_control import StatusAccess
from feedsvc.web.access_log import AccessLog
from feedsvc.web.app import create_app
from feedsvc.web.rate_limit import PollLimit
from feedsvc.web.request_stats import RequestStats
from tests.helpers.http_client import NO_HEADERS, Response, call, without_date
from tests.validators import objections
from tests.web.conftest import FakeClock
from tests.web.newsroom import BASE_URL, NOON, write_newsroom

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FEEDS: Final = (
    "wire: {title: The wire, include: {categories: [business]}, access: private, aliases: [old-wire]}\n"
    "open: {title: Open, include: {categories: [culture]}}\n"
)
PRIVATE_HEADERS: Final = {"cache-control": "private, no-store", "referrer-policy": "no-referrer", "x-robots-tag": "noindex"}


@dataclass(frozen=True)
class PrivateSite:
    """An application with private feeds, its live edition, its store of tokens, and its access log."""

    app: WSGIApplication
    live: Live
    store: TokenStore
    clock: FakeClock
    content: Path
    log: AccessLog
    log_file: Path

    def add(self, feed: str = "wire", **values: Any) -> str:
        """Add a token and return it."""
        text = new_token()
        token = Token(digest=token_digest(text) or b"", **{"name": "alice", "feed": feed, "created_at": NOON, **values})
        self.store.add(token)
        return text

    def ask(self, path: str, headers: Mapping[str, str] = NO_HEADERS, method: str = "GET", peer: str = "127.0.0.1") -> Response:
        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            return self.app({**environ, "REMOTE_ADDR": peer}, start_response)

        return call(app, path, headers, method)

    def logged_paths(self) -> list[str]:
        self.log.close()
        return [json.loads(line)["path"] for line in self.log_file.read_text().splitlines()]


def open_site(folder: Path, stack: ExitStack, *, base_url: str = "", trusted: str = "") -> PrivateSite:
    content = write_newsroom(folder / "content")
    (content / "feeds.yaml").write_text(FEEDS)
    clock = FakeClock()
    live = Live(ContentFolder(content, base_url), None, clock)
    store = open_token_store(folder / "state")
    authorizer = stack.enter_context(closing(TokenAuthorizer(lambda: store, live.alerts, lambda: True)))
    proxies, stats = parse_networks([trusted]), RequestStats()
    app = create_app(live, stats=stats, status_access=StatusAccess(trusted_proxies=proxies), token_authorizer=authorizer)
    limited = PollLimit(app, stats, per_hour=5)
    descriptor = os.open(folder / "log", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    stack.callback(os.close, descriptor)
    log = stack.enter_context(closing(AccessLog("json", descriptor)))
    return PrivateSite(log.wrap(limited, clock), live, store, clock, content, log, folder / "log")


@pytest.fixture
def private_site(tmp_path: Path) -> Iterator[PrivateSite]:
    with ExitStack() as stack:
        yield open_site(tmp_path, stack)


def headers_of(response: Response) -> dict[str, str]:
    return {name: response[name] for name in PRIVATE_HEADERS}


@pytest.mark.parametrize("suffix", ["rss", "atom", "json"])
def test_the_holder_of_a_token_gets_a_valid_feed_that_no_cache_stores(private_site: PrivateSite, suffix: str) -> None:
    token = private_site.add()
    path = f"/private/{token}/feed.{suffix}"
    response = private_site.ask(path)
    assert response.status == 200
    assert headers_of(response) == PRIVATE_HEADERS
    assert not {"last-modified", "link", "age", "expires"} & response.headers.keys()
    assert token not in json.dumps(dict(response.headers))
    text = response.body.decode()
    assert ("A bridge over the bay" in text, "The clock is right" in text) == (True, False)
    assert text.count(token) == 1
    assert f"{BASE_URL}{path}" in text
    found = objections(response.body, suffix, address=f"{BASE_URL}{path}", now=NOON)
    assert [objection for objection in found if not objection.startswith("image-kind")] == []  # the logo of the site is an SVG


def test_conditional_requests_get_a_304_and_count(private_site: PrivateSite) -> None:
    token = private_site.add()
    path = f"/private/{token}/feed.rss"
    response = private_site.ask(path)
    for condition in (response["etag"], "*"):
        unchanged = private_site.ask(path, {"If-None-Match": condition})
        assert (unchanged.status, unchanged.body, unchanged["etag"]) == (304, b"", response["etag"])
        assert headers_of(unchanged) == PRIVATE_HEADERS
    assert private_site.ask(path, {"If-None-Match": '"other"'}).status == 200
    head = private_site.ask(path, method="HEAD")
    assert (head.status, head.body, head["content-length"]) == (200, b"", response["content-length"])
    assert private_site.ask(path, {"Range": "bytes=0-9"}).body == response.body
    assert private_site.store.tokens()[0].fetches == 6
    assert private_site.store.tokens()[0].last_used_at == NOON


def test_a_change_shows_at_once_and_changes_the_entity_tag(private_site: PrivateSite) -> None:
    path = f"/private/{private_site.add()}/feed.rss"
    before = private_site.ask(path)
    article = private_site.content / "articles/bay.yaml"
    article.write_text(article.read_text().replace("A bridge over the bay", "Another title"))
    private_site.live.reload()
    after = private_site.ask(path, {"If-None-Match": before["etag"]})
    assert (after.status, b"Another title" in after.body) == (200, True)


def test_two_tokens_of_one_feed_name_only_their_own_address(private_site: PrivateSite) -> None:
    tokens = [private_site.add(), private_site.add(name="bob")]
    for suffix in ("rss", "atom", "json"):
        bodies = [private_site.ask(f"/private/{token}/feed.{suffix}").body.decode() for token in tokens]
        assert bodies[0].replace(tokens[0], tokens[1]) == bodies[1]
        assert tokens[1] not in bodies[0]


def wrong_paths(token: str) -> list[str]:
    ends = ("", "feed.RSS", "feed.xml", "feed.rss/", "/feed.rss", "rss.xml", "archive/2026-01/feed.rss")
    spellings = ("{0}.", "{0}%2Ffeed.rss", "{0}%2F", "%2F{0}", "{0}%0A", "{0}%00", "{0}a", "../private/{0}", "/{0}", "{0}/{0}")
    others = (token.upper(), token[:-1], "wire", "alice", "%ff%fe", "a" * 5000, new_token())
    texts = (*(spelling.format(token) for spelling in spellings), *others)
    return [f"/private/{token}", *(f"/private/{token}/{end}" for end in ends), *(f"/private/{text}/feed.rss" for text in texts)]


def test_every_wrong_address_gets_the_same_404(private_site: PrivateSite) -> None:
    token = private_site.add()
    missing = private_site.ask("/nothing/")
    for path in wrong_paths(token):
        response = private_site.ask(path)
        assert (response.status, response.body) == (404, missing.body), path
        expected = {**without_date(missing.headers), **PRIVATE_HEADERS}
        assert without_date(response.headers) == expected, path
    assert private_site.store.tokens()[0].fetches == 0
    assert set(private_site.logged_paths()[1:]) == {"/private/(unknown)"}


def test_revoked_and_expired_tokens_get_the_same_410_at_once(private_site: PrivateSite) -> None:
    revoked, expired = private_site.add(), private_site.add(name="bob", expires_at=NOON + timedelta(seconds=10))
    paths = [f"/private/{token}/feed.rss" for token in (revoked, expired)]
    assert [private_site.ask(path).status for path in paths] == [200, 200]
    assert private_site.live.edition.publication.cached_bytes == 0, "no response is stored"
    private_site.store.revoke("alice", NOON)
    private_site.clock.advance(10)
    responses = [private_site.ask(path) for path in paths]
    assert [response.status for response in responses] == [410, 410]
    assert responses[0] == responses[1]
    assert headers_of(responses[0]) == PRIVATE_HEADERS
    assert b"wire" not in responses[0].body
    assert private_site.logged_paths()[2:] == ["/private/alice/feed.rss", "/private/bob/feed.rss"]


def test_above_the_limit_is_a_429_until_the_next_fetch_is_allowed(private_site: PrivateSite) -> None:
    path = f"/private/{private_site.add(hourly_limit=2)}/feed.atom"
    assert [private_site.ask(path).status for _ in range(3)] == [200, 200, 429]
    response = private_site.ask(path, {"If-None-Match": "*"})
    assert (response.status, response["retry-after"]) == (429, "1800")
    assert headers_of(response) == PRIVATE_HEADERS
    private_site.clock.advance(1800)
    assert [private_site.ask(path).status for _ in range(2)] == [200, 429]
    assert private_site.store.tokens()[0].fetches == 3


def test_the_limit_of_polls_is_not_that_of_private_feeds(private_site: PrivateSite) -> None:
    headers, path = {"User-Agent": "Reader/1"}, f"/private/{private_site.add()}/feed.rss"
    assert [private_site.ask(path, headers).status for _ in range(10)] == [200] * 10
    assert [private_site.ask("/feed.rss", headers).status for _ in range(6)] == [200] * 5 + [429]


def test_other_methods_tell_nothing_and_count_nothing(private_site: PrivateSite) -> None:
    token = private_site.add()
    for method in ("POST", "PUT", "DELETE", "PROPFIND"):
        responses = [private_site.ask(f"/private/{text}/feed.rss", method=method) for text in (token, new_token())]
        assert responses[0] == responses[1]
        assert (responses[0].status, responses[0]["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert private_site.ask(f"/private/{token}/feed.rss", method="OPTIONS").status == 204
    assert private_site.store.tokens()[0].fetches == 0


def test_a_deleted_feed_is_404_a_renamed_one_stays_and_a_public_one_stays_private_at_its_tokens(
    private_site: PrivateSite,
) -> None:
    path, feeds = f"/private/{private_site.add()}/feed.rss", private_site.content / "feeds.yaml"

    def status_with(text: str) -> int:
        feeds.write_text(text)
        private_site.live.reload()
        response = private_site.ask(path)
        assert headers_of(response) == PRIVATE_HEADERS
        return response.status

    wire = FEEDS.splitlines()[0]
    assert status_with("another: {title: A, include: {all: true}, access: private}") == 404
    assert status_with(wire.replace("wire:", "renamed:").replace("old-wire", "wire")) == 200
    assert status_with(wire.replace("private", "public")) == 200
    assert private_site.ask("/feeds/wire/feed.rss").status == 200
    assert status_with(wire) == 200
    assert private_site.ask("/feeds/wire/feed.rss").status == 404
    assert status_with(wire.replace("categories", "nonsense")) == 200  # the last valid version


def test_a_token_of_a_public_feed_address_is_not_answered_at_the_name_of_the_feed(private_site: PrivateSite) -> None:
    private_site.add()
    missing = without_date(private_site.ask("/feeds/nothing/").headers)
    for name in ("wire", "old-wire"):
        for end in ("", "feed.rss", "feed.atom", "rss.xml", "archive/2026-01/", "archive/2026-01/feed.rss"):
            response = private_site.ask(f"/feeds/{name}/{end}")
            assert (response.status, without_date(response.headers)) == (404, missing)


def test_the_access_log_shows_the_name_and_never_the_token(private_site: PrivateSite) -> None:
    token = private_site.add(name="Harbour Radio")
    agent = {"User-Agent": f"Reader (+{BASE_URL}/private/{token}/feed.rss)"}
    private_site.ask(f"/private/{token}/feed.rss?a=b", agent)
    for path in (*wrong_paths(token), f"/daily/private/{token}/feed.rss", f"/articles/{token}/", f"/PRIVATE/{token}/feed.rss"):
        private_site.ask(path)
    paths = private_site.logged_paths()
    assert paths[0] == "/private/Harbour%20Radio/feed.rss"
    log = private_site.log_file.read_text().lower()
    assert [start for start in range(22) if token[start : start + 10] in log] == []


def test_a_mounted_site_has_its_private_feeds_below_its_path(tmp_path: Path) -> None:
    with ExitStack() as stack:
        site = open_site(tmp_path, stack, base_url="https://news.example/daily")
        token = site.add()
        response = site.ask(f"/daily/private/{token}/feed.atom")
        assert response.status == 200
        assert f"https://news.example/daily/private/{token}/feed.atom".encode() in response.body
        assert site.ask(f"/private/{token}/feed.atom").status == 404
        assert site.ask(f"/dailyprivate/{token}/feed.atom").status == 404
        assert site.logged_paths()[:2] == ["/daily/private/alice/feed.atom", "/daily/private/(unknown)"]
        assert token not in site.log_file.read_text()


@pytest.mark.parametrize(
    ("trusted", "headers", "peer", "limit"),
    [
        ("", {}, "9.9.9.9", 30),
        # One proxy, or one private network, may stand for many clients.
        ("", {"X-Forwarded-For": "9.9.9.9"}, "127.0.0.1", 40),
        ("", {}, "10.0.0.7", 40),
        ("127.0.0.1", {"X-Forwarded-For": "9.9.9.9"}, "127.0.0.1", 30),
    ],
)
def test_guesses_are_limited_for_each_client_and_others_are_not_affected(
    tmp_path: Path, trusted: str, headers: dict[str, str], peer: str, limit: int
) -> None:
    with ExitStack() as stack:
        site = open_site(tmp_path, stack, trusted=trusted)
        path = f"/private/{site.add()}/feed.rss"
        statuses = [site.ask(f"/private/{new_token()}/feed.rss", headers, peer=peer).status for _ in range(40)]
        assert statuses == [404] * limit + [429] * (40 - limit)
        response = site.ask(path, headers, peer=peer)
        assert (response.status == 429) == (limit < 40)
        assert headers_of(response) == PRIVATE_HEADERS
        assert 0 <= int(response["retry-after"] or 0) <= 120
        other = {"headers": {"X-Forwarded-For": "8.8.8.8"}} if trusted else {"peer": "8.8.8.8"}
        assert site.ask(path, **other).status == 200
        assert site.ask("/feed.rss", headers, peer=peer).status == 200


def test_damaged_tokens_are_a_503_and_everything_else_works(private_site: PrivateSite, tmp_path: Path) -> None:
    path = f"/private/{private_site.add()}/feed.rss"
    assert private_site.ask(path).status == 200
    (tmp_path / "state/tokens.sqlite").write_bytes(b"x" * 9000)
    for wrong in (path, f"/private/{new_token()}/feed.rss"):
        response = private_site.ask(wrong)
        assert (response.status, response["retry-after"]) == (503, "60")
        assert headers_of(response) == PRIVATE_HEADERS
    assert private_site.ask("/feed.rss").status == 200
    status = json.loads(private_site.ask("/status", {"Host": "localhost"}).body)
    assert "put a backup in its place" in status["alerts"]["tokens"]
    assert "wire" not in json.dumps(status["alerts"])


def test_an_error_while_a_feed_is_rendered_shows_no_token_in_the_log(
    private_site: PrivateSite, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = private_site.add()

    def fail(*_: object) -> None:
        raise ValueError("a fault")

    monkeypatch.setattr("feedsvc.publication.renderer.build_feed", lambda *_, **__: fail())
    response = private_site.ask(f"/private/{token}/feed.rss")
    assert (response.status, response["cache-control"]) == (500, "no-store")
    assert "no response to GET /private/(unknown)" in caplog.text
    assert token not in caplog.text


def test_without_an_authorizer_there_are_no_private_feeds(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content")
    (content / "feeds.yaml").write_text(FEEDS)
    app = create_app(Live(ContentFolder(content), None, FakeClock()))
    assert call(app, f"/private/{new_token()}/feed.rss").status == 404


def test_metrics_count_the_responses_without_names(private_site: PrivateSite) -> None:
    token = private_site.add()
    private_site.ask(f"/private/{token}/feed.rss")
    text = private_site.ask("/metrics", {"Host": "localhost"}).body.decode()
    assert 'feedsvc_requests_total{format="rss",kind="private",status="200"} 1.0' in text
    assert not [word for word in (token, "alice", "wire") if word in text]
