"""Texts that are no address, where a source has an address: an import and a comparison go on, and report what they leave out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from feedsvc.importing import with_named_host
from feedsvc.importing.addresses import absolute, host_of, is_front_page, page_key, split_address
from feedsvc.importing.feed_source import open_feed_source
from feedsvc.importing.http_fetch import fetch_document
from feedsvc.importing.source import ImportSourceError, SourceRedirect
from feedsvc.importing.writer import ImportOptions, import_source
from feedsvc.support.http import HostAccess, HttpError
from tests.importing.wordpress.reading import open_export
from tests.importing.wordpress_export import WxrItem, export_xml
from tests.importing.writer.memory_source import NOW, SITE, articles, post, run_import

BROKEN: Final = "http://[x"
FEED: Final = f"""<rss version="2.0"><channel><title>News</title><link>https://old.example/</link>
<item><title>One</title><guid>{BROKEN}/1</guid><category domain="{BROKEN}">City</category><description>Text</description>
<pubDate>Fri, 03 Jan 2020 09:30:00 +0100</pubDate></item>
<item><title>Two</title><link>{BROKEN}/2</link><guid isPermaLink="false">{BROKEN}</guid><description>Text</description>
<pubDate>Sat, 04 Jan 2020 09:30:00 +0100</pubDate></item></channel></rss>"""


@pytest.mark.parametrize("text", [BROKEN, "http://a.example:port/", "http://[::1", "//[", "http://a.example:99999/"])
def test_text_that_is_no_address_has_no_parts(text: str) -> None:
    assert split_address(text).path == host_of(text) == ""
    assert absolute("https://old.example/", text) == ""
    assert absolute(text, "/path") == ""
    assert page_key(text) == ""


def test_feed_with_broken_addresses_is_imported(tmp_path: Path) -> None:
    file = tmp_path / "feed.xml"
    file.write_text(FEED, "utf-8")
    import_source(open_feed_source(str(file)), tmp_path / "newsroom", ImportOptions(now=NOW))
    assert {article.title for article in articles(tmp_path / "newsroom").values()} == {"One", "Two"}


@pytest.mark.parametrize("place", ["link", "guid", "site", "redirect"])
def test_export_with_broken_addresses_is_imported(tmp_path: Path, place: str) -> None:
    rule = WxrItem(
        number=9,
        post_type="redirect_rule",
        meta=(("_redirect_rule_from", f"{BROKEN}/a"), ("_redirect_rule_to", f"{BROKEN}/b")),
    )
    item = WxrItem(number=1, link=BROKEN if place == "link" else "", guid=BROKEN if place == "guid" else "")
    text = export_xml((item, *([rule] if place == "redirect" else [])))
    text = text.replace("https://paper.example</", f"{BROKEN}</") if place == "site" else text
    (tmp_path / "export.xml").write_text(text, "utf-8")
    options = ImportOptions(now=NOW, base_url="https://new.example")
    import_source(open_export(tmp_path / "export.xml"), tmp_path / "newsroom", options)
    assert [article.title for article in articles(tmp_path / "newsroom").values()] == ["A title"]


def test_posts_with_broken_addresses_and_redirects_are_imported(tmp_path: Path) -> None:
    broken = post(1, address=BROKEN, other_addresses=(f"{BROKEN}/old",), body=f'<a href="{BROKEN}">a</a><img src="//[">')
    report = run_import(
        tmp_path, broken, site=replace(SITE, redirects=(SourceRedirect(BROKEN, "/"), SourceRedirect("/a", BROKEN)))
    )
    assert report.created == ["articles/2020/01/title-1.md"]


@pytest.mark.parametrize("address", [BROKEN, "https://[::1"])
def test_broken_address_of_a_feed_is_a_sentence(address: str) -> None:
    with pytest.raises(ImportSourceError, match=r"^http"):
        open_feed_source(address)
    with pytest.raises(HttpError):
        fetch_document(address, access=with_named_host(HostAccess(), address))


def test_invalid_address_is_not_that_of_the_front_page() -> None:
    assert is_front_page("https://old.example/", "https://old.example")
    assert is_front_page("/", "https://old.example")
    assert not any(is_front_page(address, "https://old.example") for address in ("", BROKEN, "https://old.example:x/"))
