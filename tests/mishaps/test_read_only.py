"""Folders that nobody may write to, not even root."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.audience.waiting import wait_until
from tests.helpers.http_client import ask
from tests.kills import invariants
from tests.kills.newsroom import AtomicEditors, article
from tests.kills.process_group import CommandProcess
from tests.live.served_content import fetch_status, monitored_server
from tests.mishaps.conftest import Fresh
from tests.mishaps.disks import read_only
from tests.mishaps.test_full_disk import READER

pytestmark = pytest.mark.usefixtures("mounting")


def ended(*words: str | Path) -> tuple[int, str]:
    process = CommandProcess(*words)
    return process.wait(), process.stderr


def test_a_newsroom_that_may_only_be_read_is_served_built_and_checked(desk: AtomicEditors, tmp_path: Path, fresh: Fresh) -> None:
    with read_only(desk.root):
        assert ended("build", tmp_path / "out", desk.root, "--state", tmp_path / "state")[0] == 0
        assert [*invariants.find_tree_differences(tmp_path / "out", fresh(desk))] == []
        assert ended("check", desk.root)[0] == 0
        with monitored_server(desk.root, tmp_path / "state") as server:
            assert ask(server.url, "/feed.rss").status == 200
            assert fetch_status(server)["alerts"] == {}


def test_whoever_writes_into_a_newsroom_that_may_only_be_read_is_told(desk: AtomicEditors) -> None:
    desk.save("articles/plain.yaml", article("plain", "seen", has_id=False))
    with read_only(desk.root):
        code, said = ended("stamp", desk.root)
        assert code == 1
        assert (
            "articles/plain.yaml:1:1: error: the id cannot be written (it is read-only); nothing was changed; make the file"
            in said
        )
        code, said = ended("new", "Bus 14", desk.root)
        assert (code, "Traceback" in said) == (2, False)
        assert "(Read-only file system)" in said
        code, said = ended("schema", "--write", desk.root)
        assert (code, "Traceback" in said) == (2, False)
        assert "(Read-only file system)" in said
    assert [*invariants.find_changed_editor_files(desk.root, desk.files, {})] == []


def test_a_tree_that_may_only_be_read_is_told_with_what_to_do(desk: AtomicEditors, tmp_path: Path, fresh: Fresh) -> None:
    out, state = tmp_path / "out", tmp_path / "state"
    assert ended("build", out, desk.root, "--state", state)[0] == 0
    before = fresh(desk)
    desk.change_site_title()
    with read_only(out):
        code, said = ended("build", out, desk.root, "--state", state)
        assert code == 2
        assert said.startswith(f"feedsvc: error: {out}")
        assert said.endswith(
            "cannot be written (Read-only file system); see that it may be written to, or build into another folder\n"
        )
        assert [*invariants.find_tree_differences(out, before)] == []
    assert ended("build", out, desk.root, "--state", state)[0] == 0
    assert [*invariants.find_tree_differences(out, fresh(desk))] == []


def test_a_state_folder_that_may_only_be_read_is_told_at_a_start(desk: AtomicEditors, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    with read_only(tmp_path / "state"):
        for words in (("serve", desk.root, "--port", "0"), ("build", tmp_path / "out", desk.root)):
            code, said = ended(*words, "--state", tmp_path / "state")
            assert code == 2
            assert said.startswith(f"feedsvc: error: {tmp_path / 'state'}/")
            assert said.endswith("; give another folder with --state\n")
            assert said.count("\n") == 1


def test_a_state_folder_that_becomes_read_only_costs_no_feed_and_no_read(desk: AtomicEditors, tmp_path: Path) -> None:
    with monitored_server(desk.root, tmp_path / "state") as server:
        with read_only(tmp_path / "state"):
            desk.save("articles/fresh.yaml", article("fresh", "sudden"))
            wait_until(lambda: ask(server.url, "/articles/fresh/").status == 200)
            assert ask(server.url, "/articles/boats/views", READER, "POST").status == 204
            wait_until(lambda: "reads" in fetch_status(server)["alerts"])
        wait_until(lambda: fetch_status(server)["alerts"] == {})
        wait_until(lambda: ask(server.url, "/articles/boats/views").body == b'{"views": 1}')
