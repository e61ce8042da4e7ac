"""wrk: how many answers a second, and how long the slowest hundredth takes."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bench.running import BenchError

INSTALL: Final = "apt-get install wrk"
_UNITS: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """`p99` in seconds."""

    rate: float
    p99: float


def load(port: int, path: str, headers: Mapping[str, str], *, connections: int, seconds: int, core: int) -> Load:
    """One thread on one core asks as fast as it is answered. Raises BenchError for any answer that is an error."""
    named = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    pinned = ["taskset", "--cpu-list", str(core)]
    words = ["wrk", "--latency", "-t1", f"-c{connections}", f"-d{seconds}s", *named, f"http://127.0.0.1:{port}{path}"]
    said = subprocess.run([*pinned, *words], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise BenchError(f"not every answer was one: {said}")
    rate, slow = re.search(r"Requests/sec:\s+([\d.]+)", said), re.search(r"99%\s+([\d.]+)(us|ms|s)\b", said)
    if not rate or not slow:
        raise BenchError(f"wrk said: {said}")
    return Load(rate=float(rate[1]), p99=float(slow[1]) * _UNITS[slow[2]])
