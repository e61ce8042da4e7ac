"""The machine-wide limit of megapixels that are decoded at a time, shared by processes that may be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from feedsvc.content.images import MAX_DECODER_MEMORY, megapixels

SCRIPT = """
import os, sys, time
from feedsvc.content.images import megapixels
path, log, *sizes = sys.argv[1:]
descriptor = megapixels.open_lock_file(path)
with open(log, "ab", buffering=0) as file:
    for size in map(int, sizes):
        with megapixels.reserve(descriptor, size):
            file.write(b"%d\\n" % size)
            time.sleep(0.03)
            file.write(b"-%d\\n" % size)
print("done", flush=True)
sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def start_process(tmp_path: Path, *sizes: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "fallback"), str(tmp_path / "log"), *map(str, sizes)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_at_most_ninety_megapixels_are_reserved_and_large_reservations_succeed(tmp_path: Path) -> None:
    processes = [start_process(tmp_path, *sizes) for sizes in ([20] * 8, [35] * 8, [12] * 8, [90] * 3, [1] * 8, [60, 50])]
    for process in processes:
        assert process.communicate("\n", timeout=120)[0] == "done\n"
    reserved = 0
    for change in map(int, (tmp_path / "log").read_text().split()):
        reserved += change
        assert 0 <= reserved <= megapixels.MAX_MEGAPIXELS
    assert reserved == 0


def test_a_killed_process_releases_its_reservation(tmp_path: Path) -> None:
    holder = start_process(tmp_path, *[90] * 1000)
    log = tmp_path / "log"
    while not log.exists() or not log.read_text():
        assert holder.poll() is None
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate(timeout=120)
    other = start_process(tmp_path, 90)
    assert other.communicate("\n", timeout=120)[0] == "done\n"


def test_without_a_usable_shared_file_the_lock_file_is_in_the_state_folder(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("x")
    os.symlink(tmp_path / "elsewhere", tmp_path / "feedsvc-megapixels.lock")  # attack of another user
    descriptor = megapixels.open_lock_file(str(tmp_path / "state" / ".megapixels"))
    assert os.path.samestat(os.fstat(descriptor), os.stat(tmp_path / "state" / ".megapixels"))
    os.close(descriptor)
    assert (tmp_path / "elsewhere").read_text() == "x"


@pytest.mark.parametrize(
    ("pixels", "memory", "expected"),
    [
        (1, 0, 1),
        (12_000_000, 1_000_000, 12),
        (12_000_001, 0, 13),
        (88_360_000, 0, 89),
        (1_000_000, MAX_DECODER_MEMORY // 2, 45),
        (10**9, 0, 90),
    ],
)
def test_lock_units(pixels: int, memory: int, expected: int) -> None:
    assert megapixels.lock_units(pixels, memory) == expected
