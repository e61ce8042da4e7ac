"""The machine's limit on megapixels under way, between processes that end in any way."""

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
with open(log, "ab", buffering=0) as said:
    for size in map(int, sizes):
        with megapixels.reserve(descriptor, size):
            said.write(b"%d\\n" % size)
            time.sleep(0.03)
            said.write(b"-%d\\n" % size)
print("done", flush=True)
sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def started(tmp_path: Path, *sizes: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "fallback"), str(tmp_path / "log"), *map(str, sizes)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_never_more_than_ninety_at_once_and_large_ones_have_their_turn(tmp_path: Path) -> None:
    several = [started(tmp_path, *sizes) for sizes in ([20] * 8, [35] * 8, [12] * 8, [90] * 3, [1] * 8, [60, 50])]
    for one in several:
        assert one.communicate("\n", timeout=120)[0] == "done\n"
    under_way = 0
    for change in map(int, (tmp_path / "log").read_text().split()):
        under_way += change
        assert 0 <= under_way <= megapixels.MAX_MEGAPIXELS
    assert under_way == 0


def test_a_process_that_is_killed_holds_nothing(tmp_path: Path) -> None:
    holder = started(tmp_path, *[90] * 1000)
    log = tmp_path / "log"
    while not log.exists() or not log.read_text():
        assert holder.poll() is None
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate(timeout=30)
    other = started(tmp_path, 90)
    assert other.communicate("\n", timeout=30)[0] == "done\n"


def test_where_no_file_can_be_shared_the_state_folder_has_one(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("x")
    os.symlink(tmp_path / "elsewhere", tmp_path / "feedsvc-megapixels.lock")  # another user's trick
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
def test_units(pixels: int, memory: int, expected: int) -> None:
    assert megapixels.lock_units(pixels, memory) == expected
