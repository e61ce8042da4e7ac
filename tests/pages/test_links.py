"""What a page says of its links: where they lead from here, and in which language they are named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lxml import etree, html

from feedsvc.publication.document import Document
from feedsvc.publication.publication import Publication
from tests.helpers import newsrooms
from tests.helpers.newsrooms import article

SITE = "title: Harbour\nbase_url: https://t.example/news\nid_domain: t.example\n"


def _body(publication: Publication, path: str) -> bytes:
    found = publication.resolve(path)
    assert isinstance(found, Document), path
    return found.body


def _page(publication: Publication, path: str) -> html.HtmlElement:
    return html.document_fromstring(_body(publication, path).decode())


@pytest.fixture
def several(tmp_path: Path) -> Publication:
    """A section named like the site; three articles, the middle one in Arabic."""
    files: dict[str, str | bytes] = {"site.yaml": SITE, "categories.yaml": "own: {title: Harbour}\nsea: {title: Sea}\n"}
    files |= article("first", "2026-01-01", category="own", tags="[boats]")
    files |= article("second", "2026-01-02", category="own", tags="[boats]", title="مكتبة", language="ar")
    files |= article("third", "2026-02-03", category="own", tags="[boats]")
    return newsrooms.load_publication(newsrooms.write(tmp_path, files))


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/", {"/news/": "page"}),
        ("/category/own/", {"/news/category/own/": "page"}),
        ("/articles/first/", {"/news/category/own/": "true"}),
        ("/tag/boats/", {}),
        ("/subscribe/", {"/news/subscribe/": "page"}),
    ],
)
def test_the_menu_tells_this_page_from_the_section_it_belongs_to(
    several: Publication, path: str, current: dict[str, str]
) -> None:
    found = _page(several, path).xpath("//a[@aria-current]")
    assert {one.get("href"): one.get("aria-current") for one in found} == current


def test_the_older_pages_of_a_section_are_not_the_section(tmp_path: Path) -> None:
    publication = newsrooms.load_publication(newsrooms.write_sample(tmp_path))
    [link] = _page(publication, "/category/asia/archive/2026/").xpath("//a[@aria-current]")
    assert (link.get("href"), link.get("aria-current")) == ("/daily/category/asia/", "true")


@pytest.mark.parametrize(("path", "rel"), [("/articles/first/", "next"), ("/articles/third/", "prev")])
def test_a_neighbours_title_is_in_its_own_language(several: Publication, path: str, rel: str) -> None:
    [title] = _page(several, path).xpath(f"//nav[@class='neighbours']/a[@rel='{rel}']/span")
    assert (title.text, title.get("lang"), title.get("dir")) == ("مكتبة", "ar", "rtl")


def test_a_neighbours_title_in_the_sites_language_needs_no_more_words(several: Publication) -> None:
    titles = _page(several, "/articles/second/").xpath("//nav[@class='neighbours']/a/span")
    assert [(one.text, dict(one.attrib)) for one in titles] == [("first", {}), ("third", {})]


@pytest.mark.parametrize("path", ["/", "/articles/third/"])
def test_on_a_card_the_date_is_in_the_sites_language(several: Publication, path: str) -> None:
    [card] = _page(several, path).xpath("//ol[@class='cards']//article[@lang]")
    assert (card.get("lang"), card.get("dir")) == ("ar", "rtl")
    [date] = card.xpath(".//p[@class='meta']")
    assert (date.text_content(), date.get("lang"), date.get("dir")) == ("Fri, 02 Jan 2026", "en", "ltr")


def _titles(publication: Publication, path: str) -> set[str]:
    """A feed's title in each of its formats."""
    rss, atom = (etree.fromstring(_body(publication, f"{path}feed.{suffix}")) for suffix in ("rss", "atom"))
    told = json.loads(_body(publication, f"{path}feed.json"))["title"]
    return {rss.findtext("channel/title") or "", atom.findtext("{*}title") or "", told}


def test_a_section_named_like_the_site_has_feeds_and_pages_of_another_title(several: Publication) -> None:
    assert _titles(several, "/") == {"Harbour"}
    assert _titles(several, "/category/own/") == {"Harbour – Harbour"}
    titles = [link.get("title") for link in _page(several, "/category/own/").xpath("//link[@rel='alternate']")]
    assert len(titles) == 6
    assert len(set(titles)) == 6
    assert _page(several, "/category/own/").findtext("head/title") == "Harbour – Harbour"
    assert _page(several, "/").findtext("head/title") == "Harbour"
