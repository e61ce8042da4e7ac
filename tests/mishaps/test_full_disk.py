"""A disk without room: for the state folder while feeds are served, and for a tree."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest

from feedsvc.export.layout import COMPRESSED_SUFFIXES, MANIFEST_FILE
from feedsvc.export.manifest import Manifest
from tests.audience.waiting import wait_until
from tests.helpers.http_client import SECONDS, ask
from tests.helpers.running_server import command, environment
from tests.kills import invariants
from tests.kills.newsroom import AtomicEditors, article
from tests.kills.process_group import CommandProcess
from tests.live.served_content import MonitoredServer, fetch_status, monitored_server
from tests.mishaps.conftest import Fresh
from tests.mishaps.disks import disk, full, open_files

pytestmark = pytest.mark.alone

NO_ROOM = "No space left on device"
READER = {
    "Sec-Fetch-Site": "same-origin",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0",
}


def troubles(server: MonitoredServer) -> dict[str, str]:
    found: dict[str, str] = fetch_status(server)["alerts"]
    return found


def look(server: MonitoredServer) -> None:
    """What is done once a minute anyway."""
    server.process.send_signal(signal.SIGHUP)


@pytest.mark.usefixtures("mounting")
def test_a_full_state_disk_costs_no_feed_is_told_with_what_to_do_and_heals_by_itself(desk: AtomicEditors, tmp_path: Path) -> None:
    with disk(tmp_path / "state") as state, monitored_server(desk.root, state) as server:
        with full(state):
            desk.save("articles/fresh.yaml", article("fresh", "sudden"))
            wait_until(
                lambda: b"sudden" in ask(server.url, "/tag/port/archive/2026-01/feed.rss").body + ask(server.url, "/").body
            )
            assert ask(server.url, "/articles/fresh/").status == 200
            assert ask(server.url, "/articles/boats/views", READER, "POST").status == 204
            wait_until(lambda: {"records", "dates", "reads"} <= troubles(server).keys())
            for name, file in (("records", "articles.sqlite"), ("dates", "modified.sqlite"), ("reads", "views.sqlite")):
                assert f"{state}/{file}" in troubles(server)[name]
                assert "tried again by itself" in troubles(server)[name]
            assert "see that its disk has room" in troubles(server)["records"]
            assert b"feedsvc_alerts 3.0" in ask(server.url, "/metrics").body
            assert not ask(server.url, "/articles/fresh/")["last-modified"]
        wait_until(lambda: look(server) or time.sleep(0.1) or not troubles(server))  # type: ignore[func-returns-value]
        assert ask(server.url, "/articles/fresh/")["last-modified"]
        wait_until(lambda: ask(server.url, "/articles/boats/views").body == b'{"views": 1}')
    for what in ("the parse cache", "Last-Modified dates"):
        assert sum(line.startswith(f"feedsvc: {what} cannot be written to ") for line in server.lines) == 1
        assert sum(line.startswith(f"feedsvc: {what} ") and line.endswith("again\n") for line in server.lines) == 1


@pytest.mark.usefixtures("mounting")
def test_a_server_that_starts_on_a_full_disk_says_what_to_do(desk: AtomicEditors, tmp_path: Path) -> None:
    with disk(tmp_path / "state", "64k") as state, full(state):
        server = CommandProcess("serve", desk.root, "--port", "0", "--state", state)
        assert server.wait() == 2
        assert server.stderr.startswith(f"feedsvc: error: {state}/modified.sqlite cannot be used (")
        assert server.stderr.endswith("; see that its disk has room, or give another folder with --state\n")


def built(desk: AtomicEditors, out: Path, state: Path) -> CommandProcess:
    builder = CommandProcess("build", out, desk.root, "--state", state)
    builder.wait()
    return builder


@pytest.mark.usefixtures("mounting")
def test_a_tree_on_a_full_disk_stays_whole_and_the_next_build_completes_it(
    desk: AtomicEditors, tmp_path: Path, fresh: Fresh
) -> None:
    with disk(tmp_path / "out", "3m") as out:
        assert built(desk, out, tmp_path / "state").process.returncode == 0
        before = fresh(desk)
        desk.change_site_title()
        with full(out):
            builder = built(desk, out, tmp_path / "state")
            room = "make room on its disk: the next build does what is left to do"
            said = f"feedsvc: error: {out} cannot be written ({NO_ROOM}); {room}\n"
            assert (builder.process.returncode, builder.stderr) == (2, said)
            left = {name: {data: None} for name, data in invariants.tree_files(out) if name != "filler"}
            assert [*invariants.find_invalid_reads(left, [before, fresh(desk)], tree=True)] == []
        assert built(desk, out, tmp_path / "state").process.returncode == 0
        assert [*invariants.find_tree_differences(out, fresh(desk))] == []


@pytest.mark.usefixtures("mounting")
def test_a_list_of_files_that_no_disk_takes_stays_as_it_was_and_leaves_nothing_open(tmp_path: Path) -> None:
    """`build --watch` had one more file open after each try."""
    with disk(tmp_path / "out") as out:
        root = os.open(out, os.O_RDONLY)
        journal = Manifest(root)
        journal.reserve([f"articles/{number}/index.html" for number in range(900)], COMPRESSED_SUFFIXES, foreign_names=())
        with full(out):
            before, known = len(os.listdir("/proc/self/fd")), dict(journal.files)
            with pytest.raises(OSError, match=NO_ROOM):
                journal.remove(["articles/7/index.html"])
            assert len(os.listdir("/proc/self/fd")) == before
            assert journal.files == known
            assert sorted(os.listdir(out)) == [MANIFEST_FILE, "filler"]
        journal.remove(["articles/7/index.html"])
        assert b"articles/7/" not in (out / MANIFEST_FILE).read_bytes()
        journal.close()
        os.close(root)


@pytest.mark.usefixtures("mounting")
def test_a_tree_that_is_kept_in_step_waits_for_room_and_says_so_once(desk: AtomicEditors, tmp_path: Path, fresh: Fresh) -> None:
    """It filled the log with the same sentence every five seconds."""
    with disk(tmp_path / "out", "3m") as out:
        builder = CommandProcess("build", out, desk.root, "--state", tmp_path / "state", "--watch")
        try:
            assert builder.wait_for_output("keeping")
            with full(out):
                desk.change_site_title()
                desk.delete("articles/first-03.yaml")
                assert builder.wait_for_output(NO_ROOM)
                before = open_files(builder)
                time.sleep(6)
                assert open_files(builder) <= before
            wait_until(lambda: [*invariants.tree(out, fresh(desk))] == [])
            assert builder.said.count(NO_ROOM) == 1
            assert "tried again every 5 seconds" in builder.said
        finally:
            builder.kill(leader_first=None)


def _limited() -> None:
    """No file longer than this can be written: what a full disk is where nothing can be mounted."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))


def test_a_tree_that_takes_no_long_file_stays_whole_and_the_next_build_completes_it(
    desk: AtomicEditors, tmp_path: Path, fresh: Fresh
) -> None:
    out, state = tmp_path / "out", tmp_path / "state"
    desk.save("articles/short.yaml", article("short", "short"))
    built(desk, out, state)
    before = fresh(desk)
    desk.save("articles/short.yaml", article("short", "short") + b"  It goes on and on.\n" * 30_000)
    built(desk, tmp_path / "elsewhere", state)  # what is read is written down: only the tree is left to write
    words = command("build", out, desk.root, "--state", state)
    done = subprocess.run(
        words, env=environment(), preexec_fn=_limited, capture_output=True, text=True, check=False, timeout=SECONDS
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"feedsvc: error: {out}")
    assert "(File too large)" in done.stderr
    left = {name: {data: None} for name, data in invariants.tree_files(out)}
    assert [*invariants.find_invalid_reads(left, [before, fresh(desk)], tree=True)] == []
    assert built(desk, out, state).process.returncode == 0
    assert [*invariants.find_tree_differences(out, fresh(desk))] == []
    assert not [name for name in os.listdir(out) if name.startswith(".feedsvc-new-")]
