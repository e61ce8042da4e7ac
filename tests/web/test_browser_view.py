"""A feed opened in a browser: the feed with a script, as text/xml, private, with its own entity tag."""

from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.web.app import create_app
from tests.helpers.http_client import Response, ask, call
from tests.helpers.running_server import ServerProcess
from tests.web.conftest import FakeClock
from tests.web.newsroom import write_newsroom

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

NAVIGATION_HEADERS = {
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
}
SCRIPT = b'<script xmlns="http://www.w3.org/1999/xhtml" defer="defer" src="/static/feed.js"/>'
XML_FEEDS = ("/feed.rss", "/feed.atom", "/tag/%EC%84%9C%EC%9A%B8/feed.rss", "/archive/2026-01/feed.atom")


@pytest.mark.parametrize("path", XML_FEEDS)
def test_navigation_gets_the_feed_with_a_script_as_text_xml(server: ServerProcess, path: str) -> None:
    plain, navigation = ask(server.url, path), ask(server.url, path, NAVIGATION_HEADERS)
    assert SCRIPT not in plain.body
    assert navigation.body.count(SCRIPT) == 1
    assert navigation.body.replace(SCRIPT, b"") == plain.body
    script = next(iter(ET.fromstring(navigation.body)))
    assert script.tag == "{http://www.w3.org/1999/xhtml}script"
    assert ask(server.url, script.attrib["src"]).status == 200
    assert b'<?xml-stylesheet type="text/css" href="/static/feed.css"?>' in navigation.body
    assert navigation["Content-Type"] == "text/xml; charset=utf-8"
    assert navigation["Cache-Control"] == "private, max-age=300"
    assert navigation["Vary"] == plain["Vary"] == "Accept-Encoding, Sec-Fetch-Dest"
    assert navigation["ETag"] == plain["ETag"][:-1] + '-xml"'
    assert navigation["Last-Modified"] == plain["Last-Modified"]
    assert ask(server.url, path, NAVIGATION_HEADERS, "HEAD")["Content-Length"] == str(len(navigation.body))


@pytest.mark.parametrize("tag_format", ["{}", "{gzip}"])
@pytest.mark.parametrize("path", XML_FEEDS)
def test_each_media_type_is_validated_by_its_own_entity_tag_only(server: ServerProcess, path: str, tag_format: str) -> None:
    def request_tag(response: Response) -> str:
        return response["ETag"] if tag_format == "{}" else f'{response["ETag"][:-1]}-gzip"'

    plain, navigation = ask(server.url, path), ask(server.url, path, NAVIGATION_HEADERS)
    revalidation = ask(server.url, path, {**NAVIGATION_HEADERS, "If-None-Match": request_tag(navigation)})
    assert (revalidation.status, revalidation["ETag"], revalidation["Cache-Control"]) == (
        304,
        navigation["ETag"],
        "private, max-age=300",
    )
    assert ask(server.url, path, {"If-None-Match": request_tag(plain)}).status == 304
    assert ask(server.url, path, {**NAVIGATION_HEADERS, "If-None-Match": request_tag(plain)})["Content-Type"].startswith(
        "text/xml"
    )
    assert ask(server.url, path, {"If-None-Match": request_tag(navigation)}).status == 200


@pytest.mark.parametrize("dest", ["", "empty", "iframe", "image", "Document"])
def test_other_values_of_sec_fetch_dest_get_the_feed_media_type(server: ServerProcess, dest: str) -> None:
    headers = {"Sec-Fetch-Dest": dest, "Accept": "text/html"}
    assert ask(server.url, "/feed.rss", headers)["Content-Type"] == "application/rss+xml; charset=utf-8"


@pytest.mark.parametrize("path", ["/feed.json", "/", "/articles/fish/", "/media/logo.svg", "/static/feed.css"])
def test_json_feeds_pages_and_files_are_equal_for_navigations(server: ServerProcess, path: str) -> None:
    plain, navigation = ask(server.url, path), ask(server.url, path, NAVIGATION_HEADERS)
    assert "Sec-Fetch-Dest" not in plain["Vary"]
    assert (navigation["Content-Type"], navigation["ETag"]) == (plain["Content-Type"], plain["ETag"])


@pytest.fixture
def app_without_browser_view(tmp_path: Path) -> "WSGIApplication":
    content = write_newsroom(tmp_path / "content", browser_view=False)
    return create_app(Live(ContentFolder(content), LastModifiedStore(None), FakeClock()))


@pytest.mark.parametrize("path", XML_FEEDS)
def test_browser_view_can_be_turned_off(app_without_browser_view: "WSGIApplication", path: str) -> None:
    plain, navigation = call(app_without_browser_view, path), call(app_without_browser_view, path, NAVIGATION_HEADERS)
    assert navigation == plain
    assert plain["Vary"] == "Accept-Encoding"
    assert b"xml-stylesheet" not in plain.body
    assert navigation["Cache-Control"].startswith("public")
