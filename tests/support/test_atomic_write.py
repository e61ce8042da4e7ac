"""Atomic writing: the file has its old bytes or the new ones, and no temporary file remains."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedsvc.support.atomic_write import (
    CONTENT_PREFIX,
    TEMPORARY_PREFIX,
    FileChangedError,
    open_replacement,
    remove_temporary_files,
    replace_if_unchanged,
    write_atomically,
)
from feedsvc.support.file_lock import lock

KILLED_WRITER = """
import os, sys
from feedsvc.support.atomic_write import write_atomically
def kill(event, args):
    if event == "os.rename":
        os.kill(os.getpid(), 9)
sys.addaudithook(kill)
write_atomically(sys.argv[1], b"new")
"""


@pytest.fixture
def umask() -> Iterator[None]:
    previous = os.umask(0o027)
    yield
    os.umask(previous)


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


@pytest.mark.parametrize("is_synced", [False, True])
def test_a_file_is_written_and_replaced(tmp_path: Path, is_synced: bool) -> None:
    file = tmp_path / "file"
    for data in (b"first", b"second, longer", b""):
        write_atomically(file, data, is_synced=is_synced)
        assert file.read_bytes() == data
    assert names(tmp_path) == ["file"]


def test_a_file_of_the_current_folder_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_atomically("file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"


@pytest.mark.usefixtures("umask")
def test_a_file_has_the_mode_of_new_files_or_exactly_the_given_one(tmp_path: Path) -> None:
    for mode, expected in ((None, 0o640), (0o644, 0o644), (0o600, 0o600)):
        write_atomically(tmp_path / "file", b"", mode=mode)
        assert (tmp_path / "file").stat().st_mode & 0o777 == expected


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to("target")
    write_atomically(tmp_path / "link", b"new")
    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"old"


def test_an_exception_in_the_block_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")

    def interrupt() -> None:
        with open_replacement(file) as opened:
            opened.write(b"new")
            assert names(tmp_path)[0].startswith(TEMPORARY_PREFIX)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert (names(tmp_path), file.read_bytes()) == (["file"], b"old")


def test_a_folder_at_the_path_is_an_error_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path / "folder", b"new")
    assert names(tmp_path) == ["folder"]


def test_a_killed_writer_leaves_the_old_file_beside_a_temporary_one(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")
    assert subprocess.run([sys.executable, "-c", KILLED_WRITER, file], check=False).returncode == -signal.SIGKILL
    temporary, name = names(tmp_path)
    assert temporary.startswith(TEMPORARY_PREFIX)
    assert (name, file.read_bytes()) == ("file", b"old")


@pytest.mark.usefixtures("umask")
def test_replacing_keeps_mode_and_follows_links(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "target").chmod(0o664)
    (tmp_path / "link").symlink_to("target")
    replace_if_unchanged(tmp_path / "link", b"old", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"
    assert (tmp_path / "target").stat().st_mode & 0o777 == 0o664
    assert names(tmp_path) == ["link", "target"]


def test_a_file_that_changed_is_not_replaced(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"changed")
    with pytest.raises(FileChangedError):
        replace_if_unchanged(file, b"old", b"new")
    assert (names(tmp_path), file.read_bytes()) == (["file"], b"changed")


def test_a_read_only_file_is_not_replaced(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")
    file.chmod(0o444)
    with pytest.raises(PermissionError, match="it is read-only"):
        replace_if_unchanged(file, b"old", b"new")
    assert file.read_bytes() == b"old"


def test_temporary_files_are_removed_unless_their_process_is_running(tmp_path: Path) -> None:
    killed, running, other = (tmp_path / name for name in (f"{CONTENT_PREFIX}a", f"{CONTENT_PREFIX}b", f"{TEMPORARY_PREFIX}c"))
    for file in (killed, running, other):
        file.touch()
    with running.open("rb") as locked:
        lock(locked.fileno())
        remove_temporary_files([str(tmp_path), str(tmp_path / "missing")])
        assert set(names(tmp_path)) == {running.name, other.name}
    remove_temporary_files([str(tmp_path)])
    assert names(tmp_path) == [other.name]
