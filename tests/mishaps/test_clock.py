"""A clock that is set while a server runs: said, followed, and taken back without a restart."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.clock_jumps import ClockJumpDetector
from feedsvc.live.live import Live
from feedsvc.live.watcher import Watcher
from feedsvc.support.alerts import Alerts
from feedsvc.support.token_bucket import BucketLimit, TokenBuckets
from tests.audience.waiting import wait_until
from tests.helpers.http_client import Response, ask
from tests.kills.newsroom import AtomicEditors, article
from tests.live.served_content import MonitoredServer, fetch_status, monitored_server

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FAR = timedelta(days=2)
LIBRARY = "libfaketimeMT.so.1"


class Wall:
    """The clock that a server started within the block sees, as far from the real one as `set` says."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set("+0")

    def set(self, offset: str) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(offset)
        new.replace(self._file)  # the library reads it at any moment, and ends a program that it cannot read it for


@contextmanager
def wall(folder: Path) -> Iterator[Wall]:
    found = [*Path("/usr/lib").glob(f"*/faketime/{LIBRARY}")]
    if not found:
        missing = f"{LIBRARY} is missing: apt-get install libfaketime"
        (pytest.fail if os.environ.get("FEEDSVC_TEST_REQUIRE_ALL") == "1" else pytest.skip)(missing)
    own = {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME_TIMESTAMP_FILE": str(folder / "offset"),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in own.items():
            patch.setenv(name, value)
        yield Wall(folder / "offset")


def troubled(server: MonitoredServer) -> str:
    found: str = fetch_status(server)["alerts"].get("clock", "")
    return found


def dated(server: MonitoredServer, path: str) -> Response | None:
    """An answer with its date: that of a text which follows another in one second is the next one's, and sent from then on."""
    got = ask(server.url, path)
    return got if got["last-modified"] else None


def test_a_clock_that_is_set_forward_and_back_is_said_followed_and_harms_nothing(desk: AtomicEditors, tmp_path: Path) -> None:
    later = datetime.now(UTC) + timedelta(days=1)
    desk.save(
        "articles/later.yaml", article("later", "late").replace(b"published: ", f"published: {later.isoformat()} #".encode())
    )
    with wall(tmp_path) as clock, monitored_server(desk.root, tmp_path / "state") as server:
        before = {path: ask(server.url, path) for path in ("/feed.rss", "/", "/sitemap.xml", "/media/boats.png")}
        assert troubled(server) == ""
        clock.set("+2d")
        wait_until(lambda: ask(server.url, "/articles/later/").status == 200)
        wait_until(lambda: "was set forward by 2 days, " in troubled(server))
        assert "if it is wrong, correct it; no restart is needed" in troubled(server)
        desk.save("articles/saved.yaml", article("saved", "meanwhile"))
        wait_until(lambda: b"saved" in ask(server.url, "/archive/2026/").body + ask(server.url, "/").body)
        clock.set("+0")
        wait_until(lambda: ask(server.url, "/articles/later/").status == 404)
        wait_until(lambda: troubled(server) == "")
        for path, got in before.items():
            now = wait_until(lambda path=path: dated(server, path))  # type: ignore[misc]
            dates = [parsedate_to_datetime(now[name]) for name in ("last-modified", "date")]
            assert dates == sorted(dates), path
            assert (now.body == got.body) == (now["etag"] == got["etag"])
        clock.set("-3d")
        wait_until(lambda: "was set back by 3 days, " in troubled(server))
        wait_until(lambda: dated(server, "/feed.rss"))
        desk.save("articles/again.yaml", article("again", "meanwhile"))
        wait_until(lambda: ask(server.url, "/articles/again/").status == 200)
        clock.set("+0")
        wait_until(lambda: troubled(server) == "")
    said = [line for line in server.lines if "the clock of this machine" in line]
    assert [line.split(" by ")[0].split(", ")[0] for line in said] == [
        "feedsvc: the clock of this machine was set forward",
        "feedsvc: the clock of this machine is trusted again\n",
        "feedsvc: the clock of this machine was set back",
        "feedsvc: the clock of this machine is trusted again\n",
    ]


def test_a_clock_that_is_set_before_the_first_look_at_the_folder_is_said(desk: AtomicEditors) -> None:
    now = [datetime.now(UTC)]
    live = Live(ContentFolder(desk.root), None, lambda: now[0])
    watcher = Watcher(desk.root, live)
    now[0] += FAR
    watcher.start()
    try:
        said = wait_until(lambda: live.alerts.active.get("clock"))
    finally:
        watcher.stop()
    assert said.startswith("the clock of this machine was set forward by 2 days, ")


def test_a_clock_that_stays_where_it_was_set_is_taken_to_be_right_after_an_hour() -> None:
    passed, troubles = [0.0], Alerts()
    jumps = ClockJumpDetector(troubles, lambda: passed[0])
    assert jumps.check(NOON) == 0
    assert jumps.check(NOON + timedelta(seconds=9)) == 0  # as clocks are set right all day
    assert jumps.check(NOON + FAR) == pytest.approx(FAR.total_seconds() - 9)
    assert [*troubles.active] == ["clock"]
    passed[0] = 3599
    assert jumps.check(NOON + FAR + timedelta(seconds=3599)) == 0
    assert [*troubles.active] == ["clock"]
    passed[0] = 3600
    jumps.check(NOON + FAR + timedelta(seconds=3600))
    assert not troubles.active
    jumps.check(NOON)
    assert "set back by 2 days, 1:00:00" in troubles.active["clock"]


def test_a_clock_that_was_set_back_keeps_no_reader_waiting_until_it_has_caught_up() -> None:
    """Who had opened twenty articles was refused for as many hours as the clock had been ahead."""
    buckets = TokenBuckets(BucketLimit(burst=2, refill_seconds=3.0), max_keys=10)
    for _ in range(2):
        assert buckets.take_token(b"reader", NOON) == 0
    assert buckets.take_token(b"reader", NOON) == 3
    back = NOON - timedelta(hours=6)
    assert buckets.take_token(b"reader", back) == 3
    assert buckets.take_token(b"reader", back + timedelta(seconds=3)) == 0
