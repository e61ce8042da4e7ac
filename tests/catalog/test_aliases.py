"""Former addresses in a catalog that was updated from another one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from feedsvc.catalog.catalog import Catalog, build_catalog
from feedsvc.model import Article, ArticleStatus, Tag
from tests.helpers import model_newsrooms
from tests.helpers.model_newsrooms import START

DAY: Final = timedelta(days=1)
CPP: Final = Tag(id="c-plus-plus", title="C++")  # former slug: c


def article(number: int, **keys: object) -> Article:
    return model_newsrooms.article(number, START - number * DAY, **keys)


def build(articles: Iterable[Article]) -> Catalog:
    return build_catalog(model_newsrooms.snapshot(articles), START)


def update(catalog: Catalog, edits: dict[Article, Article]) -> Catalog:
    """Return the catalog after these edits, and compare its former addresses with those of a catalog that is built anew."""
    articles = tuple(edits.get(article, article) for article in catalog.content.articles)
    content = replace(catalog.content, articles=articles)
    updated = catalog.apply_changes(content, START, removed=[*edits], added=[*edits.values()])
    expected = build_catalog(content, START)
    assert dict(updated.redirects) == dict(expected.redirects)
    assert updated.redirects.listing_aliases == expected.redirects.listing_aliases
    return updated


def test_an_alias_that_is_removed_leads_nowhere_and_the_others_stay() -> None:
    one = article(1, aliases=("first", "second"))
    after = update(build([one, article(2, aliases=("third",))]), {one: replace(one, aliases=("second",))})
    assert ("article", "first") not in after.redirects
    assert (after.redirects["article", "second"], after.redirects["article", "third"]) == ("a1", "a2")


@pytest.mark.parametrize("is_reversed", [False, True])
def test_an_alias_that_moves_to_another_article_in_one_change_leads_to_it(*, is_reversed: bool) -> None:
    one, other = article(1, aliases=("wanted",)), article(2)
    edits = {one: replace(one, aliases=()), other: replace(other, aliases=("wanted",))}
    after = update(build([one, other]), dict(reversed(edits.items())) if is_reversed else edits)
    assert after.redirects["article", "wanted"] == "a2"


def test_a_new_slug_leads_from_the_former_one_and_from_all_aliases() -> None:
    one = article(1, aliases=("first",))
    after = update(build([one]), {one: replace(one, slug="renamed", aliases=("first", "a1"))})
    assert {after.redirects["article", name] for name in ("first", "a1")} == {"renamed"}


def test_a_withdrawn_article_keeps_its_aliases_and_an_expired_one_or_a_draft_loses_them() -> None:
    withdrawn, expired, draft = (article(number, aliases=(f"alias{number}",)) for number in (1, 2, 3))
    edits = {
        withdrawn: replace(withdrawn, status=ArticleStatus.WITHDRAWN, withdrawn_at=START),
        expired: replace(expired, expires=START),
        draft: replace(draft, status=ArticleStatus.DRAFT),
    }
    after = update(build([withdrawn, expired, draft]), edits)
    assert {name for kind, name in after.redirects if kind == "article"} == {"alias1"}


def test_the_aliases_of_listings_follow_a_change_of_tags() -> None:
    one = article(1)
    before = build([one])
    assert before.redirects.listing_aliases == {("category", "c0"): ("old-c0",)}
    added = update(before, {one: replace(one, tags=(CPP,))})
    assert added.redirects.listing_aliases[("tag", "c-plus-plus")] == ("c",)
    tagged = added.content.articles[0]
    removed = update(added, {tagged: replace(tagged, tags=(), aliases=("first",))})
    assert removed.redirects.listing_aliases == {("category", "c0"): ("old-c0",)}
    assert removed.redirects["article", "first"] == "a1"
