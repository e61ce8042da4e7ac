"""Test folders that not even root can write to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.audience.waiting import wait_until
from tests.helpers.http_client import ask
from tests.kills import invariants
from tests.kills.newsroom import AtomicEditors, article
from tests.kills.process_group import CommandProcess
from tests.live.served_content import fetch_status, monitored_server
from tests.mishaps.conftest import ExpectedDocuments
from tests.mishaps.disks import read_only
from tests.mishaps.test_full_disk import READER_HEADERS

pytestmark = pytest.mark.usefixtures("mount_permission")


def run_command(*arguments: str | Path) -> tuple[int, str]:
    """Return the exit status and the standard error of a command."""
    process = CommandProcess(*arguments)
    return process.wait(), process.stderr


def test_read_only_newsroom_can_be_served_built_and_checked(
    editors: AtomicEditors, tmp_path: Path, expected_documents: ExpectedDocuments
) -> None:
    with read_only(editors.root):
        assert run_command("build", tmp_path / "out", editors.root, "--state", tmp_path / "state")[0] == 0
        assert [*invariants.find_tree_differences(tmp_path / "out", expected_documents(editors))] == []
        assert run_command("check", editors.root)[0] == 0
        with monitored_server(editors.root, tmp_path / "state") as server:
            assert ask(server.url, "/feed.rss").status == 200
            assert fetch_status(server)["alerts"] == {}


def test_commands_that_write_into_a_read_only_newsroom_report_an_error(editors: AtomicEditors) -> None:
    editors.save("articles/plain.yaml", article("plain", "seen", has_id=False))
    with read_only(editors.root):
        status, stderr = run_command("stamp", editors.root)
        assert status == 1
        assert (
            "articles/plain.yaml:1:1: error: the id cannot be written (it is read-only); nothing was changed; make the file"
            in stderr
        )
        status, stderr = run_command("new", "Bus 14", editors.root)
        assert (status, "Traceback" in stderr) == (2, False)
        assert "(Read-only file system)" in stderr
        status, stderr = run_command("schema", "--write", editors.root)
        assert (status, "Traceback" in stderr) == (2, False)
        assert "(Read-only file system)" in stderr
    assert [*invariants.find_changed_editor_files(editors.root, editors.files, {})] == []


def test_build_into_a_read_only_tree_fails_with_a_hint(
    editors: AtomicEditors, tmp_path: Path, expected_documents: ExpectedDocuments
) -> None:
    out, state = tmp_path / "out", tmp_path / "state"
    assert run_command("build", out, editors.root, "--state", state)[0] == 0
    before = expected_documents(editors)
    editors.change_site_title()
    with read_only(out):
        status, stderr = run_command("build", out, editors.root, "--state", state)
        assert status == 2
        assert stderr.startswith(f"feedsvc: error: {out}")
        assert stderr.endswith(
            "cannot be written (Read-only file system); see that it may be written to, or build into another folder\n"
        )
        assert [*invariants.find_tree_differences(out, before)] == []
    assert run_command("build", out, editors.root, "--state", state)[0] == 0
    assert [*invariants.find_tree_differences(out, expected_documents(editors))] == []


def test_read_only_state_folder_is_reported_at_the_start(editors: AtomicEditors, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    with read_only(tmp_path / "state"):
        for arguments in (("serve", editors.root, "--port", "0"), ("build", tmp_path / "out", editors.root)):
            status, stderr = run_command(*arguments, "--state", tmp_path / "state")
            assert status == 2
            mark = "" if arguments[0] == "serve" else "error: "  # the level of a line in the log says it
            assert stderr.startswith(f"feedsvc: {mark}{tmp_path / 'state'}/")
            assert stderr.endswith("; give another folder with --state\n")
            assert stderr.count("\n") == 1


def test_state_folder_that_becomes_read_only_loses_no_save_and_no_read(editors: AtomicEditors, tmp_path: Path) -> None:
    with monitored_server(editors.root, tmp_path / "state") as server:
        with read_only(tmp_path / "state"):
            editors.save("articles/fresh.yaml", article("fresh", "sudden"))
            wait_until(lambda: ask(server.url, "/articles/fresh/").status == 200)
            assert ask(server.url, "/articles/boats/views", READER_HEADERS, "POST").status == 204
            wait_until(lambda: "reads" in fetch_status(server)["alerts"])
        wait_until(lambda: fetch_status(server)["alerts"] == {})
        wait_until(lambda: ask(server.url, "/articles/boats/views").body == b'{"views": 1}')
