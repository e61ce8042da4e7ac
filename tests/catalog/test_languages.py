"""Listings by language: which language tags have one, what it holds, and how it follows edits."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.catalog import Catalog, Row, build_catalog
from feedsvc.feeds import FeedDigests
from feedsvc.language_tags import language_ranges
from feedsvc.model import Article
from feedsvc.publication.document import Document, Redirect
from feedsvc.publication.publication import Publication
from feedsvc.routes import ListingRef
from tests.helpers import model_newsrooms, newsrooms
from tests.helpers.model_newsrooms import START, RandomEditor
from tests.helpers.newsrooms import NOW, article, body_of
from tests.validators import objections

BASE: Final = "https://t.example"
SITE: Final = f"title: T\nbase_url: {BASE}\nid_domain: t.example\nsince: 2026-01-01\nlanguage: en\nfeed: {{entries: 2}}\n"


def write(root: Path, *languages: str, site: str = SITE) -> Path:
    """Write a newsroom with an article in each language, "" for the site's; the slugs are a, b, c and so on."""
    newsrooms.write(root, {"site.yaml": site})
    for number, language in enumerate(languages):
        keys = {"language": language} if language else {}
        newsrooms.write(root, article(chr(ord("a") + number), f"2026-01-0{number + 1}", summary="S.", **keys))
    return root


def tags(catalog: Catalog) -> list[str]:
    return [ref.id for ref in catalog.listings if ref.kind == "language"]


def stems(catalog: Catalog, tag: str) -> list[str]:
    return [row.article.slug for row in catalog.listings[ListingRef("language", tag)].visible]


def model_article(number: int, language: str = "", **keys: object) -> Article:
    return model_newsrooms.article(number, START - timedelta(days=number), language=language, **keys)


def model_catalog(*languages: str) -> Catalog:
    return build_catalog(model_newsrooms.snapshot([model_article(*pair) for pair in enumerate(languages)]), START)


def test_a_site_in_one_language_has_no_listing_of_a_language(tmp_path: Path) -> None:
    publication = newsrooms.load_publication(write(tmp_path, "", "en", ""))
    assert tags(publication.catalog) == []
    assert [path for path in publication.paths_with_redirects() if "language" in path] == []
    for path in ("/subscribe/", "/feeds.opml", "/sitemap.xml"):
        assert b"anguage/" not in body_of(publication, path)


def test_a_language_has_every_document_of_a_category_in_its_own_words(tmp_path: Path) -> None:
    publication = newsrooms.load_publication(write(tmp_path, "", "ko", "", "ar", "ko", "ko"))
    assert tags(publication.catalog) == ["ar", "en", "ko"]
    assert stems(publication.catalog, "ko") == ["f", "e", "b"]
    page = body_of(publication, "/language/ko/").decode()
    assert '<html lang="ko" dir="ltr">' in page
    assert "<h1>한국어</h1>" in page
    assert ">구독</a>" in page
    assert '<span lang="en" dir="ltr">T</span>' in page
    assert '<meta property="og:locale" content="ko">' in page
    assert '<html lang="ar" dir="rtl">' in body_of(publication, "/language/ar/").decode()
    assert '<html lang="en" dir="ltr">' in body_of(publication, "/language/en/").decode()
    for suffix in ("rss", "atom", "json"):
        for path in (f"/language/ko/feed.{suffix}", f"/language/ko/archive/2026-01/feed.{suffix}"):
            assert objections(body_of(publication, path), suffix, address=f"{BASE}{path}", now=NOW) == []
            assert path in {*publication.paths()}
    feed = json.loads(body_of(publication, "/language/ko/feed.json"))
    assert (feed["title"], feed["language"], feed["home_page_url"]) == ("한국어 – T", "ko", f"{BASE}/language/ko/")
    assert b"<id>tag:t.example,2026:language/ko</id>" in body_of(publication, "/language/ko/feed.atom")
    assert b"<language>ko</language>" in body_of(publication, "/language/ko/feed.rss")
    assert "2026년" in body_of(publication, "/language/ko/archive/2026/").decode()
    assert f"{BASE}/language/ko/</loc>".encode() in body_of(publication, "/sitemap.xml")
    assert "/language/ko/feed.rss" in FeedDigests().compute(publication.catalog)


def test_languages_are_listed_by_their_own_names(tmp_path: Path) -> None:
    publication = newsrooms.load_publication(write(tmp_path, "", "ko", "ar"))
    page = body_of(publication, "/subscribe/").decode()
    assert "<h2>Languages</h2>" in page
    assert '<a href="/language/ko/" lang="ko" dir="ltr">한국어</a>' in page
    assert '<a href="/language/ar/" lang="ar" dir="rtl">العربية</a>' in page
    assert '<a href="/language/en/">English</a>' in page
    opml = body_of(publication, "/feeds.opml").decode()
    assert '<outline text="Languages">' in opml
    assert 'text="한국어" title="한국어 – T"' in opml


def test_an_article_in_another_language_links_to_the_listing_of_that_language(tmp_path: Path) -> None:
    publication = newsrooms.load_publication(write(tmp_path, "", "ko"))
    assert '<a href="/language/ko/" lang="ko" dir="ltr">한국어</a>' in body_of(publication, "/articles/b/").decode()
    assert "/language/" not in body_of(publication, "/articles/a/").decode()
    alone = newsrooms.load_publication(write(tmp_path / "alone", "ko"))
    assert "/language/" not in body_of(alone, "/articles/a/").decode()


@pytest.mark.parametrize("name", ["", "feed.rss", "feed.atom", "feed.json", "archive/2026/", "archive/2026-01/feed.rss"])
@pytest.mark.parametrize("spelling", ["PT-br", "pt_br", "pt_BR", "PT-BR"])
def test_other_spellings_of_a_tag_redirect_to_the_canonical_one(tmp_path: Path, spelling: str, name: str) -> None:
    publication = newsrooms.load_publication(write(tmp_path, "", "", "pt-br", "pt-BR", "pt-BR"))
    assert publication.resolve(f"/language/{spelling}/{name}") == Redirect(target=f"/language/pt-BR/{name}")
    assert isinstance(publication.resolve(f"/language/pt-BR/{name}"), Document)


def test_the_well_known_names_of_a_language_redirect(tmp_path: Path) -> None:
    publication = newsrooms.load_publication(write(tmp_path, "", "ko"))
    assert publication.resolve("/language/KO/rss.xml") == Redirect(target="/language/ko/feed.rss")
    assert publication.resolve("/language/ko") == Redirect(target="/language/ko/")


@pytest.mark.parametrize(
    ("languages", "requested", "expected"),
    [
        (("", "ko-KR"), "ko", "/language/ko-KR/"),
        (("", "zh-Hant-TW"), "zh_hant", "/language/zh-Hant-TW/"),
        (("", "zh-Hant-TW", "zh-Hant-HK"), "zh", "/language/zh-Hant/"),
        (("en", ""), "EN", "/"),
    ],
)
def test_a_range_of_one_listing_redirects_there_for_the_time_being(
    tmp_path: Path, languages: tuple[str, ...], requested: str, expected: str
) -> None:
    """The range has a listing of its own as soon as it matches the articles of another language, too."""
    publication = newsrooms.load_publication(write(tmp_path, *languages))
    assert publication.resolve(f"/language/{requested}/") == Redirect(target=expected, is_permanent=False)
    feed = publication.resolve(f"/language/{requested}/feed.atom")
    assert feed == Redirect(target=f"{expected}feed.atom", is_permanent=False)


@pytest.mark.parametrize("name", ["fr", "k", "ko-", "e n", "ko-KR", "%"])
def test_a_language_of_no_article_is_not_found(tmp_path: Path, name: str) -> None:
    publication = newsrooms.load_publication(write(tmp_path, "", "ko"))
    assert publication.resolve(f"/language/{name}/") is None
    assert publication.resolve(f"/language/{name}/feed.rss") is None


@pytest.mark.parametrize(
    ("languages", "expected"),
    [
        (("", "en-GB"), {"en": ["b", "a"], "en-GB": ["b"]}),
        (("pt-BR", "pt-PT", "pt-PT"), {"pt": ["c", "b", "a"], "pt-BR": ["a"], "pt-PT": ["c", "b"]}),
        (("zh-Hant-TW", "zh-Hant-HK", "zh-Hans"), {"zh": ["c", "b", "a"], "zh-Hans": ["c"], "zh-Hant": ["b", "a"]}),
        (("ko-KR", "ja"), {"ja": ["b"], "ko-KR": ["a"]}),
    ],
)
def test_a_listing_holds_all_articles_that_its_range_matches(
    tmp_path: Path, languages: tuple[str, ...], expected: dict[str, list[str]]
) -> None:
    catalog = newsrooms.load_catalog(write(tmp_path, *languages))
    assert {tag: stems(catalog, tag) for tag in expected} == expected
    assert {*tags(catalog)} == {*expected, *filter(None, languages)}


def test_a_combination_of_one_language_without_a_listing_stays_a_combination(tmp_path: Path) -> None:
    publication = newsrooms.load_publication(write(tmp_path, "", "ko-KR"))
    assert isinstance(publication.resolve("/feed/language:ko.rss"), Document)
    alone = newsrooms.load_publication(write(tmp_path / "alone", "", ""))
    assert isinstance(alone.resolve("/feed/language:en.rss"), Document)


def test_a_listing_without_visible_articles_keeps_its_address_and_tombstones(tmp_path: Path) -> None:
    root = write(tmp_path, "", "")
    keys = {"language": "ko", "status": "withdrawn", "withdrawn": "{date: 2026-01-06, notice: Wrong.}"}
    newsrooms.write(root, article("k", "2026-01-05", summary="S.", **keys))
    publication = newsrooms.load_publication(root)
    assert b"deleted-entry" in body_of(publication, "/language/ko/feed.atom")
    assert isinstance(publication.resolve("/language/ko/"), Document)
    for path in ("/subscribe/", "/feeds.opml", "/sitemap.xml"):
        assert b"language/ko" not in body_of(publication, path)


def test_a_scheduled_article_brings_the_listing_of_its_language(tmp_path: Path) -> None:
    content = model_newsrooms.snapshot([model_article(1), replace(model_article(2, "ko"), published=START + timedelta(hours=1))])
    before = build_catalog(content, START)
    after = before.apply_changes(content, START + timedelta(hours=1))
    assert (tags(before), tags(after)) == ([], ["en", "ko"])


def test_the_first_article_in_another_language_changes_all_lists_of_listings() -> None:
    """The pages of articles in the site's language stay the same."""
    before = Publication(model_catalog("", ""))
    content = model_newsrooms.snapshot([model_article(0), model_article(1), model_article(2, "ko")])
    after = before.next_edition(before.catalog.apply_changes(content, START, added=[model_article(2, "ko")]))
    changed = after.changed_since(before)
    assert {"/subscribe/", "/feeds.opml", "/sitemap.xml", "/language/en/", "/language/ko/", "/language/en/feed.rss"} <= changed
    assert "/articles/a0/" not in changed


def is_matched(tag: str, row: Row) -> bool:
    return tag.lower() in language_ranges(row.article.language or "en")


@pytest.mark.slow
@given(random=st.randoms(use_true_random=True))
@settings(max_examples=20, deadline=None)
def test_the_rows_of_each_language_equal_those_of_a_naive_filter_after_random_edits(random: Random) -> None:
    """No two listings hold the same rows unless articles have both tags, and each language of an article has a listing."""
    editor = RandomEditor(random=random, max_articles=8)
    catalog = build_catalog(editor.content, editor.now)
    for _ in range(12):
        removed, added = editor.edit()
        catalog = catalog.apply_changes(editor.content, editor.now, removed=removed, added=added)
        rows = [*catalog.listings[ListingRef()].rows]
        languages = {row.article.language or "en" for row in rows}
        held = {tag: [row for row in rows if is_matched(tag, row)] for tag in tags(catalog)}
        assert {tag: [*catalog.listings[ListingRef("language", tag)].rows] for tag in held} == held
        assert held.keys() >= languages or len(languages) == 1
        for tag, others in ((tag, held.keys() - {tag}) for tag in held.keys() - languages):
            assert all(held[other] != held[tag] for other in others)
        assert len(held) < max(1, 2 * len(languages))


@pytest.mark.slow
@given(random=st.randoms(use_true_random=True))
@settings(max_examples=10, deadline=None)
def test_changed_paths_include_every_document_that_differs_while_languages_come_and_go(random: Random) -> None:
    editor = RandomEditor(random=random, max_articles=6)
    editions = [Publication(build_catalog(editor.content, editor.now))]
    for _ in range(8):
        removed, added = editor.edit()
        catalog = editions[-1].catalog.apply_changes(editor.content, editor.now, removed=removed, added=added)
        editions.append(editions[-1].next_edition(catalog))
    for before, after in (*pairwise(editions), (editions[0], editions[-1])):
        changed = after.changed_since(before)
        for path in {*before.paths_with_redirects(), *after.paths_with_redirects()} - changed:
            if path.startswith(("/media", "/sized", "/static")):
                continue
            old, new = before.resolve(path), after.resolve(path)
            assert type(old) is type(new), path
            if isinstance(old, Document) and isinstance(new, Document):
                assert old.body == new.body, path
