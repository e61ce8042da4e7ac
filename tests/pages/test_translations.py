"""Languages on an article's page: links in the head and in the text, and JSON-LD."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import html5lib

from feedsvc.publication.document import Document
from feedsvc.publication.publication import Publication
from tests.helpers import newsrooms
from tests.helpers.newsrooms import BASE, article

ORIGINAL_ID = "tag:news.example,2026:en"


def publication_of(root: Path, **keys: str) -> Publication:
    """Return the publication of an English original and its translations into Korean, Arabic and, elsewhere, German."""
    translations = (
        article("ko", "2026-02-02", language="ko", translation_of=ORIGINAL_ID, **keys),
        article("ar", "2026-02-03", language="ar", translation_of="tag:news.example,2026:ko"),
        article("de", "2026-02-04", language="de", translation_of=ORIGINAL_ID, link="https://de.example/story"),
    )
    files = {**newsrooms.SITE, **article("en", "2026-02-01"), **article("alone", "2026-01-01")}
    return newsrooms.load_publication(newsrooms.write(root, {**files, **{k: v for one in translations for k, v in one.items()}}))


def page(publication: Publication, slug: str) -> str:
    document = publication.resolve(f"/articles/{slug}/")
    assert isinstance(document, Document)
    return document.body.decode()


def elements(text: str, path: str) -> list[Any]:
    return html5lib.parse(text, namespaceHTMLElements=False).findall(path)


def json_ld(text: str) -> dict[str, Any]:
    """Return the JSON-LD of the article; that of the breadcrumbs is in another element."""
    scripts = (json.loads(script.text) for script in elements(text, ".//script[@type='application/ld+json']"))
    result: dict[str, Any]
    (result,) = (data for data in scripts if data["@type"] == "NewsArticle")
    return result


def alternates(text: str) -> list[tuple[str, str]]:
    return [(link.get("hreflang"), link.get("href")) for link in elements(text, "head/link[@rel='alternate'][@hreflang]")]


def test_each_page_of_a_work_names_all_languages_and_the_default(tmp_path: Path) -> None:
    publication = publication_of(tmp_path)
    for slug in ("en", "ko", "ar", "de"):
        assert alternates(page(publication, slug)) == [
            ("ar", f"{BASE}/articles/ar/"),
            ("de", "https://de.example/story"),
            ("en", f"{BASE}/articles/en/"),
            ("ko", f"{BASE}/articles/ko/"),
            ("x-default", f"{BASE}/articles/en/"),
        ]


def test_a_page_links_to_the_other_languages_by_their_own_names(tmp_path: Path) -> None:
    links = elements(page(publication_of(tmp_path), "ko"), ".//ul[@class='languages formats']/li/a")
    assert [(a.text, a.get("href"), a.get("hreflang"), a.get("lang"), a.get("dir")) for a in links] == [
        ("العربية", "/daily/articles/ar/", "ar", "ar", "rtl"),
        ("Deutsch", "https://de.example/story", "de", "de", "ltr"),
        ("English", "/daily/articles/en/", "en", "en", "ltr"),
    ]


def test_json_ld_names_the_translations_of_an_original_and_the_original_of_a_translation(tmp_path: Path) -> None:
    publication = publication_of(tmp_path)
    original = json_ld(page(publication, "en"))
    assert [(one["@type"], one["url"], one["inLanguage"]) for one in original["workTranslation"]] == [
        ("NewsArticle", f"{BASE}/articles/ar/", "ar"),
        ("NewsArticle", "https://de.example/story", "de"),
        ("NewsArticle", f"{BASE}/articles/ko/", "ko"),
    ]
    assert "translationOfWork" not in original
    translation = json_ld(page(publication, "ar"))
    assert translation["translationOfWork"] == {"@type": "NewsArticle", "url": f"{BASE}/articles/en/", "inLanguage": "en"}
    assert "workTranslation" not in translation


def test_a_page_without_translations_has_none_of_this(tmp_path: Path) -> None:
    text = page(publication_of(tmp_path), "alone")
    assert not re.search("hreflang|languages|workTranslation|translationOfWork", text)


def test_a_draft_is_not_named(tmp_path: Path) -> None:
    text = page(publication_of(tmp_path, status="draft"), "en")
    assert [language for language, _ in alternates(text)] == ["ar", "de", "en", "x-default"]
    assert "articles/ko" not in text


def test_section_of_an_article_is_marked_as_english_on_the_page_of_korean_articles(tmp_path: Path) -> None:
    publication = publication_of(tmp_path, category="money")
    document = publication.resolve("/language/ko/")
    assert isinstance(document, Document)
    korean = elements(document.body.decode(), ".//a[@class='kicker']")
    assert [(link.text, link.get("lang"), link.get("dir")) for link in korean] == [("Money", "en", "ltr")]
    front_page = publication.resolve("/")
    assert isinstance(front_page, Document)
    english = elements(front_page.body.decode(), ".//a[@class='kicker']")
    assert [(link.text, link.get("lang")) for link in english] == [("Money", None)]
