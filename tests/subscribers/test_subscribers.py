"""What people see who follow a newsroom with real programs, and what these programs cost the server."""

import os
from collections import Counter
from collections.abc import Callable

import pytest

from tests.readers.tool import require
from tests.subscribers import readers_page
from tests.subscribers.newsroom import (
    AFTER_MOVE,
    AT_FIRST,
    BY_NOBODY,
    BY_TWO,
    CORRECTED,
    GONE,
    IN_SECTION,
    LITERAL,
    NEW_WORDS,
    NEWS,
    RENAMED,
    SITE,
    Article,
)
from tests.subscribers.program import Item, Subscriber
from tests.subscribers.readers_page import of
from tests.subscribers.story import Told, feeds_of, told
from tests.subscribers.table import SUBSCRIBERS

Seen = Callable[[str], Told]
SECTIONS = {"section": "business", "former": "culture"}


@pytest.fixture(scope="session")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Each program's story, told once."""
    known: dict[str, Told] = {}

    def one(name: str) -> Told:
        require(SUBSCRIBERS[name])
        if name not in known:
            known[name] = told(SUBSCRIBERS[name], tmp_path_factory.mktemp(name))
        return known[name]

    return one


each = pytest.mark.parametrize("name", list(SUBSCRIBERS))


def expected(feed: str) -> list[Article]:
    section = SECTIONS.get(feed)
    return [one for one in AT_FIRST if not section or one.section == section]


def reached(subscriber: Subscriber) -> list[str]:
    """The feeds that it gets from the start: all but one that lies behind a 301."""
    return [feed for feed in feeds_of(subscriber) if subscriber.follows or feed != "former"]


@each
def test_every_article_stands_there_once_with_its_title_and_address(seen: Seen, name: str) -> None:
    story = seen(name)
    for feed in reached(SUBSCRIBERS[name]):
        # What a title of HTML's own signs becomes is in the table.
        shown = [(item.title, item.link) for item in story.held["first", feed] if not item.link.endswith(f"/{LITERAL.slug}/")]
        meant = [(one.title, f"{story.url}/articles/{one.slug}/") for one in expected(feed) if one is not LITERAL]
        assert Counter(shown) == Counter(meant), feed


@each
def test_bylines_name_those_who_wrote(seen: Seen, name: str) -> None:
    story = seen(name)
    for feed in SUBSCRIBERS[name].formats:
        for one in AT_FIRST:
            [item] = of(story, "first", feed, one)
            byline = item.byline.removeprefix(f"{SITE}: ")  # rss2email says whose feed it is
            named = {BY_TWO: {"Lê Tuấn", "Mina Park"}, BY_NOBODY: {SITE}}.get(one, {"Mina Park"})
            assert set(byline.split(", ")) <= named, (feed, one.slug)


@each
def test_dates_are_the_articles_own(seen: Seen, name: str) -> None:
    story = seen(name)
    for feed in SUBSCRIBERS[name].formats:
        for one in AT_FIRST:
            assert [item.date in one.dates for item in of(story, "first", feed, one)] == [True], (feed, one.slug)


@each
def test_what_did_not_change_is_answered_with_304(seen: Seen, name: str) -> None:
    subscriber, story = SUBSCRIBERS[name], seen(name)
    last = 304 if subscriber.asks_if_changed else 200
    for feed in reached(subscriber):
        assert story.asked["first", feed][0] in (200, 301), feed
        assert story.asked["later still", feed][-1] == last, feed
        if subscriber.follows:
            assert story.asked["at last", feed][-1] == last, feed
    assert {status for statuses in story.asked.values() for status in statuses} <= {200, 301, 304}


@each
def test_nothing_happens_where_nothing_changed(seen: Seen, name: str) -> None:
    story = seen(name)
    for feed in feeds_of(SUBSCRIBERS[name]):
        for before, after in (("first", "later still"), ("after the move", "at last")):
            assert Counter(story.held[before, feed]) == Counter(story.held[after, feed]), (feed, after)


@each
def test_a_new_article_shows_once(seen: Seen, name: str) -> None:
    subscriber, story = SUBSCRIBERS[name], seen(name)
    for feed in (*subscriber.formats, "section"):
        for refresh in ("changes", "at last"):
            assert [item.title for item in of(story, refresh, feed, NEWS)] == [NEWS.title], (feed, refresh)


@each
def test_a_correction_shows_once_at_most(seen: Seen, name: str) -> None:
    story = seen(name)
    for feed in SUBSCRIBERS[name].formats:
        corrected = [of(story, refresh, feed, CORRECTED) for refresh in ("changes", "at last")]
        assert [sum(NEW_WORDS in " ".join(item.text.split()) for item in items) for items in corrected] in ([0, 0], [1, 1]), feed
        renamed = of(story, "at last", feed, RENAMED)
        assert (len(renamed) == 2) == SUBSCRIBERS[name].doubles, feed
        assert sum(item.title == RENAMED.title for item in renamed) <= 1, feed


@each
def test_a_withdrawn_article_never_shows_again(seen: Seen, name: str) -> None:
    story = seen(name)
    for feed in SUBSCRIBERS[name].formats:
        for refresh in ("changes", "moved", "at last"):
            assert len(of(story, refresh, feed, GONE)) <= 1, (feed, refresh)


@each
def test_a_section_that_moves_keeps_its_readers_and_doubles_nothing(seen: Seen, name: str) -> None:
    subscriber, story = SUBSCRIBERS[name], seen(name)

    def others(refresh: str) -> Counter[Item]:
        return Counter(item for item in story.held[refresh, "section"] if not item.link.endswith(f"/{AFTER_MOVE.slug}/"))

    assert {item.link.rsplit("/", 2)[1] for item in others("changes")} == set(IN_SECTION)
    assert others("changes") == others("moved") == others("at last")
    assert story.asked["moved", "section"][0] == 301
    shown = [item.title for item in of(story, "at last", "section", AFTER_MOVE)]
    assert shown == ([AFTER_MOVE.title] if subscriber.follows else [])
    for feed in subscriber.formats:
        assert [item.title for item in of(story, "at last", feed, AFTER_MOVE)] == [AFTER_MOVE.title], feed


def test_the_table_of_readers_is_what_was_seen(seen: Seen) -> None:
    made = readers_page.page({subscriber: seen(name) for name, subscriber in SUBSCRIBERS.items()})
    if os.environ.get("FEEDSVC_TEST_WRITE_READERS") == "1":
        readers_page.FILE.write_text(made, "utf-8")
    # Versions differ from machine to machine; where one makes a difference, this says which.
    kept = readers_page.FILE.read_text("utf-8") if readers_page.FILE.exists() else ""
    assert readers_page.without_versions(made) == readers_page.without_versions(kept), (
        f"look at the difference, then {readers_page.RENEW}\n\n{made}"
    )
