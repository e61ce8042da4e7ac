"""A feed opened in a browser: the same bytes as text/xml, private, under a tag of their own."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.web.app import application
from tests.helpers.http_client import Response, ask, call
from tests.helpers.running_server import ServerProcess
from tests.web.conftest import Clock
from tests.web.newsroom import write_newsroom

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

OPENED = {
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
}
XML_FEEDS = ("/feed.rss", "/feed.atom", "/tag/%EC%84%9C%EC%9A%B8/feed.rss", "/archive/2026-01/feed.atom")


@pytest.mark.parametrize("path", XML_FEEDS)
def test_the_same_bytes_as_another_type(server: ServerProcess, path: str) -> None:
    read, opened = ask(server.url, path), ask(server.url, path, OPENED)
    assert opened.body == read.body
    assert b'<?xml-stylesheet type="text/css" href="/static/feed.css"?>' in opened.body
    assert opened["Content-Type"] == "text/xml; charset=utf-8"
    assert opened["Cache-Control"] == "private, max-age=300"
    assert opened["Vary"] == read["Vary"] == "Accept-Encoding, Sec-Fetch-Dest"
    assert opened["ETag"] == read["ETag"][:-1] + '-xml"'
    assert opened["Last-Modified"] == read["Last-Modified"]
    assert ask(server.url, path, OPENED, "HEAD")["Content-Length"] == str(len(opened.body))


@pytest.mark.parametrize("form", ["{}", "{gzip}"])
@pytest.mark.parametrize("path", XML_FEEDS)
def test_neither_is_revived_as_the_other(server: ServerProcess, path: str, form: str) -> None:
    def tag(got: Response) -> str:
        return got["ETag"] if form == "{}" else f'{got["ETag"][:-1]}-gzip"'

    read, opened = ask(server.url, path), ask(server.url, path, OPENED)
    again = ask(server.url, path, {**OPENED, "If-None-Match": tag(opened)})
    assert (again.status, again["ETag"], again["Cache-Control"]) == (304, opened["ETag"], "private, max-age=300")
    assert ask(server.url, path, {"If-None-Match": tag(read)}).status == 304
    assert ask(server.url, path, {**OPENED, "If-None-Match": tag(read)})["Content-Type"].startswith("text/xml")
    assert ask(server.url, path, {"If-None-Match": tag(opened)}).status == 200


@pytest.mark.parametrize("dest", ["", "empty", "iframe", "image", "Document"])
def test_only_a_navigation_is_one(server: ServerProcess, dest: str) -> None:
    headers = {"Sec-Fetch-Dest": dest, "Accept": "text/html"}
    assert ask(server.url, "/feed.rss", headers)["Content-Type"] == "application/rss+xml; charset=utf-8"


@pytest.mark.parametrize("path", ["/feed.json", "/", "/articles/fish/", "/media/logo.svg", "/static/feed.css"])
def test_what_has_no_other_look(server: ServerProcess, path: str) -> None:
    read, opened = ask(server.url, path), ask(server.url, path, OPENED)
    assert "Sec-Fetch-Dest" not in read["Vary"]
    assert (opened["Content-Type"], opened["ETag"]) == (read["Content-Type"], read["ETag"])


@pytest.fixture
def plain_app(tmp_path: Path) -> "WSGIApplication":
    content = write_newsroom(tmp_path / "content", browser_view=False)
    return application(Live(ContentFolder(content), LastModifiedStore(None), Clock()))


@pytest.mark.parametrize("path", XML_FEEDS)
def test_turned_off(plain_app: "WSGIApplication", path: str) -> None:
    read, opened = call(plain_app, path), call(plain_app, path, OPENED)
    assert opened == read
    assert read["Vary"] == "Accept-Encoding"
    assert b"xml-stylesheet" not in read.body
    assert opened["Cache-Control"].startswith("public")
