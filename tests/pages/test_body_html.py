"""The body of an article on its page: internal links, image sizes, and tables wider than the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import html5lib
import pytest

from feedsvc.publication.document import Document
from tests.helpers import newsrooms


def _page(root: Path, *, path: str = "/articles/one/", **keys: str) -> Any:
    """Return the main element of the page of an article with these keys (YAML)."""
    newsrooms.write(root, {**newsrooms.SITE, **newsrooms.article("one", **keys)})
    document = newsrooms.load_publication(root).resolve(path)
    assert isinstance(document, Document)
    tree = html5lib.HTMLParser(namespaceHTMLElements=False).parse(document.body.decode())
    return tree.find(".//main")


def _body(root: Path, markdown: str) -> Any:
    return _page(root, body=newsrooms.yaml_string(markdown)).find(".//div[@class='body']")


@pytest.mark.parametrize(
    ("markdown", "href"),
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
def test_internal_link_is_relative_to_the_server(tmp_path: Path, markdown: str, href: str) -> None:
    [link] = _body(tmp_path, f"[t]({markdown})").iter("a")
    assert link.get("href") == href


@pytest.mark.parametrize(
    ("markdown", "size"),
    [
        ("![a](media/p.png)", ("300", "100")),
        ('<img src="media/p.png" width="150">', ("150", "50")),
        ('<img src="media/p.png" height="50">', ("150", "50")),
        ('<img src="media/p.png" width="7" height="7">', ("7", "7")),
        ("![a](https://elsewhere.example/p.png)", (None, None)),
        ("![a](media/p.svg)", (None, None)),
    ],
)
def test_image_has_width_and_height_so_that_the_layout_does_not_shift(
    tmp_path: Path, markdown: str, size: tuple[str | None, str | None]
) -> None:
    newsrooms.write(tmp_path, {"media/p.png": newsrooms.picture(300, 100, "PNG"), "media/p.svg": "<svg/>"})
    [image] = _body(tmp_path, markdown).iter("img")
    assert (image.get("width"), image.get("height")) == size
    assert (image.get("loading"), image.get("decoding")) == ("lazy", "async")


@pytest.mark.parametrize(
    ("markdown", "src"),
    [
        ('<video src="media/a.mp4#t=10" controls></video>', "/daily/media/a.mp4#t=10"),
        ('<audio src="media/a.mp3?v=2&w=3" controls></audio>', "/daily/media/a.mp3?v=2&w=3"),
        ("![a](media/p.svg#part)", "/daily/media/p.svg#part"),
        ("![a](media/p.svg)", "/daily/media/p.svg"),
    ],
)
def test_a_video_begins_at_the_second_that_its_address_names(tmp_path: Path, markdown: str, src: str) -> None:
    files = {"a.mp4": b"x", "a.mp3": b"x", "p.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>"}
    newsrooms.write(tmp_path, {f"media/{name}": data for name, data in files.items()})
    [element] = [found for name in ("video", "audio", "img") for found in _body(tmp_path, markdown).iter(name)]
    assert element.get("src") == src


def test_table_and_code_block_can_be_scrolled_with_the_keyboard(tmp_path: Path) -> None:
    table = "|a|\n|-|\n|b|"
    body = _body(
        tmp_path, f"{table}\n\n```\nc\n```\n\n<table><tr><td><table><tr><td>d</td></tr></table></td></tr></table>\n\n{table}"
    )
    boxes = body.findall("./section[@class='wide'][@aria-label][@tabindex='0']")
    assert [len(list(element.iter("table"))) for element in boxes] == [1, 2, 1]
    assert [element.get("tabindex") for element in body.iter("pre")] == ["0"]


def test_enclosure_without_a_title_shows_its_file_name(tmp_path: Path) -> None:
    newsrooms.write(tmp_path, {"media/정 책.pdf": b"%PDF-1.4\n"})
    main = _page(tmp_path, enclosures="[{src: media/정 책.pdf}]")
    assert "정 책.pdf" in [link.text for link in main.iter("a")]
