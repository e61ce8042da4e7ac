"""Languages on an article's page: links in the head and in the text, and JSON-LD."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import html5lib

from feedsvc.publication.publication import Publication
from tests.helpers import newsrooms
from tests.helpers.newsrooms import BASE, article, text_of

ORIGINAL_ID = "tag:news.example,2026:en"


def publication_of(root: Path, **keys: str) -> Publication:
    """Return the publication of an English original and its translations into Korean, Arabic and, elsewhere, German."""
    translations = (
        article("ko", "2026-02-02", language="ko", translation_of=ORIGINAL_ID, **keys),
        article("ar", "2026-02-03", language="ar", translation_of="tag:news.example,2026:ko"),
        article("de", "2026-02-04", language="de", translation_of=ORIGINAL_ID, link="https://de.example/story"),
    )
    files = {**newsrooms.SITE, **article("en", "2026-02-01"), **article("alone", "2026-01-01", category="money")}
    return newsrooms.load_publication(newsrooms.write(root, {**files, **{k: v for one in translations for k, v in one.items()}}))


def page(publication: Publication, slug: str) -> str:
    return text_of(publication, f"/articles/{slug}/")


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
    korean = elements(text_of(publication, "/language/ko/"), ".//a[@class='kicker']")
    assert [(link.text, link.get("lang"), link.get("dir")) for link in korean] == [("Money", "en", "ltr")]
    english = elements(text_of(publication, "/"), ".//a[@class='kicker']")
    assert [(link.text, link.get("lang")) for link in english] == [("Money", None)]


SITE = "title: The Daily\nbase_url: https://news.example/daily\nid_domain: news.example\n"
CATEGORIES = "world: {title: World}\nasia: {title: Asia}\n"


def bilingual_newsroom(root: Path, **keys: str) -> Publication:
    """Return the publication of two pairs in English and Korean, and of a story in Korean only.

    The section Asia has only the Korean article of the first pair. `keys` are those of this pair's original.
    """
    files: dict[str, str | bytes] = {"site.yaml": SITE, "categories.yaml": CATEGORIES}
    files |= article("older", "2025-12-01", category="world")
    files |= article("pier", "2026-01-05", category="world", tags="[sea]", **keys)
    pier = {"language": "ko", "translation_of": "tag:news.example,2026:pier", "categories": "[world, asia]", "tags": "[sea]"}
    files |= article("pier-ko", "2026-02-05", **pier)
    files |= article("only-ko", "2026-02-06", category="world", language="ko", tags="[sea]")
    files |= article("bus", "2026-02-07", category="world", tags="[sea]")
    bus = {"language": "ko", "translation_of": "tag:news.example,2026:bus", "category": "world", "tags": "[sea]"}
    files |= article("bus-ko", "2026-02-08", **bus)
    return newsrooms.load_publication(newsrooms.write(root, files))


def listed(publication: Publication, path: str) -> list[str]:
    """Return the slugs of the articles that a page lists, in order."""
    main = text_of(publication, path).partition("<main")[2].partition('<section class="related"')[0]
    return re.findall(r'<(?:h\d|li)><a href="/daily/articles/([\w-]+)/"', main)


def test_pages_list_one_article_of_each_work(tmp_path: Path) -> None:
    publication = bilingual_newsroom(tmp_path)
    assert sorted(listed(publication, "/")) == ["bus", "older", "only-ko", "pier"]
    assert listed(publication, "/category/world/") == ["bus", "only-ko", "pier", "older"]
    assert listed(publication, "/category/asia/") == ["pier-ko"]
    assert listed(publication, "/tag/sea/") == ["bus", "only-ko", "pier"]
    assert listed(publication, "/language/ko/") == ["bus-ko", "only-ko", "pier-ko"]
    assert listed(publication, "/archive/2026/02/") == ["bus", "only-ko"]
    assert listed(publication, "/archive/2026/01/") == ["pier"]
    assert "3 articles" in text_of(publication, "/archive/")
    assert "2 articles" in text_of(publication, "/archive/2026/02/")


def test_feeds_hold_translations_unless_the_newsroom_wants_one_article_of_each_work(tmp_path: Path) -> None:
    publication = bilingual_newsroom(tmp_path)
    assert len(json.loads(text_of(publication, "/category/world/feed.json"))["items"]) == 6
    site = f"{SITE}feed: {{translations: one}}\n"
    categories = "world: {title: World, feed: {translations: all}}\nasia: {title: Asia}\n"
    newsrooms.write(tmp_path, {"site.yaml": site, "categories.yaml": categories})
    publication = newsrooms.load_publication(tmp_path)
    titles = {path: [item["title"] for item in json.loads(text_of(publication, f"{path}feed.json"))["items"]] for path in PATHS}
    assert titles == {
        "/": ["bus", "only-ko", "pier", "older"],
        "/category/world/": ["bus-ko", "bus", "only-ko", "pier-ko", "pier", "older"],
        "/category/asia/": ["pier-ko"],
        "/language/ko/": ["bus-ko", "only-ko", "pier-ko"],
    }
    assert listed(publication, "/category/world/") == ["bus", "only-ko", "pier", "older"]


PATHS = ("/", "/category/world/", "/category/asia/", "/language/ko/")


def test_an_article_in_another_language_than_its_page_is_marked_by_the_language_s_own_name(tmp_path: Path) -> None:
    publication = bilingual_newsroom(tmp_path)
    for path in ("/category/world/", "/archive/2026/02/", "/tag/sea/"):
        assert text_of(publication, path).count('in <span lang="ko" dir="ltr">한국어</span>') == 1, path
    assert ">한국어</span>" not in text_of(publication, "/language/ko/").partition("<main")[2]


def test_related_articles_are_of_different_works_and_none_is_the_previous_article(tmp_path: Path) -> None:
    """The original had one tag and its translation another one, and an article with both tags showed both."""
    files = {**newsrooms.SITE, **article("new", "2026-02-09", tags="[sea, ships]")}
    for day, slug in ((1, "tide"), (2, "pier"), (3, "bus")):
        files |= article(slug, f"2026-02-0{day}", tags="[sea]")
        files |= article(
            f"{slug}-ko", f"2026-02-0{day}", language="ko", translation_of=f"tag:news.example,2026:{slug}", tags="[ships]"
        )
    publication = newsrooms.load_publication(newsrooms.write(tmp_path, files))
    related = elements(page(publication, "new"), ".//section[@class='related']//h3/a")
    slugs = [link.get("href").split("/")[-2] for link in related]
    assert [slug.removesuffix("-ko") for slug in slugs] == ["pier", "tide"]
    assert neighbours(publication, "new")["prev"] == "bus"


def test_the_correction_of_a_translation_alone_is_on_the_front_page_and_that_of_a_work_once(tmp_path: Path) -> None:
    bilingual_newsroom(tmp_path)
    for slug, day in (("bus-ko", 20), ("pier", 19), ("pier-ko", 19), ("older", 18)):
        file = tmp_path / f"articles/{slug}.yaml"
        file.write_text(f"{file.read_text('utf-8')}corrections: [{{date: 2026-02-{day}, text: Wrong {slug}}}]\n", "utf-8")
    text = text_of(newsrooms.load_publication(tmp_path), "/").partition('class="block corrections"')[2]
    assert re.findall(r"Wrong ([\w-]+)", text) == ["bus-ko", "pier", "older"]
    assert '<p><span>in <span lang="ko" dir="ltr">한국어</span></span> <strong>' in text
    assert text.count("한국어") == 1


def neighbours(publication: Publication, slug: str) -> dict[str, str]:
    links = elements(page(publication, slug), ".//nav[@class='neighbours']/a")
    return {link.get("rel"): link.get("href").split("/")[-2] for link in links}


def test_a_translation_has_the_neighbours_and_related_articles_of_its_original(tmp_path: Path) -> None:
    publication = bilingual_newsroom(tmp_path)
    assert neighbours(publication, "only-ko") == {"prev": "pier", "next": "bus"}
    for original in ("bus", "pier"):
        assert neighbours(publication, f"{original}-ko") == neighbours(publication, original)
        related = [page(publication, slug).partition('class="related"')[2] for slug in (original, f"{original}-ko")]
        assert related[0] == related[1]
    assert neighbours(publication, "pier") == {"prev": "older", "next": "only-ko"}


def test_a_withdrawn_original_leaves_its_place_to_the_translation(tmp_path: Path) -> None:
    publication = bilingual_newsroom(tmp_path, status="withdrawn")
    assert listed(publication, "/category/world/") == ["bus", "only-ko", "pier-ko", "older"]
    assert listed(publication, "/archive/2026/02/") == ["bus", "only-ko", "pier-ko"]


def test_a_scheduled_original_takes_the_place_of_its_translation_once_it_appears(tmp_path: Path) -> None:
    bilingual_newsroom(tmp_path, published="2026-03-10")
    before = newsrooms.load_publication(tmp_path)
    listed_before = {path: listed(before, path) for path in PATHS}
    after = before.next_edition(before.catalog.apply_changes(before.catalog.content, datetime(2026, 3, 11, tzinfo=UTC)))
    assert listed_before["/"][:1] != listed(after, "/")[:1]
    assert listed_before["/category/world/"] == ["bus", "only-ko", "pier-ko", "older"]
    assert listed(after, "/category/world/") == ["pier", "bus", "only-ko", "older"]
    assert {"/", "/category/world/", "/articles/bus-ko/", "/archive/2026/02/"} <= after.changed_since(before)
