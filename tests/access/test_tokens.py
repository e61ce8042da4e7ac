"""Form, end and limit of tokens."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.access.tokens import MAX_LIMIT, Token, TokenState, check_name, hide_tokens, log_path, new_token, token_digest
from feedsvc.errors import FeedsvcError
from tests.access.conftest import NOON, make_token


def test_a_token_is_random_and_needs_no_escaping() -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert {len(token) for token in tokens} == {32}
    assert set("".join(tokens)) <= set("abcdefghijklmnopqrstuvwxyz234567")
    assert all(token_digest(token) not in (None, token.encode()) for token in tokens)


@pytest.mark.parametrize("change", [str.upper, lambda token: token[:-1], lambda token: f"{token}a", lambda token: f"{token}\n"])
def test_another_spelling_is_no_token(change: object) -> None:
    assert callable(change)
    assert token_digest(change("a" * 32)) is None


@given(
    limit=st.integers(1, 400) | st.sampled_from([1000, 7777, MAX_LIMIT]),
    steps=st.lists(st.integers(0, 40_000), max_size=40),
    start=st.integers(0, 999_999),
)
def test_the_limit_is_a_burst_and_then_a_steady_rate(limit: int, steps: list[int], start: int) -> None:
    """Fetches in an hour are at most twice the limit, and no wait is longer than needed."""
    token, now = make_token(hourly_limit=limit), NOON + timedelta(microseconds=start)
    admitted: list[datetime] = []
    for step in [0] * min(limit + 1, 30) + steps:
        now += timedelta(milliseconds=step)
        after, wait = token.after_fetch(now)
        assert (wait == 0) == (after is not token)
        if wait:
            assert wait <= math.ceil(3600 / limit)
            assert after.after_fetch(now + timedelta(seconds=wait))[1] == 0
        else:
            admitted.append(now)
        token = after
    assert token.fetches == len(admitted)
    assert len([moment for moment in admitted if moment > now - timedelta(hours=1)]) <= 2 * limit
    if limit < 29:
        assert admitted[:limit] == [admitted[0]] * limit
        assert admitted[limit : limit + 1] != [admitted[0]]


def test_a_clock_that_is_set_back_stops_a_token_for_one_interval_only() -> None:
    token = make_token(hourly_limit=4)
    for _ in range(4):
        token, _ = token.after_fetch(NOON + timedelta(days=400))
    token, wait = token.after_fetch(NOON)
    assert (wait, token.fetches) == (900, 4)
    for quarter in range(1, 4):
        token, wait = token.after_fetch(NOON + timedelta(seconds=900 * quarter))
        assert (wait, token.fetches) == (0, 4 + quarter)
        assert token.after_fetch(NOON + timedelta(seconds=900 * quarter))[1] == 900
    assert token.state(NOON) is TokenState.ACTIVE


def test_servers_whose_clocks_differ_by_minutes_count_one_limit() -> None:
    token, admitted = make_token(hourly_limit=60), 0
    for second in range(0, 3600, 10):
        for skew in (0, 240):
            token, wait = token.after_fetch(NOON + timedelta(seconds=second + skew))
            admitted += not wait
            assert wait <= 60 + 240
    assert admitted <= 60 + 60 + 4


def test_states() -> None:
    end = NOON + timedelta(hours=1)
    token = make_token(expires_at=end)
    assert token.state(end - timedelta(microseconds=1)) is TokenState.ACTIVE
    assert token.state(end) is TokenState.EXPIRED
    assert make_token(expires_at=end, revoked_at=end).state(NOON) is TokenState.REVOKED


@pytest.mark.parametrize("name", ["alice", "alice@example.org", "Harbour Radio", "한국 지국", "a", "x1" * 32, "a_b-c.d+e"])
def test_name_is_allowed(name: str) -> None:
    assert check_name(name) == name


REFUSED: Final = (
    *("", " a", "a ", "(unknown)", "a/b", "a\nb", "a\tb", "x" * 65, "-a", "a\udc80", "a\x00", "a" * 32, "a%2F", "a?b", ".."),
    "a\u200bb",
)


@pytest.mark.parametrize("name", REFUSED)
def test_name_is_refused(name: str) -> None:
    with pytest.raises(FeedsvcError, match="is not allowed"):
        check_name(name)


def test_a_log_shows_no_token_in_any_place_of_a_path() -> None:
    token = new_token()
    for path in (
        f"/private/{token}/feed.rss",
        f"/private/{token}",
        f"/PRIVATE/{token}/feed.rss",
        f"/private//{token[:31]}/feed.rss",
        f"/private/{token[:20]}",
        f"/daily/privat/{token}/feed.rss",
        f"/articles/{token.upper()}/",
        f"//private/{token}x",
    ):
        shown = hide_tokens(path)
        assert not {token[start : start + 12] for start in range(20)} & {
            shown.lower()[start : start + 12] for start in range(len(shown))
        }
    for path in (
        "/media/private/a.jpg",
        "/",
        "/articles/a-very-long-address-of-an-article-about-the-harbour/",
        "/feeds/x/feed.rss",
    ):
        assert hide_tokens(path) == path
    assert (
        hide_tokens(f"Reader (+https://x.example/private/{token}/feed.rss)")
        == "Reader (+https://x.example/private/(token)/feed.rss)"
    )
    assert log_path("alice", "rss") == "/private/alice/feed.rss"


@given(st.randoms(use_true_random=False))
def test_state_never_returns_from_revoked(random: Random) -> None:
    token = Token(digest=b"", name="a", feed="f", created_at=NOON, revoked_at=NOON)
    assert token.state(datetime.fromtimestamp(random.randrange(2**32), UTC)) is TokenState.REVOKED
