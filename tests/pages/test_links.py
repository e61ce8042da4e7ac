"""Links of a page: the current item of the menu, and the language of titles and dates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lxml import etree

from feedsvc.publication.publication import Publication
from tests.helpers import newsrooms
from tests.helpers.newsrooms import article, body_of, html_tree_of

SITE = "title: Harbour\nbase_url: https://t.example/news\nid_domain: t.example\n"


@pytest.fixture
def publication(tmp_path: Path) -> Publication:
    """A newsroom with a category that has the title of the site, and four articles of which the second is in Arabic."""
    files: dict[str, str | bytes] = {"site.yaml": SITE, "categories.yaml": "own: {title: Harbour}\nsea: {title: Sea}\n"}
    files |= article("first", "2026-01-01", category="own", tags="[boats]")
    files |= article("second", "2026-01-02", category="own", tags="[boats]", title="مكتبة", language="ar")
    files |= article("third", "2026-02-03", category="own", tags="[boats]")
    files |= article("fourth", "2026-02-04", category="sea", tags="[boats]")
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
def test_menu_marks_the_current_page_and_the_category_of_an_article(
    publication: Publication, path: str, current: dict[str, str]
) -> None:
    links = html_tree_of(publication, path).xpath("//a[@aria-current]")
    assert {link.get("href"): link.get("aria-current") for link in links} == current


def test_menu_marks_the_category_on_its_archive_pages(tmp_path: Path) -> None:
    publication = newsrooms.load_publication(newsrooms.write_sample(tmp_path))
    [link] = html_tree_of(publication, "/category/asia/archive/2026/").xpath("//a[@aria-current]")
    assert (link.get("href"), link.get("aria-current")) == ("/daily/category/asia/", "true")


@pytest.mark.parametrize(("path", "rel"), [("/articles/first/", "next"), ("/articles/third/", "prev")])
def test_title_of_a_neighbouring_article_has_its_language(publication: Publication, path: str, rel: str) -> None:
    [title] = html_tree_of(publication, path).xpath(f"//nav[@class='neighbours']/a[@rel='{rel}']/span")
    assert (title.text, title.get("lang"), title.get("dir")) == ("مكتبة", "ar", "rtl")


def test_title_of_a_neighbouring_article_in_the_language_of_the_site_has_no_lang_attribute(publication: Publication) -> None:
    titles = html_tree_of(publication, "/articles/second/").xpath("//nav[@class='neighbours']/a/span")
    assert [(title.text, dict(title.attrib)) for title in titles] == [("first", {}), ("third", {})]


@pytest.mark.parametrize("path", ["/", "/articles/fourth/"])
def test_date_on_a_card_has_the_language_of_the_site(publication: Publication, path: str) -> None:
    [card] = html_tree_of(publication, path).xpath("//li//article[@lang]")
    assert (card.get("lang"), card.get("dir")) == ("ar", "rtl")
    [date] = card.xpath(".//p[@class='meta']")
    assert date.text_content().endswith("Fri, 02 Jan 2026")
    assert (date.get("lang"), date.get("dir")) == ("en", "ltr")


def test_day_without_a_time_is_shown_as_a_day_on_its_page_and_as_a_moment_in_feeds(publication: Publication) -> None:
    for path in ("/articles/second/", "/category/own/", "/"):
        dates = html_tree_of(publication, path).xpath("//main//time")
        assert ("Fri, 02 Jan 2026", "2026-01-02") in [(date.text, date.get("datetime")) for date in dates], path
    assert json.loads(body_of(publication, "/feed.json"))["items"][2]["date_published"] == "2026-01-02T00:00:00Z"


def _titles(publication: Publication, path: str) -> set[str]:
    """Return the title of a feed in each of its formats."""
    rss, atom = (etree.fromstring(body_of(publication, f"{path}feed.{suffix}")) for suffix in ("rss", "atom"))
    json_title = json.loads(body_of(publication, f"{path}feed.json"))["title"]
    return {rss.findtext("channel/title") or "", atom.findtext("{*}title") or "", json_title}


def test_category_with_the_title_of_the_site_has_feeds_and_pages_with_other_titles(publication: Publication) -> None:
    assert _titles(publication, "/") == {"Harbour"}
    assert _titles(publication, "/category/own/") == {"Harbour – Harbour"}
    titles = [link.get("title") for link in html_tree_of(publication, "/category/own/").xpath("//link[@rel='alternate']")]
    assert len(titles) == 6
    assert len(set(titles)) == 6
    assert html_tree_of(publication, "/category/own/").findtext("head/title") == "Harbour – Harbour"
    assert html_tree_of(publication, "/").findtext("head/title") == "Harbour"
