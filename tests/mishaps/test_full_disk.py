"""Test a full disk: of the state folder while feeds are served, and of the static tree."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from feedsvc.access import Token, open_token_store
from feedsvc.access.store import TokenStore
from feedsvc.errors import UnavailableError
from tests.access.conftest import NOON, make_token
from tests.audience.waiting import wait_until
from tests.helpers.http_client import SECONDS, ask
from tests.helpers.running_server import command, environment
from tests.kills import invariants
from tests.kills.newsroom import AtomicEditors, article
from tests.kills.process_group import CommandProcess
from tests.live.served_content import MonitoredServer, fetch_status, monitored_server
from tests.mishaps.conftest import ExpectedDocuments
from tests.mishaps.disks import count_open_files, filled, mounted_disk

pytestmark = pytest.mark.timing

DISK_FULL = "No space left on device"
READER_HEADERS = {
    "Sec-Fetch-Site": "same-origin",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0",
}


def fetch_alerts(server: MonitoredServer) -> dict[str, str]:
    alerts: dict[str, str] = fetch_status(server)["alerts"]
    return alerts


def request_scan(server: MonitoredServer) -> None:
    """Start the scan that otherwise runs once a minute."""
    server.process.send_signal(signal.SIGHUP)


@pytest.mark.usefixtures("mount_permission")
def test_full_state_disk_is_reported_and_recovers_while_feeds_are_served(editors: AtomicEditors, tmp_path: Path) -> None:
    with mounted_disk(tmp_path / "state") as state, monitored_server(editors.root, state) as server:
        with filled(state):
            editors.save("articles/fresh.yaml", article("fresh", "sudden"))
            wait_until(
                lambda: b"sudden" in ask(server.url, "/tag/port/archive/2026-01/feed.rss").body + ask(server.url, "/").body
            )
            assert ask(server.url, "/articles/fresh/").status == 200
            assert ask(server.url, "/articles/boats/views", READER_HEADERS, "POST").status == 204
            wait_until(lambda: {"records", "dates", "reads"} <= fetch_alerts(server).keys())
            for name, file in (("records", "articles.sqlite"), ("dates", "modified.sqlite"), ("reads", "views.sqlite")):
                assert f"{state}/{file}" in fetch_alerts(server)[name]
                assert "feedsvc tries again" in fetch_alerts(server)[name]
            assert "see that its disk has room" in fetch_alerts(server)["records"]
            active = re.findall(rb'^feedsvc_alerts{kind="(.*)"} 1.0$', ask(server.url, "/metrics").body, re.MULTILINE)
            assert active == [b"dates", b"reads", b"records"]
            assert not ask(server.url, "/articles/fresh/")["last-modified"]
        wait_until(lambda: request_scan(server) or time.sleep(0.1) or not fetch_alerts(server))  # type: ignore[func-returns-value]
        wait_until(lambda: ask(server.url, "/articles/fresh/")["last-modified"])  # none in the second of the change
        wait_until(lambda: ask(server.url, "/articles/boats/views").body == b'{"views": 1}')
    for subject in ("the content store", "Last-Modified dates"):
        assert sum(line.startswith(f"feedsvc: {subject} cannot be written to ") for line in server.lines) == 1
        assert (
            sum(
                line.startswith(f"feedsvc: {subject} ") and line.endswith("again\n") and "cannot" not in line
                for line in server.lines
            )
            == 1
        )


def can_count_fetch(store: TokenStore, token: Token) -> bool:
    try:
        return store.fetch(token.digest, NOON) is not None
    except UnavailableError:
        return False


@pytest.mark.usefixtures("mount_permission")
def test_alert_of_private_feeds_does_not_end_before_the_disk_has_space(tmp_path: Path) -> None:
    """The check of the tokens writes, as a fetch does; otherwise the alert would end and begin again every two seconds."""
    token = make_token(hourly_limit=1000)
    with mounted_disk(tmp_path / "state", "1m") as state, closing(open_token_store(state)) as store:
        store.add(token)
        with filled(state):
            wait_until(lambda: not can_count_fetch(store, token))  # the journal has room for some
            for _ in range(4):
                for use in (lambda: store.fetch(token.digest, NOON), store.check):
                    with pytest.raises(UnavailableError, match="free space on its disk"):
                        use()
        store.check()
        result = store.fetch(token.digest, NOON)
        assert result
        assert result[1] == 0


@pytest.mark.usefixtures("mount_permission")
def test_server_start_on_a_full_disk_fails_with_a_hint(editors: AtomicEditors, tmp_path: Path) -> None:
    with mounted_disk(tmp_path / "state", "64k") as state, filled(state):
        server = CommandProcess("serve", editors.root, "--port", "0", "--state", state)
        assert server.wait() == 2
        assert server.stderr.startswith(f"feedsvc: {state}/modified.sqlite cannot be used (")
        assert server.stderr.endswith("; see that its disk has room, or give another folder with --state\n")


def build(editors: AtomicEditors, out: Path, state: Path) -> CommandProcess:
    builder = CommandProcess("build", out, editors.root, "--state", state)
    builder.wait()
    return builder


@pytest.mark.usefixtures("mount_permission")
def test_tree_on_a_full_disk_stays_complete_and_the_next_build_updates_it(
    editors: AtomicEditors, tmp_path: Path, expected_documents: ExpectedDocuments
) -> None:
    with mounted_disk(tmp_path / "out", "3m") as out:
        assert build(editors, out, tmp_path / "state").process.returncode == 0
        before = expected_documents(editors)
        editors.change_site_title()
        with filled(out):
            builder = build(editors, out, tmp_path / "state")
            hint = "make room on its disk: the next build does what is left to do"
            message = f"feedsvc: error: {out} cannot be written ({DISK_FULL}); {hint}\n"
            assert (builder.process.returncode, builder.stderr) == (2, message)
            files_left = {name: {data: None} for name, data in invariants.tree_files(out) if name != "filler"}
            assert [*invariants.find_invalid_reads(files_left, [before, expected_documents(editors)], tree=True)] == []
        assert build(editors, out, tmp_path / "state").process.returncode == 0
        assert [*invariants.find_tree_differences(out, expected_documents(editors))] == []


@pytest.mark.usefixtures("mount_permission")
def test_watching_build_retries_on_a_full_disk_and_reports_it_once(
    editors: AtomicEditors, tmp_path: Path, expected_documents: ExpectedDocuments
) -> None:
    """Regression: the same line was logged every five seconds."""
    with mounted_disk(tmp_path / "out", "3m") as out:
        builder = CommandProcess("build", out, editors.root, "--state", tmp_path / "state", "--watch")
        try:
            assert builder.wait_for_output("keeping")
            with filled(out):
                editors.change_site_title()
                editors.delete("articles/first-03.yaml")
                assert builder.wait_for_output(DISK_FULL)
                before = count_open_files(builder)
                time.sleep(6)
                assert count_open_files(builder) <= before
            wait_until(lambda: [*invariants.find_tree_differences(out, expected_documents(editors))] == [])
            assert builder.stderr.count(DISK_FULL) == 1
            assert "tried again every 5 seconds" in builder.stderr
        finally:
            builder.kill(leader_first=None)


def _limit_file_size() -> None:
    """Limit the length of files, which behaves like a full disk if nothing can be mounted."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))


def test_tree_stays_complete_if_a_file_is_too_large_and_the_next_build_writes_it(
    editors: AtomicEditors, tmp_path: Path, expected_documents: ExpectedDocuments
) -> None:
    out, state = tmp_path / "out", tmp_path / "state"
    editors.save("articles/short.yaml", article("short", "short"))
    build(editors, out, state)
    before = expected_documents(editors)
    editors.save("articles/short.yaml", article("short", "short") + b"  It goes on and on.\n" * 30_000)
    build(editors, tmp_path / "elsewhere", state)  # fills the content store, so that only the tree is written below
    arguments = command("build", out, editors.root, "--state", state)
    result = subprocess.run(
        arguments, env=environment(), preexec_fn=_limit_file_size, capture_output=True, text=True, check=False, timeout=SECONDS
    )
    assert result.returncode == 2
    assert result.stderr.startswith(f"feedsvc: error: {out}")
    assert "(File too large)" in result.stderr
    files_left = {name: {data: None} for name, data in invariants.tree_files(out)}
    assert [*invariants.find_invalid_reads(files_left, [before, expected_documents(editors)], tree=True)] == []
    assert build(editors, out, state).process.returncode == 0
    assert [*invariants.find_tree_differences(out, expected_documents(editors))] == []
    assert not [name for name in os.listdir(out) if name.startswith(".feedsvc-new-")]
