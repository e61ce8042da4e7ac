"""Translations in a catalog: which visible articles of a work name one another, and which rows a change replaces."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Final

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from feedsvc.catalog import by_hreflang, translation_url
from feedsvc.catalog.catalog import Catalog, build_catalog
from feedsvc.model import Article, ArticleStatus
from feedsvc.routes import ListingRef
from tests.helpers import model_newsrooms
from tests.helpers.model_newsrooms import BASE, START, RandomEditor

HOUR: Final = timedelta(hours=1)


def article_id(number: int) -> str:
    return f"tag:news.example,2026:a{number}"


def work(*languages: str, **keys: object) -> tuple[Article, ...]:
    """Return an original in the first language, number 0, and its translations into the others."""
    return tuple(
        model_newsrooms.article(
            number, START - number * HOUR, language=language, translation_of=article_id(0) if number else "", **keys
        )
        for number, language in enumerate(languages)
    )


def catalog_of(articles: Iterable[Article], now: datetime = START, *, is_preview: bool = False) -> Catalog:
    return build_catalog(model_newsrooms.snapshot(articles), now, is_preview=is_preview)


def named_slugs(catalog: Catalog) -> Mapping[str, tuple[str, ...]]:
    """Return the slugs of the translations of each visible article that has any, in the order of their languages."""
    rows = catalog.visible.items()
    return {slug: tuple(translation.slug for translation in row.translations) for slug, row in rows if row.translations}


def shown_articles(catalog: Catalog) -> Mapping[ListingRef, list[str]]:
    """Return the slugs of the articles that the pages of each listing show, and of others that no page shows."""
    return {ref: [row.article.slug for row in listing.stories.rows] for ref, listing in catalog.listings.items()}


def update(before: Catalog, removed: Collection[Article], added: Collection[Article], now: datetime = START) -> Catalog:
    """Return the catalog after a change, which equals a newly built one."""
    articles = (*(article for article in before.content.articles if article not in removed), *added)
    content = replace(before.content, articles=articles)
    shown_articles(before)  # what a catalog has computed is updated
    after = before.apply_changes(content, now, removed=removed, added=added)
    assert after == build_catalog(content, now)
    assert after.visible == build_catalog(content, now).visible
    assert shown_articles(after) == shown_articles(build_catalog(content, now))
    return after


def changed_slugs(catalog: Catalog) -> set[str]:
    assert catalog.change
    return {row.article.slug for row in catalog.change.added.values()}


def test_the_visible_articles_of_a_work_name_one_another() -> None:
    articles = (*work("", "ko", "fr"), model_newsrooms.article(9, START))
    assert named_slugs(catalog_of(articles)) == dict.fromkeys(("a0", "a1", "a2"), ("a0", "a2", "a1"))


def test_pages_show_the_article_in_the_language_of_the_site_else_the_original_else_the_first() -> None:
    english, korean, french = work("", "ko", "fr")
    section = {"categories": ("c0",)}
    catalog = catalog_of((english, replace(korean, **section), replace(french, **section)))
    shown = shown_articles(catalog)
    assert (shown[ListingRef()], shown[ListingRef("category", "c0")]) == (["a0"], ["a2"])
    translated = (replace(english, language="ko"), replace(korean, language=""), french)
    assert shown_articles(catalog_of(translated))[ListingRef()] == ["a1"]
    after = update(catalog, [replace(korean, **section)], [replace(korean, **section, translation_of="")])
    assert shown_articles(after)[ListingRef()] == ["a0", "a1"]
    after = update(after, [english], [replace(english, **section)])
    assert shown_articles(after)[ListingRef("category", "c0")] == ["a0", "a1"]


def test_a_chain_and_a_cycle_of_translations_are_one_work() -> None:
    original, first, second = work("", "ko", "fr")
    chain = replace(second, translation_of=first.id)
    names = dict.fromkeys(("a0", "a1", "a2"), ("a0", "a2", "a1"))
    assert named_slugs(catalog_of((original, first, chain))) == names
    assert named_slugs(catalog_of((replace(original, translation_of=second.id), first, chain))) == names
    alone = replace(first, translation_of=first.id)
    assert named_slugs(catalog_of((original, alone))) == {}


def test_translations_of_an_unknown_article_are_one_work_without_an_original() -> None:
    _, *translations = work("", "ko", "fr")
    catalog = catalog_of(translations)
    assert named_slugs(catalog) == dict.fromkeys(("a1", "a2"), ("a2", "a1"))
    assert [language for language, _ in by_hreflang(catalog.site, catalog.visible["a1"].translations)] == ["fr", "ko"]


@pytest.mark.parametrize(
    ("languages", "default"),
    [(("", "ko"), "a0"), (("ko", ""), "a1"), (("ko", "ja"), "a0"), (("fr", "ko", "en-GB"), "a0")],
)
def test_the_default_is_in_the_language_of_the_site_or_else_the_original(languages: tuple[str, ...], default: str) -> None:
    catalog = catalog_of(work(*languages))
    *_, (hreflang, translation) = by_hreflang(catalog.site, catalog.visible["a0"].translations)
    assert (hreflang, translation.slug) == ("x-default", default)


def test_a_translation_with_a_link_is_named_with_it() -> None:
    original, translation = work("", "ko")
    catalog = catalog_of((original, replace(translation, link="https://ko.example/story")))
    urls = [translation_url(catalog.site, one) for one in catalog.visible["a0"].translations]
    assert urls == [f"{BASE}/articles/a0/", "https://ko.example/story"]


@pytest.mark.parametrize(
    "keys",
    [
        {"status": ArticleStatus.DRAFT},
        {"published": START + HOUR, "updated": START + HOUR},
        {"expires": START - HOUR / 2},
        {"status": ArticleStatus.WITHDRAWN, "withdrawn_at": START},
    ],
    ids=["draft", "scheduled", "expired", "withdrawn"],
)
def test_an_article_that_is_not_visible_is_not_named_but_joins_others(keys: Mapping[str, object]) -> None:
    original, first, second = work("", "ko", "fr")
    hidden = replace(first, **keys)  # type: ignore[arg-type]
    assert named_slugs(catalog_of((original, hidden))) == {}
    catalog = catalog_of((original, hidden, replace(second, translation_of=first.id)))
    assert named_slugs(catalog) == dict.fromkeys(("a0", "a2"), ("a0", "a2"))


def test_a_preview_names_drafts() -> None:
    original, translation = work("", "ko")
    draft = replace(translation, status=ArticleStatus.DRAFT)
    assert named_slugs(catalog_of((original, draft), is_preview=True)) == dict.fromkeys(("a0", "a1"), ("a0", "a1"))


def test_of_two_articles_in_one_language_the_original_or_the_earlier_one_is_named() -> None:
    original, first, second = work("", "ko", "ko")
    third = replace(first, id=article_id(3), slug="a3", language="")
    assert named_slugs(catalog_of((original, first, second, third))) == dict.fromkeys(("a0", "a2"), ("a0", "a2"))


def test_a_scheduled_translation_joins_in_its_second_and_changes_only_its_work() -> None:
    original, translation, other = work("", "ko", "fr")
    scheduled = replace(translation, published=START + HOUR, updated=START + HOUR)
    before = catalog_of((original, scheduled, other, *(model_newsrooms.article(n, START - HOUR) for n in range(5, 9))))
    assert before.next_change == START + HOUR
    almost = before.apply_changes(before.content, START + HOUR - timedelta(seconds=1))
    assert named_slugs(almost) == dict.fromkeys(("a0", "a2"), ("a0", "a2"))
    assert changed_slugs(almost) == set()
    after = update(almost, (), (), START + HOUR)
    assert named_slugs(after) == dict.fromkeys(("a0", "a1", "a2"), ("a0", "a2", "a1"))
    assert changed_slugs(after) == {"a0", "a1", "a2"}
    again = update(after, (), (), START)
    assert changed_slugs(again) == {"a0", "a2"}


def test_the_former_content_can_be_restored() -> None:
    """An incremental build computes the former catalog from the current one, whose content has the new articles only."""
    original, first, second = work("", "ko", "fr")
    edited = replace(first, translation_of="", slug="b1")
    now = catalog_of((original, edited, second))
    former = now.apply_changes(now.content, START, removed=(edited,), added=(first,))
    assert named_slugs(former) == dict.fromkeys(("a0", "a1", "a2"), ("a0", "a2", "a1"))
    deleted = now.apply_changes(now.content, START, removed=(second,), added=(replace(first, id=article_id(4), slug="a4"),))
    assert named_slugs(deleted) == dict.fromkeys(("a0", "a4"), ("a0", "a4"))


@pytest.mark.slow
@given(random=st.randoms(use_true_random=True), preview=st.booleans())
@settings(max_examples=20, deadline=None)
def test_translations_are_reciprocal_after_random_edits(random: Random, *, preview: bool) -> None:
    editor = RandomEditor(random=random)
    catalog, sizes = build_catalog(editor.content, editor.now, is_preview=preview), set[int]()
    for _ in range(12):
        removed, added = editor.edit()
        catalog = catalog.apply_changes(editor.content, editor.now, removed=removed, added=added)
        for row in catalog.visible.values():
            languages = [translation.language for translation in row.translations]
            assert languages == sorted(set(languages))
            assert not row.translations or row.article.slug in {translation.slug for translation in row.translations}
            assert len(languages) != 1
            for translation in row.translations:
                other = catalog.visible[translation.slug]
                assert other.translations == row.translations
                assert translation.language == (other.article.language or catalog.site.language)
            sizes.add(len(languages))
        assert not any(row.translations for row in catalog.withdrawn.values())
    event(f"sizes of works: {sorted(sizes)}")
