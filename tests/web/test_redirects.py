"""Old addresses of redirects.yaml over HTTP: statuses, headers, methods, queries beside the response cache, hostile requests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.web.app import create_app
from tests.helpers.http_client import Response, ask, call, exchange_bytes, statuses
from tests.helpers.running_server import ServerProcess, serving
from tests.web.conftest import FakeClock, SiteFixture
from tests.web.newsroom import write_newsroom

RULES = """\
exact:
  /2014/05/bay/: /articles/bay/
  /?p=1: /articles/bay/
  /index.php?p=1: /articles/bay/
  /?p=2: gone
  /feed.xml: /feed.atom
  /comments/feed/: gone
  /shop/: https://shop.example.org/
  /서울/: /tag/서울/
  /later-old/: /articles/later/
  /articles/bay/?amp=1: /articles/bay/
  /old/*: /*
  /far/*: https://other.example/*
"""


@pytest.fixture(scope="module")
def old_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("old")
    content = write_newsroom(folder / "content")
    (content / "redirects.yaml").write_text(RULES)
    with serving(content, folder / "state") as server:
        yield server


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/2014/05/bay?utm_source=x", "/articles/bay/"),
        ("/?utm_source=x&p=1", "/articles/bay/"),
        ("/articles/bay/?amp=1", "/articles/bay/"),
        ("/shop", "https://shop.example.org/"),
        (quote("/old/tag/서울"), quote("/tag/서울/")),
        ("/far/a%20b/c", "https://other.example/a%20b/c/"),
    ],
)
def test_old_address_is_301(old_server: ServerProcess, path: str, location: str) -> None:
    for method in ("GET", "HEAD"):
        response = ask(old_server.url, path, method=method)
        assert (response.status, response["Location"]) == (301, location)
        assert response["Cache-Control"].startswith("public, max-age=")
        assert (location.encode() in response.body) == (method == "GET")


def test_gone_address_is_410_with_the_page_of_unknown_addresses(old_server: ServerProcess) -> None:
    missing = ask(old_server.url, "/nothing")
    for path in ("/comments/feed/", "/?p=2"):
        assert (ask(old_server.url, path).status, ask(old_server.url, path).body) == (410, missing.body)
        assert ask(old_server.url, path, method="HEAD").body == b""


def test_other_methods_are_405_and_204_as_at_documents(old_server: ServerProcess) -> None:
    for path in ("/2014/05/bay/", "/?p=1", "/?p=2", "/comments/feed/"):
        for method, status in (("POST", 405), ("DELETE", 405), ("OPTIONS", 204)):
            response = ask(old_server.url, path, method=method)
            assert (response.status, response["Allow"]) == (status, "GET, HEAD, OPTIONS")


def test_query_redirect_is_answered_beside_the_cached_start_page_and_never_in_its_place(old_server: ServerProcess) -> None:
    for _ in range(3):
        assert [ask(old_server.url, path).status for path in ("/", "/?p=1", "/", "/?p=2", "/?p=3", "/?q=1", "/")] == [
            *(200, 301, 200, 410, 200, 200, 200),
        ]


@pytest.mark.parametrize(
    "target",
    [
        *("/old//evil.example/", "/old/%2Fevil.example", "/old/%5Cevil.example", "/old/\\evil.example", "/old/..//evil.example"),
        *(
            "/?to=/evil.example",
            "/?to=%2F%2Fevil.example",
            "/?to=%5Cevil.example",
            "/old/x%0D%0ASet-Cookie:%20a=b",
            "/far//evil/",
        ),
        *("/far/@evil.example", "/far/%2e%2e/x", "/old/?p=1", "/?p=1%00", "/?p=%FF", "/?" + "p=1&" * 900, "/?%FF=1&p=1"),
    ],
)
def test_hostile_request_leads_to_no_other_host_and_adds_no_header(old_server: ServerProcess, target: str) -> None:
    answer = exchange_bytes(old_server.url, f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode("latin-1"))
    assert statuses(answer)[0] in (200, 301, 400, 404)
    assert b"\r\nSet-Cookie" not in answer
    for line in answer.split(b"\r\n\r\n")[0].split(b"\r\n"):
        if line.lower().startswith(b"location: "):
            location = line[10:].decode("ascii")
            assert urlsplit(location).netloc in ("", "other.example")
            assert not location.startswith(("//", "/\\"))


def test_rules_hold_below_the_path_of_the_base_url_also_with_a_query_after_it(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content", base_url="https://news.example/daily")
    (content / "redirects.yaml").write_text(RULES)
    app = create_app(Live(ContentFolder(content), LastModifiedStore(None), FakeClock()))
    for path in ("/daily/2014/05/bay/", "/daily/?p=1", "/daily?p=1"):
        assert location(call(app, path)) == "/daily/articles/bay/"
    assert location(call(app, "/daily/shop/")) == "https://shop.example.org/"
    assert call(app, "/2014/05/bay/").status == call(app, "/?p=1").status == 404
    assert call(app, "/daily?p=2").status == 410
    assert location(call(app, "/daily?p=3")) == location(call(app, "/daily")) == "/daily/"


def test_saved_rules_answer_at_once_and_a_scheduled_target_at_its_second(site: SiteFixture) -> None:
    live = Live(ContentFolder(site.content), LastModifiedStore(None), site.clock)
    app = create_app(live)
    assert call(app, "/2014/05/bay/").status == 404
    (site.content / "redirects.yaml").write_text(RULES)
    live.reload()
    assert location(call(app, "/2014/05/bay/")) == "/articles/bay/"
    assert call(app, "/later-old/").status == 404
    site.clock.advance(3600)
    assert location(call(app, "/later-old/")) == "/articles/later/"


def location(response: Response) -> str:
    assert response.status == 301
    return response["Location"]
