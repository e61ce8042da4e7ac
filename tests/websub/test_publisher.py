"""What hubs hear of a newsroom as it changes."""

import contextlib
import logging
import sqlite3
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import load_content
from feedsvc.feeds.digest import FeedDigests
from feedsvc.support.leader_lock import LeaderLock
from feedsvc.uris import absolute
from feedsvc.websub.hubs import HubSelection
from feedsvc.websub.publisher import Publisher
from feedsvc.websub.purge import PurgeCommand
from feedsvc.websub.queue import DeliveryQueue, PendingDelivery
from tests.audience.conftest import Clock
from tests.audience.waiting import SECONDS, until
from tests.helpers.newsrooms import NOW
from tests.websub import hub as hubs_
from tests.websub import newsroom
from tests.websub.conftest import Open, now, settled
from tests.websub.hub import Hub, Hubs, status
from tests.websub.newsroom import ALL, ASIA, BASE, MONEY, SITE, Desk


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "feedsvc-push"]


def test_a_first_edition_is_announced_whole(opened: Open, hub: Hub) -> None:
    desk = opened()
    desk.publish()
    settled(desk)
    assert hub.counts == dict.fromkeys(ALL, 1)


def test_a_change_is_announced_once_to_each_hub(opened: Open, content: Path, hubs: Hubs, hub: Hub) -> None:
    other = hubs()
    newsroom.write(content, hub.url, other.url)
    desk = opened()
    desk.publish()
    until(lambda: hub.counts and other.counts)  # only who has begun has something waiting
    settled(desk)
    hub.told.clear()
    other.told.clear()
    newsroom.correct(content, "Another text.")
    desk.publish()
    until(lambda: hub.counts and other.counts)
    settled(desk)
    desk.publish()
    desk.publish()
    settled(desk)
    assert hub.counts == other.counts == dict.fromkeys((*ASIA, *SITE), 1)


def test_archives_are_never_announced(opened: Open, content: Path, hub: Hub) -> None:
    site = (content / "site.yaml").read_text("utf-8")
    (content / "site.yaml").write_text(f"{site}feed: {{entries: 1}}\n", "utf-8")
    desk = opened()
    desk.publish()
    settled(desk)
    assert set(hub.told) == ALL


def test_a_restart_announces_nothing_unchanged(opened: Open, hub: Hub) -> None:
    first = opened()
    first.publish()
    settled(first)
    first.announcer.close()
    hub.told.clear()
    second = opened()
    second.publish()
    until(lambda: second.announcer.status().announcing)
    settled(second)
    second.announcer.close()
    assert hub.asked[9:] == []


def test_what_changed_while_down_is_announced(opened: Open, content: Path, hub: Hub) -> None:
    first = opened()
    first.publish()
    settled(first)
    first.announcer.close()
    hub.told.clear()
    newsroom.correct(content, "Written at night.")
    second = opened()
    second.publish()
    until(lambda: len(hub.told) >= 6)
    settled(second)
    assert hub.counts == dict.fromkeys((*ASIA, *SITE), 1)


def test_a_hub_that_was_down_hears_all_when_it_is_up(
    opened: Open, content: Path, hubs: Hubs, caplog: pytest.LogCaptureFixture
) -> None:
    with hubs_.running() as gone:
        port, address = gone.server_address[1], gone.url
    newsroom.write(content, address)
    desk = opened()
    desk.publish()
    until(lambda: any(hub.last_failure for hub in desk.announcer.status().hubs))
    newsroom.correct(content, "Changed again while it waits.")
    desk.publish()
    [hub] = desk.announcer.status().hubs
    assert (hub.hub, hub.waiting, hub.announced, hub.last_success) == (address, 9, 0, None)
    assert hub.last_failure
    assert hub.last_failure.what == "it cannot be reached (Connection refused)"
    assert hub.last_failure.next_try
    assert timedelta(0) < hub.last_failure.next_try - hub.last_failure.at <= timedelta(hours=1)
    back = hubs(port)
    settled(desk)
    assert back.counts == dict.fromkeys(ALL, 1)
    [hub] = desk.announcer.status().hubs
    assert (hub.waiting, hub.announced) == (0, 9)
    assert hub.last_success
    assert hub.last_failure
    assert hub.last_failure.next_try is None
    assert [record.getMessage() for record in caplog.records] == [
        f"feedsvc: notifications of the hub {address} are delayed: it cannot be reached (Connection refused)",
        f"feedsvc: the hub {address} accepts notifications again",
    ]


def test_one_hub_that_hangs_keeps_no_other_waiting(opened: Open, content: Path, hubs: Hubs, hub: Hub) -> None:
    deaf = hubs()
    deaf.always = hubs_.hang
    newsroom.write(content, deaf.url, hub.url)
    desk = opened(timeout=0.3)
    desk.publish()
    until(lambda: len(hub.told) >= 9)
    assert hub.counts == dict.fromkeys(ALL, 1)
    assert deaf.asked


def test_a_feed_that_a_hub_refuses_waits_an_hour_and_the_others_do_not(
    opened: Open, hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    hub.when = dict.fromkeys(ASIA, status(404))
    clock = Clock()
    desk = opened(clock=clock)
    desk.publish()
    until(lambda: len(hub.asked) >= 9)
    until(lambda: [one.waiting for one in desk.announcer.status().hubs] == [3])
    assert hub.counts == dict.fromkeys({*MONEY, *SITE}, 1)
    [told] = desk.announcer.status().hubs
    assert told.last_failure
    assert told.last_failure.what == "it responded with 404 Not Found"
    assert told.last_failure.next_try
    assert timedelta(minutes=45) <= told.last_failure.next_try - clock.now <= timedelta(hours=1)
    assert len(caplog.records) == 1  # three feeds, one reason
    hub.when = {}
    clock.tick(minutes=61)
    settled(desk)
    assert hub.counts == dict.fromkeys(ALL, 1)


def test_retry_after_is_honoured(opened: Open, hub: Hub) -> None:
    clock = Clock()
    hub.next += [status(429, Retry_After="600")]
    desk = opened(clock=clock)
    desk.publish()
    until(lambda: any(one.last_failure for one in desk.announcer.status().hubs))
    [told] = desk.announcer.status().hubs
    assert told.last_failure
    assert told.last_failure.next_try == clock.now + timedelta(minutes=10)
    clock.tick(minutes=9)
    threading.Event().wait(0.3)
    assert len(hub.asked) == 1
    clock.tick(minutes=2)
    settled(desk)
    assert hub.counts == dict.fromkeys(ALL, 1)


def test_one_feed_that_breaks_a_hub_keeps_no_other_waiting(opened: Open, hub: Hub) -> None:
    clock = Clock()
    hub.when = {ASIA[0]: status(500)}
    desk = opened(clock=clock)
    desk.publish()
    until(lambda: len(hub.asked) >= 1)
    until(lambda: any(one.last_failure for one in desk.announcer.status().hubs))
    clock.tick(seconds=2)
    until(lambda: len(hub.told) >= 8)
    assert hub.counts == dict.fromkeys(ALL - {ASIA[0]}, 1)


def test_pauses_grow_while_a_hub_is_unwell(opened: Open, hub: Hub) -> None:
    clock = Clock()
    hub.always = status(500)
    desk = opened(clock=clock)
    desk.publish()
    pauses = []
    for tries in range(1, 15):
        until(lambda: len(hub.asked) == tries)  # noqa: B023

        def told() -> datetime | None:
            [one] = desk.announcer.status().hubs
            failure = one.last_failure
            return failure.next_try if failure and failure.at == clock.now and failure.next_try else None

        until(told)
        with contextlib.closing(sqlite3.connect(desk.announcer._file)) as rows:
            until(lambda: rows.execute("SELECT failures FROM announced_hub").fetchone() == (tries,))  # noqa: B023
            [(due,)] = rows.execute("SELECT due FROM announced_hub")
        pauses.append(due - clock.now.timestamp())
        clock.tick(hours=2)
    assert pauses[:12] == sorted(pauses[:12])
    assert 0.75 <= pauses[0] <= 1
    assert pauses[12] > 2700
    assert pauses[-1] <= 3600


def test_a_feed_that_changes_while_it_waits_is_announced_once_with_the_newest(opened: Open, content: Path, hub: Hub) -> None:
    clock = Clock()
    hub.next += [status(503, Retry_After="60")]
    desk = opened(clock=clock)
    desk.publish()
    until(lambda: any(one.last_failure for one in desk.announcer.status().hubs))
    for text in ("one", "two", "three"):
        newsroom.correct(content, text)
        desk.publish()
    until(lambda: desk.announcer._queued_edition is desk.announcer._latest_edition)
    clock.tick(minutes=2)
    settled(desk)
    assert hub.counts == dict.fromkeys(ALL, 1)


def test_a_change_that_is_taken_back_while_it_waits_is_not_announced(opened: Open, content: Path, hub: Hub) -> None:
    desk = opened(clock=(clock := Clock()))
    desk.publish()
    settled(desk)
    asked = len(hub.asked)
    hub.next += [status(503, Retry_After="60")]
    newsroom.correct(content, "A slip.")
    desk.publish()
    until(lambda: len(hub.asked) > asked)
    newsroom.write(content, hub.url)
    desk.publish()
    settled(desk)
    clock.tick(minutes=2)
    assert hub.counts == dict.fromkeys(ALL, 1)


def test_a_hub_taken_out_is_forgotten(opened: Open, content: Path, hubs: Hubs, hub: Hub) -> None:
    other = hubs()
    newsroom.write(content, hub.url, other.url)
    desk = opened()
    desk.publish()
    settled(desk)
    newsroom.write(content, other.url)
    desk.publish()
    until(lambda: len(other.told) == 18)  # a feed names its hubs, so it changed
    assert [one.hub for one in desk.announcer.status().hubs] == [other.url]
    newsroom.write(content, hub.url, other.url)
    desk.publish()
    until(lambda: len(hub.told) == 18)  # it is a new one now
    settled(desk)
    assert other.counts == dict.fromkeys(ALL, 3)


def test_a_feed_that_goes_is_forgotten(opened: Open, content: Path, hub: Hub) -> None:
    desk = opened()
    desk.publish()
    settled(desk)
    (content / "articles" / "coin.yaml").unlink()
    (content / "categories.yaml").write_text("asia: {title: Asia}\n", "utf-8")
    desk.publish()
    until(lambda: len(hub.told) == 12)
    with contextlib.closing(sqlite3.connect(desk.announcer._file)) as rows:
        assert {topic for (topic,) in rows.execute("SELECT topic FROM announced_feed")} == {*ASIA, *SITE}


def test_another_base_url_makes_other_feeds(opened: Open, content: Path, hub: Hub) -> None:
    desk = opened()
    desk.publish()
    settled(desk)
    site = (content / "site.yaml").read_text("utf-8")
    (content / "site.yaml").write_text(site.replace(BASE, "https://new.example"), "utf-8")
    desk.publish()
    until(lambda: len(hub.told) == 18)
    assert set(hub.told[9:]) == {topic.replace(BASE, "https://new.example") for topic in ALL}


FAR = "https://hub.invalid/"


def far_hub_was_told(content: Path, state: Path) -> None:
    """As if the far hub had taken all nine feeds."""
    newsroom.write(content, FAR)
    current = build_catalog(load_content(content), NOW)
    with contextlib.closing(DeliveryQueue(state / "push.sqlite")) as store:
        store.synchronize(
            HubSelection(base_url=BASE, site_hubs=(FAR,)),
            {absolute(BASE, path): digest for path, digest in FeedDigests().compute(current).items()},
        )
        for feed in store.pending_deliveries(FAR):
            store.mark_delivered(FAR, feed, NOW.timestamp())


def what_the_far_hub_was_told(state: Path) -> set[str]:
    with contextlib.closing(sqlite3.connect(state / "push.sqlite")) as rows:
        return {
            topic for (topic,) in rows.execute("SELECT topic FROM announced_feed WHERE hub = ? AND wanted = announced", (FAR,))
        }


def test_a_look_at_this_machine_alone_leaves_far_hubs_told(opened: Open, content: Path, state: Path) -> None:
    far_hub_was_told(content, state)
    desk = opened()
    desk.publish(base_url="http://127.0.0.1:8000")
    assert threads() == []  # and a ping meanwhile is not told that somebody announces
    assert desk.announcer.status().hubs == ()
    assert what_the_far_hub_was_told(state) == ALL


def test_a_near_hub_is_told_of_a_look_at_this_machine_and_a_far_one_stays_told(
    opened: Open, content: Path, state: Path, hub: Hub
) -> None:
    far_hub_was_told(content, state)
    newsroom.write(content, FAR, hub.url)
    desk = opened()
    desk.publish(base_url="http://127.0.0.1:8000")
    until(lambda: len(hub.told) == 9)
    settled(desk)
    assert [one.hub for one in desk.announcer.status().hubs] == [hub.url]
    assert what_the_far_hub_was_told(state) == ALL


def test_a_site_that_becomes_local_while_it_runs_forgets_nothing(opened: Open, content: Path, state: Path) -> None:
    far_hub_was_told(content, state)
    desk = opened()
    desk.publish()
    until(lambda: desk.announcer._queued_edition is desk.announcer._latest_edition)
    desk.publish(base_url="http://localhost:8000")
    until(lambda: desk.announcer._queued_edition is desk.announcer._latest_edition)
    assert what_the_far_hub_was_told(state) == ALL


def test_what_waits_below_another_base_url_waits_on_unseen(opened: Open, content: Path, hub: Hub) -> None:
    hub.when = dict.fromkeys(ASIA, status(404))
    desk = opened()
    desk.publish()
    until(lambda: len(hub.asked) == 9)
    hub.when = {}
    desk.publish(base_url="https://new.example")
    until(lambda: len(hub.told) == 15)
    settled(desk)
    desk.publish()
    until(lambda: [one.waiting for one in desk.announcer.status().hubs] == [3])
    assert len(hub.asked) == 18


def test_without_hubs_nothing_runs(opened: Open, content: Path, state: Path) -> None:
    newsroom.write(content)
    desk = opened()
    desk.publish("https://news.example/daily/")
    assert threads() == []
    assert not state.exists()
    assert desk.announcer.status().hubs == ()
    assert not desk.announcer.status().announcing


def test_the_last_hub_that_is_taken_out_takes_the_file_along(opened: Open, content: Path, state: Path) -> None:
    desk = opened()
    desk.publish()
    settled(desk)
    newsroom.write(content)
    desk.publish()
    until(lambda: not list(state.glob("push.sqlite*")))
    desk.announcer.close()
    newsroom.write(content)
    again = opened()
    again.publish()
    assert threads() == []


def test_hubs_taken_out_while_down_are_forgotten_too(opened: Open, content: Path, state: Path, hub: Hub) -> None:
    desk = opened()
    desk.publish()
    settled(desk)
    desk.announcer.close()
    newsroom.write(content)
    again = opened()
    again.publish()
    until(lambda: not list(state.glob("push.sqlite*")))


def test_closing_while_a_hub_hangs_loses_nothing(opened: Open, hub: Hub) -> None:
    hub.always = hubs_.hang
    desk = opened(timeout=SECONDS)
    desk.publish()
    until(lambda: hub.asked)
    desk.announcer.close(0.1)
    until(lambda: threads() == [])
    [told] = desk.announcer.status().hubs
    assert (told.waiting, told.last_failure) == (9, None)  # the hub is not to blame
    hub.always = status(202)
    hub.told.clear()
    again = opened()
    again.publish()
    settled(again)
    assert hub.counts == dict.fromkeys(ALL, 1)


def test_closing_twice_or_unused_is_no_fault(state: Path) -> None:
    announcer = Publisher(state, now)
    announcer.close()
    announcer.close()
    announcer.set_edition(BASE, ["https://hub.example/"], dict)
    assert threads() == []


def test_a_state_folder_that_cannot_be_is_told_once(
    opened: Open, state: Path, hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    state.write_text("in the way")
    desk = opened()
    desk.publish()
    until(lambda: caplog.records)
    desk.publish()
    desk.announcer.close()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "hubs are not notified: " in caplog.text
    assert "push.sqlite: [Errno 17] File exists" in caplog.text
    assert hub.asked == []


def test_a_damaged_file_is_made_anew(opened: Open, state: Path, hub: Hub) -> None:
    state.mkdir()
    (state / "push.sqlite").write_bytes(b"SQLite format 3\x00 but not really " * 300)
    assert opened().announcer.status().hubs == ()
    desk = opened()
    desk.publish()
    settled(desk)
    assert hub.counts == dict.fromkeys(ALL, 1)


def test_a_clock_put_right_lets_nothing_wait_for_years(state: Path) -> None:
    store = DeliveryQueue(state / "push.sqlite")
    store.synchronize(
        HubSelection(base_url="https://a.example", site_hubs=("https://hub.example/",)), {"https://a.example/feed.rss": "1"}
    )
    [feed] = store.pending_deliveries("https://hub.example/")
    ahead = datetime(2036, 1, 1, tzinfo=UTC).timestamp()
    store.mark_failed("https://hub.example/", feed, "it failed", now=ahead, due=ahead + 1, hub_due=ahead + 1)
    assert store.due_deliveries("https://hub.example/", ahead, 9) == ()
    assert store.due_deliveries("https://hub.example/", datetime(2026, 1, 1, tzinfo=UTC).timestamp(), 9) == (
        PendingDelivery(topic="https://a.example/feed.rss", digest="1", attempts=1),
    )
    store.close()


# --- Whose turn it is -----------------------------------------------------------------------------------------


def test_of_two_announcers_one_announces_and_the_other_takes_over(opened: Open, content: Path, hub: Hub) -> None:
    one = opened()
    one.publish()
    settled(one)
    other = opened()
    other.publish()
    assert one.announcer.status().announcing
    newsroom.correct(content, "Changed.")
    one.publish()
    other.publish()
    until(lambda: len(hub.told) >= 15)
    settled(one)
    assert not other.announcer.status().announcing
    assert other.announcer.status().hubs == one.announcer.status().hubs
    one.announcer.close()
    until(lambda: other.announcer.status().announcing)
    newsroom.correct(content, "Changed after the first has gone.")
    other.publish()
    until(lambda: len(hub.told) >= 21)
    settled(other)
    assert hub.counts == {**dict.fromkeys((*ASIA, *SITE), 3), **dict.fromkeys(MONEY, 1)}


def test_a_turn_is_given_back(state: Path) -> None:
    one, other = LeaderLock(state / "lock"), LeaderLock(state / "lock")
    assert one.acquire()
    assert one.acquire()
    assert not other.acquire()
    one.release()
    one.release()
    assert other.acquire()
    other.release()


# --- The purge command ----------------------------------------------------------------------------------------

RECORD = """
import pathlib, sys
file = pathlib.Path(sys.argv[1])
file.write_text((file.read_text() if file.exists() else "") + sys.stdin.read() + "--\\n")
"""


def purge(file: Path, code: str = RECORD) -> tuple[str, ...]:
    return (sys.executable, "-c", code, str(file))


def test_caches_are_purged_before_any_hub_hears(opened: Open, tmp_path: Path, hub: Hub) -> None:
    file = tmp_path / "purged"
    seen = []
    hub.next += [lambda handler: (seen.append(file.read_text()), status(202)(handler))[1]]
    desk = opened(purge_command=purge(file))
    desk.publish(f"{BASE}/", f"{BASE}/articles/bridge/")
    settled(desk)
    addresses = sorted({f"{BASE}/", f"{BASE}/articles/bridge/", *ALL})
    assert seen == ["".join(f"{address}\n" for address in addresses) + "--\n"]
    assert desk.announcer.status().purge_failure is None


def test_what_is_purged_is_what_changed(opened: Open, content: Path, tmp_path: Path) -> None:
    file = tmp_path / "purged"
    desk = opened(purge_command=purge(file))
    desk.publish()
    settled(desk)
    file.unlink()
    newsroom.correct(content, "Changed.")
    desk.publish(f"{BASE}/articles/bridge/")
    until(file.exists)
    settled(desk)
    assert set(file.read_text().splitlines()) == {f"{BASE}/articles/bridge/", *ASIA, *SITE, "--"}


def test_purging_needs_no_hub(opened: Open, content: Path, state: Path, tmp_path: Path) -> None:
    file = tmp_path / "purged"
    newsroom.write(content)
    desk = opened(purge_command=purge(file))
    desk.publish(f"{BASE}/")
    until(file.exists)
    desk.announcer.close()
    assert file.read_text() == f"{BASE}/\n--\n"
    assert not (state / "push.sqlite").exists()


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ((sys.executable, "-c", "raise SystemExit(3)"), "ended with exit status 3"),
        (("no-such-command-here",), "could not be started (No such file or directory)"),
        (("bad\0name",), "could not be started (embedded null byte)"),
    ],
)
def test_a_purge_that_fails_is_told_and_stops_nothing(
    opened: Open, hub: Hub, caplog: pytest.LogCaptureFixture, command: tuple[str, ...], what: str
) -> None:
    desk = opened(purge_command=command)
    desk.publish()
    settled(desk)
    assert hub.counts == dict.fromkeys(ALL, 1)
    assert [record.getMessage() for record in caplog.records] == [f"feedsvc: the purge command {what}; hubs are notified anyway"]
    failure = desk.announcer.status().purge_failure
    assert failure
    assert failure.what == what


def test_a_purge_that_never_ends_is_ended() -> None:
    command = PurgeCommand((sys.executable, "-c", "import time; time.sleep(60)"), timeout=0.3)
    assert command.run(["https://t.example/"]) == "did not end within 0.3 seconds"
    assert PurgeCommand((sys.executable, "-c", "")).run(["https://t.example/"] * 100_000) == ""  # one that reads nothing


def test_a_purge_command_that_reads_nothing_and_never_ends_costs_no_open_file() -> None:
    """It leaves a process behind, which has a session of its own and holds the end of the pipe that is read."""
    code = (
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True)\ntime.sleep(60)\n"
    )
    begun = time.monotonic()
    command = PurgeCommand((sys.executable, "-c", code), timeout=2)
    assert command.run(["https://t.example/"] * 100_000) == "did not end within 2 seconds"
    assert time.monotonic() - begun < SECONDS


def test_closing_ends_a_purge_with_all_it_started(
    opened: Open, tmp_path: Path, hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "started"
    code = (
        "import pathlib, subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "pathlib.Path(sys.argv[1]).touch()\ntime.sleep(60)\n"
    )
    desk = opened(purge_command=purge(file, code))
    desk.publish()
    until(file.exists)
    desk.announcer.close(0.1)
    until(lambda: threads() == [])
    assert hub.asked == []
    assert caplog.records == []


def test_a_process_that_stands_by_does_not_gather_what_another_purges(opened: Open, tmp_path: Path) -> None:
    one_file, other_file = tmp_path / "one", tmp_path / "other"
    one = opened(purge_command=purge(one_file))
    one.publish()
    settled(one)
    other: Desk = opened(purge_command=purge(other_file))
    for number in range(5):
        other.publish(f"{BASE}/{number}/")
    until(one_file.exists)
    one.announcer.close()
    until(other_file.exists)
    until(lambda: other_file.read_text().endswith("--\n"))
    assert other_file.read_text() == f"{BASE}/4/\n--\n"


def test_hubs_hear_of_nothing_that_another_worker_does_not_serve_yet(content: Path, state: Path, hub: Hub) -> None:
    """A hub that fetched from the slower of two workers found nothing new, and told nobody."""
    asked = threading.Event()
    everywhere = threading.Event()

    def is_everywhere() -> bool:
        asked.set()
        return everywhere.is_set()

    shown = build_catalog(load_content(content), NOW)
    with contextlib.closing(Publisher(state, now, poll_interval=0.05)) as announcer:
        announcer.set_edition(BASE, [hub.url], lambda: FeedDigests().compute(shown), is_loaded_by_all_workers=is_everywhere)
        assert asked.wait(SECONDS)
        asked.clear()
        assert asked.wait(SECONDS)
        assert hub.told == []
        everywhere.set()
        until(lambda: len(hub.told) == len(ALL))
