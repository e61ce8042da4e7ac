"""Locks on open files: of a file, of a folder, and of one object."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from feedsvc.support.file_lock import FileLock, folder_lock, lock
from feedsvc.support.state_folder import open_lock_file


@pytest.fixture
def descriptors(tmp_path: Path) -> Iterator[list[int]]:
    """Three descriptors of one file that was opened three times."""
    opened = [os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT) for _ in range(3)]
    yield opened
    for descriptor in opened:
        os.close(descriptor)


def test_a_lock_is_held_until_every_copy_of_its_descriptor_is_closed(descriptors: list[int]) -> None:
    copy = os.dup(descriptors[0])
    assert lock(descriptors[0], waits=False)
    os.dup2(descriptors[1], descriptors[0])  # closes it
    assert not lock(descriptors[2], waits=False)
    os.close(copy)
    assert lock(descriptors[2], waits=False)


def test_another_thread_waits_for_the_lock_on_a_folder(tmp_path: Path) -> None:
    events: list[str] = []

    def take_lock() -> None:
        with folder_lock(tmp_path):
            events.append("second")

    with folder_lock(tmp_path):
        thread = threading.Thread(target=take_lock)
        thread.start()
        time.sleep(0.1)
        events.append("first")
    thread.join()
    assert events == ["first", "second"]
    assert not any(tmp_path.iterdir())


def test_a_folder_on_a_file_system_without_locks_is_not_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", fail)
    with folder_lock(tmp_path), folder_lock(tmp_path):
        pass


def test_the_lock_on_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), folder_lock(tmp_path / "missing"):
        pass


def test_file_lock_is_held_by_one_object_and_released(tmp_path: Path) -> None:
    first, second = (FileLock(partial(open_lock_file, tmp_path / "lock")) for _ in range(2))
    assert first.acquire()
    assert first.acquire()
    assert not second.acquire()
    assert (first.is_held, second.is_held) == (True, False)
    first.release()
    first.release()
    assert second.acquire()
    second.release()


def test_file_lock_on_a_file_that_cannot_be_locked_is_an_error_and_closes_the_file(tmp_path: Path) -> None:
    opened: list[int] = []

    def open_file() -> int:
        opened.append(os.open(tmp_path, os.O_PATH))
        return opened[-1]

    with pytest.raises(OSError, match="Bad file descriptor"):
        FileLock(open_file).acquire()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(opened[0])
