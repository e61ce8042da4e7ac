"""Freshness (RFC 9111, RFC 5861): no cache is told to keep a document past the next scheduled change."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.publication.cache_control import MAX_AGE, cache_control
from feedsvc.publication.last_modified import LastModifiedStore
from tests.helpers.http_client import Response, call
from tests.web.conftest import Office
from tests.web.newsroom import NOON, SOON

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

ADDRESSES = (
    "/feed.rss",
    "/",
    "/articles/fish/",
    "/articles/brief/",
    "/media/talk.mp3",
    "/feed",
    "/articles/recalled/",
    "/nothing",
)


def windows(caching: str) -> dict[str, int]:
    return {name: int(value) for name, value in re.findall(r"([a-z-]+)=(\d+)", caching)}


def longest(caching: str) -> int:
    """Seconds for which a cache that follows RFC 5861 may show the answer."""
    told = windows(caching)
    return told["max-age"] + max(told.get("stale-while-revalidate", 0), told.get("stale-if-error", 0))


def test_without_a_schedule() -> None:
    assert cache_control(NOON, None) == "public, max-age=300, stale-while-revalidate=600, stale-if-error=86400"
    assert cache_control(NOON, None, private=True) == "private, max-age=300"
    assert cache_control(NOON, None, missing=True) == "public, max-age=10"


@given(
    ahead=st.timedeltas(min_value=timedelta(), max_value=timedelta(days=3)),
    micro=st.integers(0, 999_999),
    private=st.booleans(),
    missing=st.booleans(),
)
def test_all_windows_end_before_the_next_change(ahead: timedelta, micro: int, private: bool, missing: bool) -> None:
    now = NOON + timedelta(microseconds=micro)
    caching = cache_control(now, now + ahead, private=private, missing=missing)
    # A cache counts from when it got the answer, which may be the same second.
    assert timedelta(seconds=longest(caching)) < ahead or longest(caching) == 0
    assert windows(caching)["max-age"] <= MAX_AGE


@given(left=st.integers(90_000, 10**8))
def test_a_far_change_shortens_nothing(left: int) -> None:
    assert cache_control(NOON, NOON + timedelta(seconds=left)) == cache_control(NOON, None)


@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize("before", [3600, 1200, 601, 300, 299, 60, 2, 1])
def test_every_answer_of_a_server_keeps_to_it(office: Office, path: str, before: int) -> None:
    office.clock.now = SOON - timedelta(seconds=before)
    got = call(office.start(), path)
    assert longest(got["Cache-Control"]) < before
    if got.status == 200:
        again = call(office.start(), path, {"If-None-Match": got["ETag"]})
        assert (again.status, again["Cache-Control"]) == (304, got["Cache-Control"])


@pytest.fixture
def edge(office: Office) -> tuple[Office, "WSGIApplication", Response]:
    """A server a moment before one article comes and one goes, and the feed it gave."""
    office.clock.now = SOON - timedelta(microseconds=1)
    app = office.start()
    return office, app, call(app, "/category/culture/feed.rss")


def test_an_article_appears_and_another_goes_in_their_very_second(edge: tuple[Office, "WSGIApplication", Response]) -> None:
    office, app, before = edge
    assert b"Later today" not in before.body
    assert b"Open until one" in before.body
    assert windows(before["Cache-Control"])["max-age"] == 0
    paths = ("/articles/later/", "/articles/later-once", "/tag/evening/feed.json", "/media/later.pdf", "/articles/brief/")
    assert [call(app, path).status for path in paths] == [404, 404, 404, 404, 200]
    office.clock.now = SOON
    after = call(
        app, "/category/culture/feed.rss", {"If-Modified-Since": before["Last-Modified"], "If-None-Match": before["ETag"]}
    )
    assert after.status == 200
    assert b"Later today" in after.body
    assert b"Open until one" not in after.body
    assert after["Last-Modified"] == "Sun, 01 Mar 2026 13:00:00 GMT"
    assert [call(app, path).status for path in paths] == [200, 301, 200, 200, 404]
    assert call(app, "/category/culture/feed.rss", {"If-Modified-Since": after["Last-Modified"]}).status == 304


def test_the_next_edition_is_made_once(office: Office) -> None:
    live = Live(ContentFolder(office.content), LastModifiedStore(None), office.clock)
    live._lock.acquire()
    with ThreadPoolExecutor(2) as threads:
        both = [threads.submit(live.current, SOON) for _ in range(2)]
        time.sleep(0.1)  # until both have seen that the old one is over
        live._lock.release()
    assert both[0].result() is both[1].result() is live.current(SOON)


def test_an_hour_of_polling_misses_nothing(office: Office) -> None:
    """A cache that keeps what it may, and a reader behind it: at no second does it show an old feed."""
    office.clock.now = SOON - timedelta(seconds=400)
    app = office.start()
    kept, until = call(app, "/feed.rss"), office.clock.now
    for _ in range(500):
        office.clock.tick(1)
        if office.clock.now >= until:
            kept = call(app, "/feed.rss")
            until = office.clock.now + timedelta(seconds=longest(kept["Cache-Control"]))
        assert (b"Later today" in kept.body) == (office.clock.now >= SOON)
