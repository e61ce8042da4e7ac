"""Test a clock that is set while a server runs: jumps are reported and followed, and need no restart."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.live.watcher import ClockJumpDetector, Watcher
from feedsvc.support.alerts import Alerts
from feedsvc.support.token_bucket import BucketLimit, TokenBuckets
from tests.audience.waiting import wait_until
from tests.helpers.http_client import Response, ask
from tests.kills.newsroom import AtomicEditors, article
from tests.live.served_content import MonitoredServer, fetch_status, monitored_server

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TWO_DAYS = timedelta(days=2)
LIBRARY = "libfaketimeMT.so.1"


class FakeClock:
    """The clock of a server started within the block; `set` sets its offset from the real clock."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set("+0")

    def set(self, offset: str) -> None:
        new_file = self._file.with_suffix(".new")
        new_file.write_text(offset)
        new_file.replace(self._file)  # atomic, because the library aborts the program if it cannot read the file


@contextmanager
def fake_clock(folder: Path) -> Iterator[FakeClock]:
    libraries = [*Path("/usr/lib").glob(f"*/faketime/{LIBRARY}")]
    if not libraries:
        message = f"{LIBRARY} is missing: apt-get install libfaketime"
        (pytest.fail if os.environ.get("FEEDSVC_TEST_REQUIRE_ALL") == "1" else pytest.skip)(message)
    variables = {
        "LD_PRELOAD": str(libraries[0]),
        "FAKETIME_TIMESTAMP_FILE": str(folder / "offset"),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield FakeClock(folder / "offset")


def clock_alert(server: MonitoredServer) -> str:
    alert: str = fetch_status(server)["alerts"].get("clock", "")
    return alert


def fetch_dated(server: MonitoredServer, path: str) -> Response | None:
    """Return a response with Last-Modified, or None.

    A document that changed twice within a second has the date of the next second, and has no Last-Modified until then.
    """
    response = ask(server.url, path)
    return response if response["last-modified"] else None


def test_clock_jumps_are_reported_and_followed_without_a_restart(editors: AtomicEditors, tmp_path: Path) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    editors.save(
        "articles/later.yaml", article("later", "late").replace(b"published: ", f"published: {tomorrow.isoformat()} #".encode())
    )
    with fake_clock(tmp_path) as clock, monitored_server(editors.root, tmp_path / "state") as server:
        before = {path: ask(server.url, path) for path in ("/feed.rss", "/", "/sitemap.xml", "/media/boats.png")}
        assert clock_alert(server) == ""
        clock.set("+2d")
        wait_until(lambda: ask(server.url, "/articles/later/").status == 200)
        wait_until(lambda: "was set forward by 2 days, " in clock_alert(server))
        assert "if it is wrong, correct it; no restart is needed" in clock_alert(server)
        editors.save("articles/saved.yaml", article("saved", "meanwhile"))
        wait_until(lambda: b"saved" in ask(server.url, "/archive/2026/").body + ask(server.url, "/").body)
        clock.set("+0")
        wait_until(lambda: ask(server.url, "/articles/later/").status == 404)
        wait_until(lambda: clock_alert(server) == "")
        for path, response in before.items():
            now = wait_until(lambda path=path: fetch_dated(server, path))  # type: ignore[misc]
            dates = [parsedate_to_datetime(now[name]) for name in ("last-modified", "date")]
            assert dates == sorted(dates), path
            assert (now.body == response.body) == (now["etag"] == response["etag"])
        clock.set("-3d")
        wait_until(lambda: "was set back by 3 days, " in clock_alert(server))
        wait_until(lambda: fetch_dated(server, "/feed.rss"))
        editors.save("articles/again.yaml", article("again", "meanwhile"))
        wait_until(lambda: ask(server.url, "/articles/again/").status == 200)
        clock.set("+0")
        wait_until(lambda: clock_alert(server) == "")
    lines = [line for line in server.lines if "the clock of this machine" in line]
    assert [line.split(" by ")[0].split(", ")[0] for line in lines] == [
        "feedsvc: the clock of this machine was set forward",
        "feedsvc: the clock of this machine is trusted again\n",
        "feedsvc: the clock of this machine was set back",
        "feedsvc: the clock of this machine is trusted again\n",
    ]


def test_clock_jump_before_the_first_scan_is_reported(editors: AtomicEditors) -> None:
    now = [datetime.now(UTC)]
    live = Live(ContentFolder(editors.root), None, lambda: now[0])
    watcher = Watcher(editors.root, live)
    now[0] += TWO_DAYS
    watcher.start()
    try:
        alert = wait_until(lambda: live.alerts.active.get("clock"))
    finally:
        watcher.stop()
    assert alert.startswith("the clock of this machine was set forward by 2 days, ")


def test_clock_jump_is_accepted_after_an_hour() -> None:
    seconds, alerts = [0.0], Alerts()
    detector = ClockJumpDetector(alerts, lambda: seconds[0])
    assert detector.check(NOON) == 0
    assert detector.check(NOON + timedelta(seconds=9)) == 0  # a small correction, as by NTP
    assert detector.check(NOON + TWO_DAYS) == pytest.approx(TWO_DAYS.total_seconds() - 9)
    assert [*alerts.active] == ["clock"]
    seconds[0] = 3599
    assert detector.check(NOON + TWO_DAYS + timedelta(seconds=3599)) == 0
    assert [*alerts.active] == ["clock"]
    seconds[0] = 3600
    detector.check(NOON + TWO_DAYS + timedelta(seconds=3600))
    assert not alerts.active
    detector.check(NOON)
    assert "set back by 2 days, 1:00:00" in alerts.active["clock"]


def test_clock_set_back_does_not_extend_the_wait_for_a_token() -> None:
    """Regression: a client without tokens was refused for as many hours as the clock had been fast."""
    buckets = TokenBuckets(BucketLimit(burst=2, refill_seconds=3.0), max_keys=10)
    for _ in range(2):
        assert buckets.take_token(b"reader", NOON) == 0
    assert buckets.take_token(b"reader", NOON) == 3
    earlier = NOON - timedelta(hours=6)
    assert buckets.take_token(b"reader", earlier) == 3
    assert buckets.take_token(b"reader", earlier + timedelta(seconds=3)) == 0
