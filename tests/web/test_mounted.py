"""A base_url with a path: the site is served below this path only."""

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.web.app import create_app
from tests.helpers.http_client import ask, call
from tests.helpers.running_server import serving
from tests.web.conftest import FakeClock
from tests.web.newsroom import write_newsroom

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

BASE_URLS = ("https://news.example/daily", "https://news.example/a/b%20c/", "https://news.example/%C3%A9t%C3%A9")


@pytest.fixture(params=BASE_URLS)
def base_url(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def mount_path(base_url: str) -> str:
    return base_url.removeprefix("https://news.example").rstrip("/")


@pytest.fixture
def app(tmp_path: Path, base_url: str) -> "WSGIApplication":
    content = write_newsroom(tmp_path / "content", base_url=base_url)
    return create_app(Live(ContentFolder(content), LastModifiedStore(None), FakeClock()))


def test_every_resource_is_served_below_the_mount_path(app: "WSGIApplication", mount_path: str, base_url: str) -> None:
    for path in ("/", "/feed.rss", "/feed.json", "/articles/fish/", "/media/photo.png", "/static/feed.css", "/healthz"):
        assert call(app, mount_path + path).status == 200, path
    feed = call(app, f"{mount_path}/feed.rss")
    assert f'<?xml-stylesheet type="text/css" href="{mount_path}/static/feed.css"?>'.encode() in feed.body
    assert feed["Link"].startswith(f'<{base_url.rstrip("/")}/feed.rss>; rel="self"')


def test_redirects_and_links_have_the_mount_path(app: "WSGIApplication", mount_path: str) -> None:
    assert call(app, f"{mount_path}/rss.xml?x=1")["Location"] == f"{mount_path}/feed.rss"
    assert call(app, f"{mount_path}/articles/echoes")["Location"] == f"{mount_path}/articles/echo/"
    redirect = call(app, mount_path)
    assert (redirect.status, redirect["Location"]) == (301, f"{mount_path}/")
    assert call(app, mount_path, method="POST").status == 405
    hrefs = set(re.findall(r'(?:href|src)="(/[^"]*)"', call(app, f"{mount_path}/").body.decode()))
    assert len(hrefs) > 10
    assert {call(app, unquote(href)).status for href in hrefs} == {200}


def test_paths_outside_the_mount_path_get_404(app: "WSGIApplication", mount_path: str) -> None:
    for path in ("/", "/feed.rss", "/feed", "/media/photo.png", "{}x/feed.rss", "{0}{0}/feed.rss", "{}/../feed.rss", "/x{}/"):
        response = call(app, path.format(mount_path))
        assert response.status == 404
        assert f'href="{mount_path}/"'.encode() in response.body


def test_running_server_serves_below_the_path_of_base_url(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content")
    with serving(content, tmp_path / "state", "--base-url", "http://127.0.0.1/daily/news") as server:
        assert ask(server.url, "/daily/news/feed.atom").status == 200
        assert ask(server.url, "/daily/news")["Location"] == "/daily/news/"
        assert ask(server.url, "/feed.atom").status == 404
