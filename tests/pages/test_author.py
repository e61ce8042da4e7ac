"""The page of an author: its head, and lists that do not repeat the author's name."""

from __future__ import annotations

from pathlib import Path

from feedsvc.publication.dependencies import has_changed
from feedsvc.publication.document import Document
from feedsvc.publication.publication import Publication
from feedsvc.routes import ListingRef, PageAt
from tests.helpers import newsrooms
from tests.helpers.newsrooms import html_tree_of

_AUTHORS = """
kim: {name: Kim Lee, email: kim@news.example, show_email: true, url: "https://kim.example/about"}
ann: {name: Ann Day}
"""
_PLACE = PageAt(ListingRef("author", "kim"))


def _load(root: Path, *numbers: int, **keys: str) -> Publication:
    newsrooms.write(root, {**newsrooms.SITE, "authors.yaml": _AUTHORS})
    for number in numbers:
        newsrooms.write(root, newsrooms.article(f"a{number}", f"2025-12-{number:02}", authors="[kim]", **keys))
    return newsrooms.load_publication(root)


def test_an_author_is_named_below_an_article_only_beside_another_author(tmp_path: Path) -> None:
    newsrooms.write(tmp_path, newsrooms.article("both", "2025-12-02", authors="[kim, ann]"))
    page = html_tree_of(_load(tmp_path, 1, 3), "/author/kim/")
    assert len(page.xpath("//main//article")) == 3
    assert page.xpath("//main//span[@class='byline']/text()") == ["Kim Lee, Ann Day"]


def test_the_head_of_an_author_has_the_number_of_articles_and_links(tmp_path: Path) -> None:
    page = html_tree_of(_load(tmp_path, 1, 2), "/author/kim/")
    [about] = page.xpath("//header/div/p[@class='meta']")
    assert about.xpath("string(span)") == "2 articles"
    assert about.xpath("a/@href") == ["https://kim.example/about", "mailto:kim@news.example"]


def test_the_mail_address_of_an_author_is_public_only_with_show_email(tmp_path: Path) -> None:
    _load(tmp_path, 1)
    for shown in ("", "show_email: false, ", "show_email: true, "):
        newsrooms.write(tmp_path, {"authors.yaml": _AUTHORS.replace("show_email: true, ", shown)})
        publication = newsrooms.load_publication(tmp_path)
        documents = {path: publication.resolve(path) for path in publication.paths()}
        found = {path for path, one in documents.items() if isinstance(one, Document) and b"kim@news.example" in one.body}
        in_atom = {path for path in found if path.endswith(".atom")}
        assert (found - in_atom, "/feed.atom" in in_atom) == (({"/author/kim/"}, True) if "true" in shown else (set(), False)), (
            shown
        )


def test_the_number_of_articles_changes_with_an_article_that_is_too_old_for_the_page(tmp_path: Path) -> None:
    before = _load(tmp_path, *range(10, 20))
    after = _load(tmp_path, 1)
    assert [html_tree_of(one, "/author/kim/").xpath("string(//header//p/span)") for one in (before, after)] == [
        "10 articles",
        "11 articles",
    ]
    assert has_changed(before.catalog, after.catalog, _PLACE)
