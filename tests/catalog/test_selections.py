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

from feedsvc.catalog import Catalog, Visibility, build_catalog
from feedsvc.content.folder import ContentSnapshot
from feedsvc.extensions import BUILT_IN_SUFFIXES
from feedsvc.model import CustomFeed, FeedOverrides, IssueSchedule, Selection
from feedsvc.publication.document import Document
from feedsvc.publication.publication import Publication
from feedsvc.routes import ListingRef
from tests.catalog.test_changes import public_state
from tests.catalog.test_custom_feeds import is_selected
from tests.catalog.test_periodicals import issues, naive_issues
from tests.helpers import model_newsrooms
from tests.helpers.model_newsrooms import RandomEditor

# Seeds instead of st.randoms(): most newsrooms that hypothesis itself draws have few articles, and most of their feeds are empty.
SEEDS: Final = st.integers(0, 2**32)
NAMES: Final = {
    "categories": ("c0", "c1", "c2"),
    "authors": ("p0", "p1", "p2"),
    "tags": ("south-korea", "china", "trade", "c", "moon"),
    "languages": ("en", "ko", "ko-KR", "zh-Hant"),
}
OPTIONS: Final = (FeedOverrides(), FeedOverrides(entries=1, archives="none", content="summary"), FeedOverrides(entries=2))
ZONES: Final = ("Asia/Seoul", "Europe/Berlin", "Pacific/Apia")


def random_selection(random: Random, max_kinds: int) -> Selection:
    kinds = random.sample([*NAMES], random.randint(0, max_kinds))
    return Selection(**{kind: tuple(random.sample(NAMES[kind], random.randint(1, 2))) for kind in kinds})


def random_feed(random: Random, number: int) -> CustomFeed:
    """Return a feed with random rules, which is public, private or a digest."""
    feed = CustomFeed(
        id=f"f{number}",
        title=f"Feed {number}",
        include=random_selection(random, 2),
        exclude=random_selection(random, 1),
        max_age=random.choice((None, 3600, 30 * 86400)),
        feed=random.choice(OPTIONS),
    )
    weekday = random.choice((None, random.randrange(7)))
    schedule = IssueSchedule(minute_of_day=random.randrange(24 * 60), weekday=weekday)
    return random.choice((feed, replace(feed, access="private"), replace(feed, digest=schedule)))


def random_feeds(random: Random) -> tuple[CustomFeed, ...]:
    return tuple(random_feed(random, number) for number in range(random.randint(1, 8)))


def with_feeds(content: ContentSnapshot, feeds: Sequence[CustomFeed]) -> ContentSnapshot:
    private = {feed.id: feed for feed in feeds if feed.access == "private"}
    return replace(content, private_feeds=private, custom_feeds={feed.id: feed for feed in feeds if feed.id not in private})


def edit(editor: RandomEditor, catalog: Catalog) -> Catalog:
    """Return the catalog after a random edit of articles, of the clock, and often of all feeds or of the private ones."""
    removed, added = editor.edit()
    choice = editor.random.randrange(8)
    if choice == 0:
        editor.content = with_feeds(editor.content, random_feeds(editor.random))
    elif choice == 1:
        public = editor.content.custom_feeds
        others = (feed for feed in random_feeds(editor.random) if feed.id not in public and not feed.digest)
        private = {feed.id: replace(feed, access="private") for feed in others}
        editor.content = replace(editor.content, private_feeds=private)
    return catalog.apply_changes(editor.content, editor.now, removed=removed, added=added)


def open_newsroom(random: Random, max_articles: int) -> RandomEditor:
    """Return the editor of a newsroom that has some articles and feeds already."""
    content = with_feeds(model_newsrooms.snapshot(), random_feeds(random))
    content = replace(content, site=replace(content.site, timezone=random.choice(ZONES)))
    editor = RandomEditor(random=random, content=content, max_articles=max_articles)
    while len(editor.content.articles) < max_articles // 2:
        editor.edit()
    return editor


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
    assert [row for row in listing.feed_rows if row.visibility is Visibility.VISIBLE] == newest


@pytest.mark.slow
@given(seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_members_equal_those_of_a_naive_filter_and_of_a_new_catalog_while_rules_change(seed: int) -> None:
    editor = open_newsroom(Random(seed), max_articles=30)
    catalog = build_catalog(editor.content, editor.now)
    for _ in range(9):
        catalog = edit(editor, catalog)
        fresh = build_catalog(editor.content, editor.now)
        assert public_state(catalog) == public_state(fresh)
        assert catalog.private_listings == fresh.private_listings
        for feed in (*editor.content.custom_feeds.values(), *editor.content.private_feeds.values()):
            assert_members(catalog, feed)


def bodies(publication: Publication) -> dict[str, bytes]:
    """Return the bytes of each feed, archives included, and of the private feeds."""
    catalog = publication.catalog
    documents = {path: publication.resolve(path) for path in publication.feed_paths()}
    for name, suffix in product(catalog.content.private_feeds, BUILT_IN_SUFFIXES):
        path = f"/private/{name}/feed.{suffix}"
        documents[path] = publication.render_private_feed(name, suffix, path, catalog.now)
    return {path: document.body for path, document in documents.items() if isinstance(document, Document)}


@pytest.mark.slow
@given(seed=SEEDS)
@settings(max_examples=8, deadline=None)
def test_feeds_after_edits_of_articles_and_rules_have_the_bytes_of_a_new_publication(seed: int) -> None:
    editor = open_newsroom(Random(seed), max_articles=12)
    publication = Publication(build_catalog(editor.content, editor.now))
    former = bodies(publication)
    for _ in range(5):
        before, publication = publication, publication.next_edition(edit(editor, publication.catalog))
        now = bodies(publication)
        assert now == bodies(Publication(build_catalog(editor.content, editor.now)))
        public = {path for path in former.keys() | now.keys() if not path.startswith("/private/")}
        assert publication.changed_since(before) >= {path for path in public if former.get(path) != now.get(path)}
        former = now
