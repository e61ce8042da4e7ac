"""Combinations: a subscriber writes the address of a feed of several listings."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.catalog import CombinationError, build_catalog, build_combination, canonical_ref, combine
from feedsvc.catalog.selections import Term
from feedsvc.feeds import listing_title
from feedsvc.model import Article
from feedsvc.publication.document import Document, Redirect
from feedsvc.publication.publication import Publication
from feedsvc.routes import ListingRef
from tests.catalog.test_custom_feeds import BASE, write
from tests.helpers import newsrooms
from tests.helpers.model_newsrooms import START, RandomEditor
from tests.helpers.newsrooms import NOW, body_of
from tests.validators import objections

KINDS: Final = ("category", "author", "tag", "language")


@pytest.fixture
def publication(tmp_path: Path) -> Publication:
    return newsrooms.load_publication(write(tmp_path))


def titles(publication: Publication, expression: str) -> str:
    return " ".join(item["title"][-1:] for item in json.loads(body_of(publication, f"/feed/{expression}.json"))["items"])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("category:money+category:world", "E C"),
        ("category:money+category:world-tag:sponsored", "C B"),
        ("category:world+author:agency", "C"),
        ("category:money+tag:trade-author:agency", "E B"),
        ("-category:money", "D C"),
        ("-category:money-category:world", "D"),
        ("tag:trade+language:en-gb", "E"),
        ("category:money-language:en-gb", "B"),
        ("category:local+author:agency", ""),
    ],
)
def test_a_combination_holds_what_its_terms_say(publication: Publication, expression: str, expected: str) -> None:
    assert titles(publication, expression).upper() == expected


@pytest.mark.parametrize("expression", ["category:money-tag:gone", "category:money-language:ko", "category:money-language:pt-br"])
def test_a_combination_answers_as_before_when_no_article_has_what_it_excludes(publication: Publication, expression: str) -> None:
    assert titles(publication, expression).upper() == "E B"


@pytest.mark.parametrize("suffix", ["rss", "atom", "json"])
def test_a_combination_is_a_valid_feed_without_date_hub_page_and_archive(publication: Publication, suffix: str) -> None:
    path = f"/feed/category:money+category:world-tag:sponsored.{suffix}"
    document = publication.resolve(path)
    assert isinstance(document, Document)
    assert objections(document.body, suffix, address=f"{BASE}{path}", now=NOW) == []
    assert document.last_modified is None
    assert b"Money + World \xe2\x88\x92 Sponsored" in document.body or b"Money + World \\u2212 Sponsored" in document.body
    assert b"archive" not in document.body
    assert path not in {*publication.paths()}
    for name in ("/feeds.opml", "/subscribe/", "/sitemap.xml"):
        assert b"/feed/category" not in body_of(publication, name)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("/feed/category:world+category:money.atom", "/feed/category:money+category:world.atom"),
        ("/feed/+category:money+category:world.atom", "/feed/category:money+category:world.atom"),
        ("/feed/category:money+category:globe+category:money.rss", "/feed/category:money+category:world.rss"),
        ("/feed/tag:TRADE-category:local.json", "/feed/tag:trade-category:local.json"),
        ("/feed/-tag:trade+category:money.json", "/feed/category:money-tag:trade.json"),
        ("/feed/language:EN-GB-tag:trade.json", "/feed/language:en-gb-tag:trade.json"),
        ("/feed/category:globe.json", "/category/world/feed.json"),
        ("/feed/tag:Trade.rss", "/tag/trade/feed.rss"),
        ("/feed/language:EN-gb.rss", "/language/en-GB/feed.rss"),
        ("/feed/language:en_GB.rss", "/language/en-GB/feed.rss"),
        ("/feed/tag:trade-language:en_GB.rss", "/feed/tag:trade-language:en-gb.rss"),
        ("/feed/tag:trade-tag:Gone+By.rss", "/feed/tag:trade-tag:gone-plus-by.rss"),
        ("/feed/tag:trade-language:pt_BR.rss", "/feed/tag:trade-language:pt-br.rss"),
        ("/feed/" + "+".join(["tag:trade"] * 9) + ".rss", "/tag/trade/feed.rss"),
    ],
)
def test_each_combination_has_one_address(publication: Publication, written: str, canonical: str) -> None:
    assert publication.resolve(written) == Redirect(target=canonical)
    assert isinstance(publication.resolve(canonical), Document)


@pytest.mark.parametrize(
    "expression",
    [
        "category:none",
        "category:world+tag:none",
        "category:world-author:none",
        "language:ko",
        "world",
        "category:",
        "section:world",
        "category:world+",
        "category:world-tag:",
        "category:world+tag:trade-author:",
        "category:world+tag:trade-tag:trade",
        "+",
        "category:world+category:money+category:local+tag:trade+tag:sponsored+author:mina+author:agency+language:en+language:en-gb",
    ],
)
def test_an_unknown_or_too_long_combination_does_not_exist(publication: Publication, expression: str) -> None:
    assert publication.resolve(f"/feed/{expression}.rss") is None


@pytest.mark.parametrize(
    ("included", "excluded", "expected"),
    [
        ([("category", "money"), ("category", "globe")], [], ("combination", "category:money+category:world")),
        ([("category", "World")], [], ("category", "world")),
        (
            [("author", "mina"), ("tag", "TRADE")],
            [("language", "en-GB")],
            ("combination", "author:mina+tag:trade-language:en-gb"),
        ),
        ([("language", "en-gb")], [], ("language", "en-GB")),
        ([], [("tag", "sponsored")], ("combination", "-tag:sponsored")),
    ],
)
def test_a_choice_of_names_gives_the_canonical_feed(
    publication: Publication, included: list[Term], excluded: list[Term], expected: tuple[str, str]
) -> None:
    assert combine(publication.catalog, included, excluded, listing_title) == expected


@pytest.mark.parametrize(
    ("included", "excluded", "reason", "name"),
    [
        ([], [], "nothing", ""),
        ([("tag", "nope")], [], "unknown", "nope"),
        ([("feed", "world")], [], "unknown", "world"),
        ([("category", "globe")], [("category", "World")], "contradiction", "World"),
        ([("language", "en")], [("language", "EN")], "contradiction", "en"),
    ],
)
def test_a_choice_without_a_feed_names_the_reason(
    publication: Publication, included: list[Term], excluded: list[Term], reason: str, name: str
) -> None:
    with pytest.raises(CombinationError) as caught:
        combine(publication.catalog, included, excluded, listing_title)
    assert (caught.value.reason, caught.value.name) == (reason, name)


def test_combinations_can_be_switched_off(tmp_path: Path) -> None:
    root = write(tmp_path)
    site = root / "site.yaml"
    site.write_text(site.read_text().replace("entries: 2", "entries: 2, combinations: false"))
    assert newsrooms.load_publication(root).resolve("/feed/category:money+category:world.rss") is None


def has(article: Article, kind: str, name: str) -> bool:
    language = (article.language or "en").lower()
    return {
        "category": name in article.categories,
        "author": name in article.authors,
        "tag": name in [tag.id for tag in article.tags],
        "language": language == name or language.startswith(f"{name}-"),
    }[kind]


@pytest.mark.slow
@given(random=st.randoms(use_true_random=True))
@settings(max_examples=30, deadline=None)
def test_members_equal_those_of_a_naive_filter(random: Random) -> None:
    editor = RandomEditor(random=random)
    for _ in range(6):
        editor.edit()
    catalog = build_catalog(editor.content, START)
    names = {
        "category": ("c0", "c1", "c2"),
        "author": ("p0", "p1", "p2"),
        "tag": ("china", "trade", "south-korea"),
        "language": ("en", "ko"),
    }
    for _ in range(20):
        terms = [(kind := random.choice(KINDS), random.choice(names[kind])) for _ in range(random.randrange(1, 9))]
        included = [term for term in terms if random.random() < 0.7]
        excluded = [term for term in terms if term not in included]
        expression = "".join(f"{sign}{k}:{n}" for sign, group in (("+", included), ("-", excluded)) for k, n in group)
        ref = canonical_ref(catalog, expression)
        if ref is None or ref.kind != "combination":
            continue
        kinds = {kind for kind, _ in included}
        rows = [
            row
            for row in catalog.listings[ListingRef()].rows
            if all(any(has(row.article, k, n) for k, n in included if k == kind) for kind in kinds)
            and not any(has(row.article, *term) for term in excluded)
        ]
        listing = build_combination(catalog, ref.id)
        assert [*listing.rows] == rows[: len(listing.rows)]
        visible = [row for row in rows if row.visibility.value == "visible"]
        assert len([*listing.visible]) == min(len(visible), catalog.site.feed.entries)
