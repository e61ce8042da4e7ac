"""A feed opened in a browser: the feed with a script, as text/xml, private, with its own entity tag."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.web.app import create_app
from tests.helpers.http_client import ask, call
from tests.helpers.running_server import ServerProcess
from tests.web.conftest import FakeClock
from tests.web.newsroom import write_newsroom

NAVIGATION_HEADERS = {
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
}
SCRIPT = b'<script xmlns="http://www.w3.org/1999/xhtml" defer="defer" src="/static/feed.js"/>'
XML_FEEDS = ("/feed.rss", "/feed.atom", "/tag/%EC%84%9C%EC%9A%B8/feed.rss", "/archive/2026-01/feed.atom")


@pytest.mark.parametrize("path", XML_FEEDS)
def test_navigation_gets_the_feed_with_a_script_as_text_xml_and_its_own_entity_tag(server: ServerProcess, path: str) -> None:
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
    assert ask(server.url, path, NAVIGATION_HEADERS, "HEAD")["Content-Length"] == str(len(navigation.body))
    for suffix in ("", "-gzip"):
        own, other = (f'{response["ETag"][:-1]}{suffix}"' for response in (navigation, plain))
        revalidation = ask(server.url, path, {**NAVIGATION_HEADERS, "If-None-Match": own})
        assert (revalidation.status, revalidation["ETag"]) == (304, navigation["ETag"])
        assert revalidation["Cache-Control"] == "private, max-age=300"
        assert ask(server.url, path, {"If-None-Match": other}).status == 304
        assert ask(server.url, path, {**NAVIGATION_HEADERS, "If-None-Match": other})["Content-Type"].startswith("text/xml")
        assert ask(server.url, path, {"If-None-Match": own}).status == 200


def test_other_requests_get_the_feed_media_type_and_other_documents_are_equal_for_navigations(server: ServerProcess) -> None:
    for destination in ("", "empty", "iframe", "image", "Document"):
        headers = {"Sec-Fetch-Dest": destination, "Accept": "text/html"}
        assert ask(server.url, "/feed.rss", headers)["Content-Type"] == "application/rss+xml; charset=utf-8"
    for path in ("/feed.json", "/", "/articles/fish/", "/media/logo.svg", "/static/feed.css"):
        plain, navigation = ask(server.url, path), ask(server.url, path, NAVIGATION_HEADERS)
        assert "Sec-Fetch-Dest" not in plain["Vary"]
        assert (navigation["Content-Type"], navigation["ETag"]) == (plain["Content-Type"], plain["ETag"])


def test_browser_view_can_be_turned_off(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content", browser_view=False)
    app = create_app(Live(ContentFolder(content), LastModifiedStore(None), FakeClock()))
    for path in XML_FEEDS:
        plain, navigation = call(app, path), call(app, path, NAVIGATION_HEADERS)
        assert navigation == plain
        assert plain["Vary"] == "Accept-Encoding"
        assert b"xml-stylesheet" not in plain.body
        assert navigation["Cache-Control"].startswith("public")
