"""Describe the machine and the versions of the programs."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench import nginx


def machine_facts() -> dict[str, str]:
    """Return name -> value in the order of the document. Call it before the measurements: they change the load."""
    cores = f"{len(os.sched_getaffinity(0))} of {os.cpu_count()}"
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    return {
        "processor": _processor_model(),
        "cores": cores,
        "memory": f"{int(memory[1]) / 1024**2:.1f} GiB" if memory else "unknown",
        "load before the run": f"{os.getloadavg()[0]:.1f}",
        "kernel": platform.release(),
        "Python": platform.python_version(),
        "feedsvc": _find_in_output(["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"], r"(\S+)"),
        "Hugo": _find_in_output(["hugo", "version"], r"v([\d.]+)"),
        "nginx": _find_in_output([nginx.program_path(), "-v"], r"nginx/([\d.]+)"),
        "wrk": _find_in_output(["wrk", "-v"], r"wrk (\S+)"),
        "Pelican": _installed_version("pelican"),
        "waitress": _installed_version("waitress"),
    }


def _processor_model() -> str:
    match = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return match[1] if match else platform.machine()


def _find_in_output(command: Sequence[str], pattern: str) -> str:
    """Return the first group of `pattern` in the output of a command; "not installed" or "unknown" if there is none."""
    try:
        result = subprocess.run(command, check=False, capture_output=True, text=True)
    except OSError:
        return "not installed"
    match = re.search(pattern, result.stdout + result.stderr)
    return match[1] if match else "unknown"


def _installed_version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
