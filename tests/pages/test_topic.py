"""The page of a tag: its head, rows with few pictures, and links to other tags."""

from __future__ import annotations

from pathlib import Path

from lxml import html

from tests.helpers import newsrooms

_PICTURE = newsrooms.picture()


def _page(root: Path, path: str) -> html.HtmlElement:
    return newsrooms.html_tree_of(newsrooms.load_publication(root), path)


def test_the_page_of_a_tag_has_its_name_description_number_of_articles_and_feeds(tmp_path: Path) -> None:
    names = "trade: {title: Trade, description: Ports and markets.}\n"
    newsrooms.write(tmp_path, {**newsrooms.SITE, "tags.yaml": names, **newsrooms.article("a", tags="[trade]")})
    page = _page(tmp_path, "/tag/trade/")
    assert page.xpath("//h1/text()") == ["Trade"]
    assert page.xpath("//main/header//p/text()") == ["Ports and markets.", "1 article"]
    assert len(page.xpath("//main/header//ul/li/a")) == 3


def test_the_page_of_a_tag_links_to_other_tags_of_its_articles_the_most_used_first(tmp_path: Path) -> None:
    newsrooms.write(tmp_path, newsrooms.SITE)
    for number, tags in enumerate(("[trade, apec]", "[trade, japan]", "[japan, trade]", "[festivals]")):
        newsrooms.write(tmp_path, newsrooms.article(f"a{number}", f"2026-01-0{9 - number}", tags=tags))
    page = _page(tmp_path, "/tag/trade/")
    assert page.xpath("//main/section/ul//a/text()") == ["japan", "apec"]
    assert not _page(tmp_path, "/tag/festivals/").xpath("//main/section")


def test_no_picture_of_a_tag_page_stands_below_the_same_one(tmp_path: Path) -> None:
    newsrooms.write(tmp_path, {**newsrooms.SITE, "media/a.jpg": _PICTURE, "media/b.jpg": _PICTURE + b"\0"})
    for number, name in enumerate("aaba"):
        image = f"{{src: media/{name}.jpg, alt: {name}}}"
        newsrooms.write(tmp_path, newsrooms.article(f"a{number}", f"2026-01-0{9 - number}", tags="[trade]", image=image))
    pictures = _page(tmp_path, "/tag/trade/").xpath("//main//img/@src")
    assert [picture[-5:] for picture in pictures] == ["a.jpg", "b.jpg", "a.jpg"]
