"""Where it was measured, and with which versions."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench import nginx


def machine() -> dict[str, str]:
    """Name -> value, in the order in which people read it. Asked before a run: its load is what others do."""
    cores = f"{len(os.sched_getaffinity(0))} of {os.cpu_count()}"
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    return {
        "processor": _model(),
        "cores": cores,
        "memory": f"{int(memory[1]) / 1024**2:.1f} GiB" if memory else "unknown",
        "load before the run": f"{os.getloadavg()[0]:.1f}",
        "kernel": platform.release(),
        "Python": platform.python_version(),
        "feedsvc": _said(["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"], r"(\S+)"),
        "Hugo": _said(["hugo", "version"], r"v([\d.]+)"),
        "nginx": _said([nginx.program(), "-v"], r"nginx/([\d.]+)"),
        "wrk": _said(["wrk", "-v"], r"wrk (\S+)"),
        "Pelican": _installed("pelican"),
        "waitress": _installed("waitress"),
    }


def _model() -> str:
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def _said(command: Sequence[str], form: str) -> str:
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    except OSError:
        return "not installed"
    found = re.search(form, done.stdout + done.stderr)
    return found[1] if found else "unknown"


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
