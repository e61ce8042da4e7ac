"""Time changes the visibility of some articles in the same change of a catalog in which others are edited."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from feedsvc.catalog.catalog import Catalog, build_catalog
from feedsvc.model import Article, Tag
from feedsvc.routes import ListingRef
from tests.helpers import model_newsrooms
from tests.helpers.model_newsrooms import START

HOUR: Final = timedelta(hours=1)
SEA: Final = Tag(id="sea", title="Sea")
SITE: Final = ListingRef()

SCHEDULED: Final = model_newsrooms.article(1, START + HOUR, tags=(SEA,), categories=("c0",), aliases=("announced",))
EXPIRING: Final = model_newsrooms.article(2, START - 50 * HOUR, expires=START + HOUR, tags=(SEA,), aliases=("short-lived",))
EDITED: Final = model_newsrooms.article(3, START - 60 * HOUR, tags=(SEA,), categories=("c0",), aliases=("mended",))
UNCHANGED: Final = model_newsrooms.article(4, START - 70 * HOUR, tags=(SEA,), categories=("c0",))


def public_facts(catalog: Catalog) -> list[object]:
    """Return everything that is public, with the order of its mappings."""
    facts: list[object] = [catalog, *catalog.visible.items(), *catalog.withdrawn.items(), *catalog.redirects.items()]
    for ref, listing in catalog.listings.items():
        facts += [ref, listing.feed_rows, [*listing.visible], listing.last_changed]
        facts += [index.names for index in (listing.archive_index, listing.page_index)]
        facts += [[*index.totals.items()] for index in (listing.archive_index, listing.page_index)]
    return facts


def update(edits: dict[Article, Article | None], hours: int = 1) -> tuple[Catalog, Catalog]:
    """Return the catalog before, and after these edits (None removes an article) and so many hours.

    Compare the latter with a catalog that is built anew.
    """
    articles = (SCHEDULED, EXPIRING, EDITED, UNCHANGED)
    before = build_catalog(model_newsrooms.snapshot(articles), START)
    public_facts(before)  # compute cached values, which the next catalog updates
    now = START + hours * HOUR
    content = replace(before.content, articles=tuple(new for one in articles if (new := edits.get(one, one))))
    added = [article for article in edits.values() if article]
    after = before.apply_changes(content, now, removed=[*edits], added=added)
    assert public_facts(after) == public_facts(build_catalog(content, now))
    return before, after


def test_an_article_appears_and_another_expires_in_the_change_in_which_a_third_is_edited() -> None:
    before, after = update({EDITED: replace(EDITED, title="Another title")})
    assert [*before.visible] == ["a2", "a3", "a4"]
    assert [*after.visible] == ["a1", "a3", "a4"]
    assert after.visible["a3"].article.title == "Another title"
    assert [row.article.slug for row in after.listings[ListingRef("tag", "sea")].visible] == ["a1", "a3", "a4"]
    assert [row.article.slug for row in after.listings[ListingRef("category", "c0")].visible] == ["a1", "a3", "a4"]
    assert after.visible["a4"] is before.visible["a4"]


def test_former_addresses_come_and_go_with_time_in_the_change_in_which_another_article_is_edited() -> None:
    before, after = update({EDITED: replace(EDITED, aliases=("another",))})
    assert {name for kind, name in before.redirects if kind == "article"} == {"short-lived", "mended"}
    assert {name for kind, name in after.redirects if kind == "article"} == {"announced", "another"}


def test_an_article_is_removed_in_the_change_in_which_another_falls_due() -> None:
    _, after = update({EDITED: None})
    assert [*after.visible] == ["a1", "a4"]


def test_an_article_that_is_edited_in_the_change_in_which_it_falls_due_appears_once_and_as_edited() -> None:
    _, after = update({SCHEDULED: replace(SCHEDULED, title="Another title"), EDITED: replace(EDITED, text=b"")})
    assert [row.article.title for row in after.listings[SITE].rows if row.article.slug == "a1"] == ["Another title"]


def test_an_article_that_is_postponed_in_the_change_in_which_it_would_fall_due_does_not_appear() -> None:
    postponed = replace(SCHEDULED, published=START + 5 * HOUR, updated=START + 5 * HOUR)
    _, after = update({SCHEDULED: postponed})
    assert [*after.visible] == ["a3", "a4"]
    assert after.next_change == START + 5 * HOUR


def test_an_article_whose_end_is_removed_in_the_change_in_which_it_would_expire_stays() -> None:
    _, after = update({EXPIRING: replace(EXPIRING, expires=None)})
    assert [*after.visible] == ["a1", "a2", "a3", "a4"]


@pytest.mark.parametrize("hours", [-1, 0, 1, 200])
def test_any_step_of_the_clock_in_the_change_of_an_edit_gives_the_catalog_of_a_new_start(hours: int) -> None:
    update({EDITED: replace(EDITED, tags=(Tag(id="sea", title="SEA"),))}, hours)
