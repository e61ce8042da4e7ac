"""Selections of feeds with random rules, public and private ones and digests, while articles and the rules are edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.catalog import Catalog, build_catalog
from feedsvc.content.folder import ContentSnapshot
from feedsvc.model import CustomFeed, IssueSchedule
from feedsvc.publication.document import Document
from feedsvc.publication.publication import Publication
from feedsvc.routes import FEED_SUFFIXES, ListingRef
from tests.catalog.test_changes import public_state
from tests.catalog.test_custom_feeds import custom_feeds, is_selected
from tests.catalog.test_periodicals import issues, naive_issues
from tests.helpers import model_newsrooms
from tests.helpers.model_newsrooms import RandomEditor

SCHEDULES: Final = st.builds(IssueSchedule, minute_of_day=st.integers(0, 1439), weekday=st.none() | st.integers(0, 6))
ACCESS: Final = st.sampled_from(("public", "private"))
ZONES: Final = st.sampled_from(("Asia/Seoul", "Europe/Berlin", "Pacific/Apia"))


@st.composite
def feeds_of_all_kinds(draw: st.DrawFn) -> tuple[CustomFeed, ...]:
    """Draw feeds with random rules, each of which is public, private or a digest."""
    feeds = draw(custom_feeds())
    digests = [draw(st.booleans()) for _ in feeds]
    return tuple(
        replace(feed, digest=draw(SCHEDULES)) if is_digest else replace(feed, access=draw(ACCESS))
        for feed, is_digest in zip(feeds, digests, strict=True)
    )


RULES: Final = st.lists(feeds_of_all_kinds(), min_size=3, max_size=3)


def with_feeds(content: ContentSnapshot, feeds: Sequence[CustomFeed]) -> ContentSnapshot:
    private = {feed.id: feed for feed in feeds if feed.access == "private"}
    return replace(content, private_feeds=private, custom_feeds={feed.id: feed for feed in feeds if feed.id not in private})


def edit(editor: RandomEditor, catalog: Catalog, rules: Sequence[Sequence[CustomFeed]]) -> Catalog:
    """Return the catalog after a random edit of articles, of the clock, and in one of three cases of feeds.yaml."""
    removed, added = editor.edit()
    if editor.random.random() < 1 / 3:
        editor.content = with_feeds(editor.content, editor.random.choice(rules))
    return catalog.apply_changes(editor.content, editor.now, removed=removed, added=added)


def open_newsroom(random: Random, zone: str, feeds: Sequence[CustomFeed], max_articles: int) -> RandomEditor:
    content = with_feeds(model_newsrooms.snapshot(), feeds)
    content = replace(content, site=replace(content.site, timezone=zone))
    return RandomEditor(random=random, content=content, max_articles=max_articles)


def assert_members(catalog: Catalog, feed: CustomFeed) -> None:
    """Assert that a feed holds what a naive filter of all articles selects."""
    rows = [row for row in catalog.listings[ListingRef()].rows if is_selected(feed, row.article)]
    ref = ListingRef("custom", feed.id)
    if feed.digest:
        visible = [row for row in catalog.visible.rows if is_selected(feed, row.article)]
        held = {day: {*slugs} for day, slugs in issues(catalog, ref).items()}
        assert held == naive_issues(catalog, visible, feed.digest)
        return
    listing = catalog.private_listing(feed.id, catalog.now) if feed.access == "private" else catalog.listings[ref]
    assert listing
    assert [*listing.rows] == rows
    oldest = catalog.now - timedelta(seconds=feed.max_age or 10**9)
    newest = [row for row in listing.visible if row.article.published > oldest][: listing.feed.entries]
    assert [*listing.feed_rows][: len(newest)] == newest


@pytest.mark.slow
@given(random=st.randoms(use_true_random=False), rules=RULES, zone=ZONES)
@settings(max_examples=20, deadline=None)
def test_members_equal_those_of_a_naive_filter_and_of_a_new_catalog_while_rules_change(
    random: Random, rules: list[tuple[CustomFeed, ...]], zone: str
) -> None:
    editor = open_newsroom(random, zone, rules[0], max_articles=30)
    catalog = build_catalog(editor.content, editor.now)
    for _ in range(9):
        catalog = edit(editor, catalog, rules)
        fresh = build_catalog(editor.content, editor.now)
        assert public_state(catalog) == public_state(fresh)
        assert catalog.private_listings == fresh.private_listings
        for feed in (*editor.content.custom_feeds.values(), *editor.content.private_feeds.values()):
            assert_members(catalog, feed)


def bodies(publication: Publication) -> dict[str, bytes]:
    """Return the bytes of each feed, archives included, and of the private feeds."""
    catalog = publication.catalog
    documents = {path: publication.resolve(path) for path in publication.feed_paths()}
    for name, suffix in product(catalog.content.private_feeds, FEED_SUFFIXES):
        path = f"/private/{name}/feed.{suffix}"
        documents[path] = publication.render_private_feed(name, suffix, path, catalog.now)
    return {path: document.body for path, document in documents.items() if isinstance(document, Document)}


@pytest.mark.slow
@given(random=st.randoms(use_true_random=False), rules=RULES, zone=ZONES)
@settings(max_examples=8, deadline=None)
def test_feeds_after_edits_of_articles_and_rules_have_the_bytes_of_a_new_publication(
    random: Random, rules: list[tuple[CustomFeed, ...]], zone: str
) -> None:
    editor = open_newsroom(random, zone, rules[0], max_articles=12)
    publication = Publication(build_catalog(editor.content, editor.now))
    former = bodies(publication)
    for _ in range(5):
        before, publication = publication, publication.next_edition(edit(editor, publication.catalog, rules))
        now = bodies(publication)
        assert now == bodies(Publication(build_catalog(editor.content, editor.now)))
        public = {path for path in former.keys() | now.keys() if not path.startswith("/private/")}
        assert publication.changed_since(before) >= {path for path in public if former.get(path) != now.get(path)}
        former = now
