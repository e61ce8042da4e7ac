"""A base_url with a path: the site lives below it, and nowhere else."""

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.web.app import application
from tests.helpers.http_client import ask, call
from tests.helpers.running_server import serving
from tests.web.conftest import Clock
from tests.web.newsroom import write_newsroom

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

BASES = ("https://news.example/daily", "https://news.example/a/b%20c/", "https://news.example/%C3%A9t%C3%A9")


@pytest.fixture(params=BASES)
def base(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def mount(base: str) -> str:
    return base.removeprefix("https://news.example").rstrip("/")


@pytest.fixture
def app(tmp_path: Path, base: str) -> "WSGIApplication":
    content = write_newsroom(tmp_path / "content", base_url=base)
    return application(Live(ContentFolder(content), LastModifiedStore(None), Clock()))


def test_everything_answers_below_it(app: "WSGIApplication", mount: str, base: str) -> None:
    for path in ("/", "/feed.rss", "/feed.json", "/articles/fish/", "/media/photo.png", "/static/feed.css", "/healthz"):
        assert call(app, mount + path).status == 200, path
    feed = call(app, f"{mount}/feed.rss")
    assert f'<?xml-stylesheet type="text/css" href="{mount}/static/feed.css"?>'.encode() in feed.body
    assert feed["Link"].startswith(f'<{base.rstrip("/")}/feed.rss>; rel="self"')


def test_redirects_stay_below_it(app: "WSGIApplication", mount: str) -> None:
    assert call(app, f"{mount}/rss.xml?x=1")["Location"] == f"{mount}/feed.rss"
    assert call(app, f"{mount}/articles/echoes")["Location"] == f"{mount}/articles/echo/"
    front = call(app, mount)
    assert (front.status, front["Location"]) == (301, f"{mount}/")
    assert call(app, mount, method="POST").status == 405


@pytest.mark.parametrize(
    "path", ["/", "/feed.rss", "/feed", "/media/photo.png", "{}x/feed.rss", "{0}{0}/feed.rss", "{}/../feed.rss", "/x{}/"]
)
def test_nothing_else_answers(app: "WSGIApplication", mount: str, path: str) -> None:
    got = call(app, path.format(mount))
    assert got.status == 404
    assert f'href="{mount}/"'.encode() in got.body


def test_every_link_of_the_front_page_answers(app: "WSGIApplication", mount: str) -> None:
    page = call(app, f"{mount}/").body.decode()
    hrefs = set(re.findall(r'(?:href|src)="(/[^"]*)"', page))
    assert hrefs
    assert {call(app, unquote(href)).status for href in hrefs} <= {200}


def test_over_the_wire(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content")
    with serving(content, tmp_path / "state", "--base-url", "http://127.0.0.1/daily/news") as server:
        assert ask(server.url, "/daily/news/feed.atom").status == 200
        assert ask(server.url, "/daily/news")["Location"] == "/daily/news/"
        assert ask(server.url, "/feed.atom").status == 404
