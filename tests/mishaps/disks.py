"""Small disks of this test's own, really mounted: what a disk says when it is full or away is not to be imitated."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audience.waiting import wait_until
from tests.helpers.http_client import SECONDS
from tests.kills.process_group import CommandProcess
from tests.live.served_content import MonitoredServer


def _run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, check=False, capture_output=True, text=True, timeout=SECONDS)


@pytest.fixture
def mounting(tmp_path: Path) -> None:
    """Skips where this process may not mount: limits of a process (tests of the same name) stand for a full disk there."""
    place = tmp_path / "may-mount"
    place.mkdir()
    done = _run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place) if shutil.which("mount") else None
    if done is None or done.returncode:
        why = done.stderr.strip() if done else "there is no program mount"
        pytest.skip(f"nothing can be mounted here ({why}); run the tests as root, with CAP_SYS_ADMIN in a container")
    unmount(place)


def mount(place: Path, size: str = "4m") -> None:
    place.mkdir(exist_ok=True)
    done = _run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place)
    assert not done.returncode, done.stderr


def unmount(place: Path) -> None:
    """Whoever has files open there keeps them."""
    _run("umount", "-l", place)


@contextlib.contextmanager
def disk(place: Path, size: str = "4m") -> Iterator[Path]:
    mount(place, size)
    try:
        yield place
    finally:
        unmount(place)


@contextlib.contextmanager
def read_only(place: Path) -> Iterator[None]:
    """A folder that even root may not write, by its name at least: files that are open stay so."""
    assert not _run("mount", "--bind", place, place).returncode
    try:
        # Busy while somebody writes a file that was opened in the instant since.
        wait_until(lambda: not _run("mount", "-o", "remount,bind,ro", place).returncode)
        yield
    finally:
        unmount(place)


@contextlib.contextmanager
def full(place: Path) -> Iterator[None]:
    """Not a byte of room is left on the disk, until the end of the block."""
    filler = place / "filler"
    with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    try:
        yield
    finally:
        filler.unlink()


def open_files(server: MonitoredServer | CommandProcess) -> int:
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))
