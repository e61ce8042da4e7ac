"""Freshness (RFC 9111, RFC 5861): no cache may serve a document after the next scheduled change."""

import re
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from feedsvc.publication.headers import MAX_AGE, cache_control
from tests.helpers.http_client import call
from tests.web.conftest import SiteFixture
from tests.web.newsroom import NEXT_CHANGE, NOON


def parse_seconds(header: str) -> dict[str, int]:
    return {name: int(value) for name, value in re.findall(r"([a-z-]+)=(\d+)", header)}


def max_staleness(header: str) -> int:
    """Return the seconds for which a cache that follows RFC 5861 may serve the response."""
    seconds = parse_seconds(header)
    return seconds["max-age"] + max(seconds.get("stale-while-revalidate", 0), seconds.get("stale-if-error", 0))


def test_cache_control_without_a_scheduled_change() -> None:
    assert cache_control(NOON, None) == "public, max-age=300, stale-while-revalidate=600, stale-if-error=86400"
    assert cache_control(NOON, None, private=True) == "private, max-age=300"
    assert cache_control(NOON, None, missing=True) == "public, max-age=10"


@given(
    delay=st.timedeltas(min_value=timedelta(), max_value=timedelta(days=3)),
    microseconds=st.integers(0, 999_999),
    private=st.booleans(),
    missing=st.booleans(),
)
def test_every_freshness_period_ends_before_the_next_change(
    delay: timedelta, microseconds: int, private: bool, missing: bool
) -> None:
    now = NOON + timedelta(microseconds=microseconds)
    header = cache_control(now, now + delay, private=private, missing=missing)
    # A cache counts from the arrival of the response, which may be in the same second.
    assert timedelta(seconds=max_staleness(header)) < delay or max_staleness(header) == 0
    assert parse_seconds(header)["max-age"] <= MAX_AGE


@given(seconds=st.integers(90_000, 10**8))
def test_distant_change_does_not_shorten_cache_control(seconds: int) -> None:
    assert cache_control(NOON, NOON + timedelta(seconds=seconds)) == cache_control(NOON, None)


def test_publication_and_expiry_take_effect_in_their_exact_second(site: SiteFixture) -> None:
    site.clock.now = NEXT_CHANGE - timedelta(microseconds=1)
    app = site.start_app()
    before = call(app, "/category/culture/feed.rss")
    assert b"Later today" not in before.body
    assert b"Open until one" in before.body
    assert parse_seconds(before["Cache-Control"])["max-age"] == 0
    paths = ("/articles/later/", "/articles/later-once", "/tag/evening/feed.json", "/media/later.pdf", "/articles/brief/")
    assert [call(app, path).status for path in paths] == [404, 404, 404, 404, 200]
    site.clock.now = NEXT_CHANGE
    after = call(
        app, "/category/culture/feed.rss", {"If-Modified-Since": before["Last-Modified"], "If-None-Match": before["ETag"]}
    )
    assert after.status == 200
    assert b"Later today" in after.body
    assert b"Open until one" not in after.body
    assert after["Last-Modified"] == "Sun, 01 Mar 2026 13:00:00 GMT"
    assert [call(app, path).status for path in paths] == [200, 301, 200, 200, 404]
    assert call(app, "/category/culture/feed.rss", {"If-Modified-Since": after["Last-Modified"]}).status == 304
