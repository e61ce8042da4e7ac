"""wrk: how many answers a second, and how long the slowest hundredth takes."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.running import BenchError

INSTALL: Final = "apt-get install wrk"
_UNITS: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """`p99` in seconds."""

    rate: float
    p99: float


def script(file: Path, requests: Iterable[tuple[str, Mapping[str, str]]]) -> Path:
    """Write a script of wrk that sends these requests, pairs of path and headers, in turns; return the file."""
    lines = (f"  requests[#requests + 1] = wrk.format('GET', {json.dumps(path)}, {_lua(head)})" for path, head in requests)
    turns = "local index = 0\nfunction request() index = index % #requests + 1; return requests[index] end"
    file.write_text("\n".join(("local requests = {}", "function init()", *lines, "end", turns, "")), "utf-8")
    return file


def _lua(headers: Mapping[str, str]) -> str:
    return f"{{{', '.join(f'[{json.dumps(name)}] = {json.dumps(value)}' for name, value in headers.items())}}}"


def load(
    port: int,
    path: str,
    headers: Mapping[str, str],
    *,
    connections: int,
    seconds: int,
    core: int,
    script: Path | None = None,
) -> Load:
    """One thread on one core asks as fast as it is answered. Raises BenchError for any answer that is an error.

    With a `script` (see that function), its requests are sent instead of `path` with `headers`.
    """
    named = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    pinned = ["taskset", "--cpu-list", str(core)]
    named += ["-s", str(script)] if script else []
    words = ["wrk", "--latency", "-t1", f"-c{connections}", f"-d{seconds}s", *named, f"http://127.0.0.1:{port}{path}"]
    said = subprocess.run([*pinned, *words], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise BenchError(f"not every answer was one: {said}")
    rate, slow = re.search(r"Requests/sec:\s+([\d.]+)", said), re.search(r"99%\s+([\d.]+)(us|ms|s)\b", said)
    if not rate or not slow:
        raise BenchError(f"wrk said: {said}")
    return Load(rate=float(rate[1]), p99=float(slow[1]) * _UNITS[slow[2]])
