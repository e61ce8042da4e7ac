"""Stores of tokens behave alike in the file of a state folder, a SQLite URL and PostgreSQL, also for many processes at once."""

from __future__ import annotations

from base64 import b64decode
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final
from zlib import decompress

import pytest

from feedsvc.access import open_token_store, token_digest
from feedsvc.errors import FeedsvcError
from tests.access.conftest import NOON, OpenStore, make_token

# zlib and Base64: a file with the tokens "a" * 32 of alice and, revoked, "b" * 32 of bob, as the first versions wrote it.
FORMER_FILE: Final = (
    b"eNoLDvTJLElVSMsvyk0sUTBmEGBgYmJwUFBgYGBggmIYYARiFjQ+IcDEoFdVyAtSzLeRAYhGwSgYBaNgFIyCUTAKRsEoGAWjYBSMAuJAkw8ju7"
    b"imJmNLcEliUk5qWmpqSnFZcnxJfnZqXjEqj8k5yNUxxFUhxNHJx1UBVU5BIyUzPbW4RMHJx99JISDI09cxKFLB2zVSRyEvMTdVIcQ1IkTBzx+I"
    b"Q318dMCa0cWSi1ITS4DCnn4hru6uQUgyqRUFmUWpxTAZHYWi1DKgrSkIgYz80qKcyviczNzMEiwGlBYjK05LLUnOQBiH7KzSnJz4RGwmADUkZx"
    b"eX5mJIaSqEe4Z4+IeGKAT5h3u6cPFvY2Di52Hg5+FPG01co2AUjIJRMApGwSgYBaNgFIyCUTAKRgKI5PERl2ZjYGBk42Rjs1789Yv1pAS15oOz"
    b"3iUtYnba0HI3svDuZQuOG1JGHZVL3RNzMpNTc1Nzk1KLihnYvL+arhdgsIExQLSl03SGbJXW/pA5K4r8eXyEgSazMTJwcLDt3WxZ1n30yb/TT6"
    b"NcFMImztY2imS/Mvv05/29D80bZ2Y1J+UnIcz9xuO0BWTct0fXIhhsXOzO6HI0HSsFOtaLOn4GANtasy0="
)


def test_without_tokens_nothing_is_found_and_nothing_is_created(open_store: OpenStore, tmp_path: Path) -> None:
    store = open_store()
    store.check()
    assert store.fetch(make_token().digest, NOON) is None
    assert [*store.tokens()] == []
    assert store.revoke("alice", NOON) is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_every_value_of_a_token_is_stored(open_store: OpenStore) -> None:
    tokens = [
        make_token("한국 지국", expires_at=NOON + timedelta(days=1, microseconds=1000), hourly_limit=7),
        replace(make_token("bob", "other"), created_at=NOON + timedelta(seconds=1)),
    ]
    for token in tokens:
        open_store().add(token)
    assert [*open_store().tokens()] == tokens


def test_a_fetch_is_counted_for_all_processes(open_store: OpenStore) -> None:
    token = make_token(hourly_limit=3)
    stores = [open_store(), open_store()]
    stores[0].add(token)
    waits = [stores[number % 2].fetch(token.digest, NOON) for number in range(5)]
    assert [result and result[1] for result in waits] == [0, 0, 0, 1200, 1200]
    (stored,) = stores[1].tokens()
    assert (stored.fetches, stored.last_used_at) == (3, NOON)


def test_many_fetches_at_once_are_all_counted(open_store: OpenStore) -> None:
    token = make_token(hourly_limit=25)
    stores = [open_store() for _ in range(4)]
    stores[0].add(token)
    with ThreadPoolExecutor(8) as pool:
        results = [*pool.map(lambda number: stores[number % 4].fetch(token.digest, NOON), range(60))]
    assert Counter(bool(result and result[1]) for result in results) == {False: 25, True: 35}
    assert stores[0].tokens()[0].fetches == 25


def test_subscribers_are_served_again_after_a_clock_that_was_years_ahead_is_corrected(open_store: OpenStore) -> None:
    token, store = make_token(hourly_limit=60), open_store()
    store.add(token)
    store.fetch(token.digest, NOON + timedelta(days=1500))
    moments = [NOON + timedelta(minutes=minute) for minute in range(4)]
    results = [open_store().fetch(token.digest, moment) for moment in moments]
    assert [result and result[1] for result in results] == [60, 0, 0, 0]
    assert store.tokens()[0].fetches == 4


def test_a_revoked_token_is_found_revoked_by_all_processes_and_its_name_is_free(open_store: OpenStore) -> None:
    token, store = make_token(), open_store()
    store.add(token)
    assert open_store().revoke("alice", NOON) == token
    assert store.fetch(token.digest, NOON) == (replace(token, revoked_at=NOON), 0)
    assert open_store().revoke("alice", NOON) is None
    store.add(make_token())
    assert [stored.revoked_at for stored in store.tokens() if stored.name == "alice"].count(None) == 1


def test_two_commands_at_once_give_a_name_to_one_token(open_store: OpenStore) -> None:
    def add(_: int) -> str:
        try:
            open_store().add(make_token())
        except FeedsvcError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(8) as pool:
        messages = [*pool.map(add, range(8))]
    assert messages.count("") == 1
    assert all("there is a token named 'alice' already, for the feed 'members'" in message for message in messages if message)
    assert len(open_store().tokens()) == 1


def test_an_ended_token_is_not_counted(open_store: OpenStore) -> None:
    token, store = make_token(expires_at=NOON), open_store()
    store.add(token)
    assert store.fetch(token.digest, NOON) == (token, 0)
    assert store.tokens()[0].fetches == 0


def test_a_wrong_token_writes_nothing(tmp_path: Path) -> None:
    store = open_token_store(tmp_path)
    store.add(make_token())
    assert store.fetch(make_token().digest, NOON) is None  # opens the journal
    before = {path.name: (path.stat().st_mtime_ns, path.stat().st_ino) for path in tmp_path.iterdir()}
    for _ in range(50):
        assert store.fetch(make_token().digest, NOON) is None
    assert {path.name: (path.stat().st_mtime_ns, path.stat().st_ino) for path in tmp_path.iterdir()} == before


def test_the_file_has_no_token_and_can_be_read_only_by_its_owner(tmp_path: Path) -> None:
    token = make_token()
    open_token_store(tmp_path).add(token)
    file = tmp_path / "tokens.sqlite"
    assert file.stat().st_mode & 0o777 == 0o600
    assert token.digest in file.read_bytes()


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "sqlite://"])
def test_another_database_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(FeedsvcError, match="database"):
        open_token_store(tmp_path, url)


def test_rows_of_the_former_table_work(tmp_path: Path) -> None:
    (tmp_path / "tokens.sqlite").write_bytes(decompress(b64decode(FORMER_FILE)))
    with closing(open_token_store(tmp_path)) as store:
        result = store.fetch(token_digest("a" * 32) or b"", NOON)
        assert result
        assert (result[0].name, result[0].feed, result[0].fetches, result[1]) == ("alice", "members", 2, 0)
        assert [token.revoked_at is not None for token in store.tokens()] == [False, True]
