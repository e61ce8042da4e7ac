"""Heap of a server: memory of large blocks that it no longer needs."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# 100 MB in blocks between small ones that stay, as rendered feeds lie between what the caches hold.
_PROGRAM = """
import re
from pathlib import Path
from feedsvc.support import process

def memory():
    return int(re.search(r"VmRSS:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024

process.return_large_blocks()
small, large = [], []
for number in range(1000):
    large.append(bytes([1]) * 100_000)
    small.append(bytes([2]) * 2_000)
before = memory()
large.clear()
print(before - memory())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has this limit")
def test_dropped_feeds_do_not_stay_in_the_memory_of_a_server() -> None:
    result = subprocess.run([sys.executable, "-c", _PROGRAM], check=True, capture_output=True, text=True)
    assert int(result.stdout) > 90_000_000
