"""Test real feed readers against a server: the items they show, and the statuses of their requests."""

import os
from collections import Counter
from collections.abc import Callable

import pytest

from tests.readers.tool import require
from tests.subscribers import readers_page
from tests.subscribers.newsroom import (
    ARTICLE_AFTER_MOVE,
    BY_NO_AUTHOR,
    BY_TWO,
    CORRECTED,
    CORRECTED_TEXT,
    ENTITY_IN_TITLE,
    INITIAL_ARTICLES,
    NEWS,
    RENAMED,
    SITE,
    SLUGS_OF_SECTION,
    WITHDRAWN_ARTICLE,
    Article,
)
from tests.subscribers.program import Item, Subscriber
from tests.subscribers.readers_page import items_of
from tests.subscribers.scenario import Observations, feeds_of, observe
from tests.subscribers.table import SUBSCRIBERS

ObserveProgram = Callable[[str], Observations]
SECTIONS = {"section": "business", "former": "culture"}


@pytest.fixture(scope="session")
def observe_program(tmp_path_factory: pytest.TempPathFactory) -> ObserveProgram:
    """Return a function that returns the observations of a program; its scenario runs once in a session."""
    cache: dict[str, Observations] = {}

    def run_scenario(name: str) -> Observations:
        require(SUBSCRIBERS[name])
        if name not in cache:
            cache[name] = observe(SUBSCRIBERS[name], tmp_path_factory.mktemp(name))
        return cache[name]

    return run_scenario


each_program = pytest.mark.parametrize("name", list(SUBSCRIBERS))


def expected_articles(feed: str) -> list[Article]:
    section = SECTIONS.get(feed)
    return [article for article in INITIAL_ARTICLES if not section or article.section == section]


def reachable_feeds(subscriber: Subscriber) -> list[str]:
    """Return the feeds that the program receives from the start. A program that follows no redirect misses the moved one."""
    return [feed for feed in feeds_of(subscriber) if subscriber.follows_redirects or feed != "former"]


@each_program
def test_every_article_is_shown_once_with_its_title_and_link(observe_program: ObserveProgram, name: str) -> None:
    scenario = observe_program(name)
    for feed in reachable_feeds(SUBSCRIBERS[name]):
        # Titles with character references differ by program; docs/readers.md has them.
        actual = [
            (item.title, item.link)
            for item in scenario.items["first", feed]
            if not item.link.endswith(f"/{ENTITY_IN_TITLE.slug}/")
        ]
        expected = [
            (article.title, f"{scenario.url}/articles/{article.slug}/")
            for article in expected_articles(feed)
            if article is not ENTITY_IN_TITLE
        ]
        assert Counter(actual) == Counter(expected), feed


@each_program
def test_bylines_name_the_authors_or_the_site(observe_program: ObserveProgram, name: str) -> None:
    scenario = observe_program(name)
    for feed in SUBSCRIBERS[name].formats:
        for article in INITIAL_ARTICLES:
            [item] = items_of(scenario, "first", feed, article)
            byline = item.byline.removeprefix(f"{SITE}: ")  # rss2email prepends the title of the feed
            named = {BY_TWO: {"Lê Tuấn", "Mina Park"}, BY_NO_AUTHOR: {SITE}}.get(article, {"Mina Park"})
            assert set(byline.split(", ")) <= named, (feed, article.slug)


@each_program
def test_dates_are_those_of_the_articles(observe_program: ObserveProgram, name: str) -> None:
    scenario = observe_program(name)
    for feed in SUBSCRIBERS[name].formats:
        for article in INITIAL_ARTICLES:
            assert [item.date in article.dates for item in items_of(scenario, "first", feed, article)] == [True], (
                feed,
                article.slug,
            )


@each_program
def test_unchanged_feeds_get_304_if_the_program_sends_validators(observe_program: ObserveProgram, name: str) -> None:
    subscriber, scenario = SUBSCRIBERS[name], observe_program(name)
    last_status = 304 if subscriber.is_conditional else 200
    for feed in reachable_feeds(subscriber):
        assert scenario.statuses["first", feed][0] in (200, 301), feed
        assert scenario.statuses["after four hours", feed][-1] == last_status, feed
        if subscriber.follows_redirects:
            assert scenario.statuses["at the end", feed][-1] == last_status, feed
    assert {status for statuses in scenario.statuses.values() for status in statuses} <= {200, 301, 304}


@each_program
def test_items_stay_the_same_if_the_feed_is_unchanged(observe_program: ObserveProgram, name: str) -> None:
    scenario = observe_program(name)
    for feed in feeds_of(SUBSCRIBERS[name]):
        for before, after in (("first", "after four hours"), ("after the next article", "at the end")):
            assert Counter(scenario.items[before, feed]) == Counter(scenario.items[after, feed]), (feed, after)


@each_program
def test_new_article_is_shown_once(observe_program: ObserveProgram, name: str) -> None:
    subscriber, scenario = SUBSCRIBERS[name], observe_program(name)
    for feed in (*subscriber.formats, "section"):
        for refresh in ("after the changes", "at the end"):
            assert [item.title for item in items_of(scenario, refresh, feed, NEWS)] == [NEWS.title], (feed, refresh)


@each_program
def test_corrected_article_is_shown_at_most_once(observe_program: ObserveProgram, name: str) -> None:
    scenario = observe_program(name)
    for feed in SUBSCRIBERS[name].formats:
        corrected = [items_of(scenario, refresh, feed, CORRECTED) for refresh in ("after the changes", "at the end")]
        assert [sum(CORRECTED_TEXT in " ".join(item.text.split()) for item in items) for items in corrected] in (
            [0, 0],
            [1, 1],
        ), feed
        renamed = items_of(scenario, "at the end", feed, RENAMED)
        assert (len(renamed) == 2) == SUBSCRIBERS[name].duplicates_renamed, feed
        assert sum(item.title == RENAMED.title for item in renamed) <= 1, feed


@each_program
def test_withdrawn_article_is_shown_again_only_as_its_notice(observe_program: ObserveProgram, name: str) -> None:
    scenario = observe_program(name)
    for feed in SUBSCRIBERS[name].formats:
        for refresh in ("after the changes", "during the move", "at the end"):
            titles = [item.title for item in items_of(scenario, refresh, feed, WITHDRAWN_ARTICLE)]
            assert len(titles) == len({*titles}) <= 2, (feed, refresh)


@each_program
def test_moved_section_redirects_its_subscribers_without_duplicates(observe_program: ObserveProgram, name: str) -> None:
    subscriber, scenario = SUBSCRIBERS[name], observe_program(name)

    def other_items(refresh: str) -> Counter[Item]:
        return Counter(
            item for item in scenario.items[refresh, "section"] if not item.link.endswith(f"/{ARTICLE_AFTER_MOVE.slug}/")
        )

    assert {item.link.rsplit("/", 2)[1] for item in other_items("after the changes")} == set(SLUGS_OF_SECTION)
    assert other_items("after the changes") == other_items("during the move") == other_items("at the end")
    assert scenario.statuses["during the move", "section"][0] == 301
    actual = [item.title for item in items_of(scenario, "at the end", "section", ARTICLE_AFTER_MOVE)]
    assert actual == ([ARTICLE_AFTER_MOVE.title] if subscriber.follows_redirects else [])
    for feed in subscriber.formats:
        assert [item.title for item in items_of(scenario, "at the end", feed, ARTICLE_AFTER_MOVE)] == [
            ARTICLE_AFTER_MOVE.title
        ], feed


def test_table_of_readers_in_the_documentation_matches_the_observations(observe_program: ObserveProgram) -> None:
    document = readers_page.page({subscriber: observe_program(name) for name, subscriber in SUBSCRIBERS.items()})
    if os.environ.get("FEEDSVC_TEST_WRITE_READERS") == "1":
        readers_page.FILE.write_text(document, "utf-8")
    # Versions differ between machines. If one changes a row, the message contains it.
    current = readers_page.FILE.read_text("utf-8") if readers_page.FILE.exists() else ""
    assert readers_page.without_versions(document) == readers_page.without_versions(current), (
        f"look at the difference, then {readers_page.RENEW}\n\n{document}"
    )
