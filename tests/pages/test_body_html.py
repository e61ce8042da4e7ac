"""An article's text on its page: links and pictures of the site itself, and what is wider than the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import html5lib
import pytest

from feedsvc.publication.document import Document
from tests.helpers import newsrooms


def _page(root: Path, *, path: str = "/articles/one/", **keys: str) -> Any:
    """The page's main element, of an article with these keys as YAML text."""
    newsrooms.write(root, {**newsrooms.SITE, **newsrooms.article("one", **keys)})
    found = newsrooms.load_publication(root).resolve(path)
    assert isinstance(found, Document)
    tree = html5lib.HTMLParser(namespaceHTMLElements=False).parse(found.body.decode())
    return tree.find(".//main")


def _body(root: Path, markdown: str) -> Any:
    return _page(root, body=newsrooms.yaml_string(markdown)).find(".//div[@class='body']")


@pytest.mark.parametrize(
    ("written", "href"),
    [
        ("/articles/two", "/daily/articles/two/"),
        ("/articles/two/?a=b#c", "/daily/articles/two/?a=b#c"),
        ("/articles/두", "/daily/articles/%EB%91%90/"),
        ("/category/asia", "/daily/category/asia/"),
        ("/subscribe", "/daily/subscribe/"),
        ("/", "/daily/"),
        ("/feed", "/daily/feed"),
        (f"{newsrooms.BASE}/feed.rss", "/daily/feed.rss"),
        ("media/logo.png", "/daily/media/logo.png"),
        ("https://news.example/elsewhere", "https://news.example/elsewhere"),
        ("mailto:a@b.example", "mailto:a@b.example"),
    ],
)
def test_a_link_to_the_site_itself_stays_on_the_server_that_shows_it(tmp_path: Path, written: str, href: str) -> None:
    [link] = _body(tmp_path, f"[t]({written})").iter("a")
    assert link.get("href") == href


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("![a](media/p.png)", ("300", "100")),
        ('<img src="media/p.png" width="150">', ("150", "50")),
        ('<img src="media/p.png" height="50">', ("150", "50")),
        ('<img src="media/p.png" width="7" height="7">', ("7", "7")),
        ("![a](https://elsewhere.example/p.png)", (None, None)),
        ("![a](media/p.svg)", (None, None)),
    ],
)
def test_a_picture_in_the_text_keeps_its_place_while_it_loads(
    tmp_path: Path, written: str, size: tuple[str | None, str | None]
) -> None:
    newsrooms.write(tmp_path, {"media/p.png": newsrooms.picture(300, 100, "PNG"), "media/p.svg": "<svg/>"})
    [picture] = _body(tmp_path, written).iter("img")
    assert (picture.get("width"), picture.get("height")) == size
    assert (picture.get("loading"), picture.get("decoding")) == ("lazy", "async")


def test_a_table_and_a_listing_can_be_scrolled_with_the_keyboard(tmp_path: Path) -> None:
    table = "|a|\n|-|\n|b|"
    body = _body(
        tmp_path, f"{table}\n\n```\nc\n```\n\n<table><tr><td><table><tr><td>d</td></tr></table></td></tr></table>\n\n{table}"
    )
    boxes = body.findall("./div[@class='wide'][@tabindex='0']")
    assert [len(list(one.iter("table"))) for one in boxes] == [1, 2, 1]
    assert [one.get("tabindex") for one in body.iter("pre")] == ["0"]


def test_an_attachment_without_a_title_is_called_as_its_file(tmp_path: Path) -> None:
    newsrooms.write(tmp_path, {"media/정 책.pdf": b"%PDF-1.4\n"})
    main = _page(tmp_path, enclosures="[{src: media/정 책.pdf}]")
    assert "정 책.pdf" in [one.text for one in main.iter("a")]
