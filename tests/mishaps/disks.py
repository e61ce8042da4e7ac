"""Mount small file systems: errors of a full or missing disk cannot be simulated well."""

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
def mount_permission(tmp_path: Path) -> None:
    """Skip the test if this process cannot mount. Tests that limit the size of files cover a full disk in this case."""
    folder = tmp_path / "may-mount"
    folder.mkdir()
    result = _run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder) if shutil.which("mount") else None
    if result is None or result.returncode:
        reason = result.stderr.strip() if result else "there is no program mount"
        pytest.skip(f"nothing can be mounted here ({reason}); run the tests as root, with CAP_SYS_ADMIN in a container")
    unmount(folder)


def mount(folder: Path, size: str = "4m") -> None:
    folder.mkdir(exist_ok=True)
    result = _run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)
    assert not result.returncode, result.stderr


def unmount(folder: Path) -> None:
    """Unmount the folder lazily: processes with open files keep them."""
    _run("umount", "-l", folder)


@contextlib.contextmanager
def mounted_disk(folder: Path, size: str = "4m") -> Iterator[Path]:
    mount(folder, size)
    try:
        yield folder
    finally:
        unmount(folder)


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Make a folder read-only by its path, even for root. Files that are open already stay writable."""
    assert not _run("mount", "--bind", folder, folder).returncode
    try:
        # Remounting fails with EBUSY while a file opened just before is being written.
        wait_until(lambda: not _run("mount", "-o", "remount,bind,ro", folder).returncode)
        yield
    finally:
        unmount(folder)


@contextlib.contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Fill the disk completely until the end of the block."""
    filler = folder / "filler"
    with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    try:
        yield
    finally:
        filler.unlink()


def count_open_files(server: MonitoredServer | CommandProcess) -> int:
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))
