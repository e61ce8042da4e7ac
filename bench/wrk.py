"""Measure requests per second and latency by wrk."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.process import BenchError

INSTALL: Final = "apt-get install wrk"
_UNITS: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """Requests per second, and the 99th percentile of the latency in seconds."""

    rate: float
    p99: float


def script(file: Path, requests: Iterable[tuple[str, Mapping[str, str]]]) -> Path:
    """Write a wrk script that sends these requests, pairs of path and headers, in turn; return the file."""
    lines = (f"  requests[#requests + 1] = wrk.format('GET', {json.dumps(path)}, {_lua(headers)})" for path, headers in requests)
    loop = "local index = 0\nfunction request() index = index % #requests + 1; return requests[index] end"
    file.write_text("\n".join(("local requests = {}", "function init()", *lines, "end", loop, "")), "utf-8")
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
    """Run wrk with one thread on one core. Raises BenchError if any response is an error.

    If `script` is given, its requests are sent instead of `path` with `headers`.
    """
    options = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    prefix = ["taskset", "--cpu-list", str(core)]
    options += ["-s", str(script)] if script else []
    arguments = ["wrk", "--latency", "-t1", f"-c{connections}", f"-d{seconds}s", *options, f"http://127.0.0.1:{port}{path}"]
    output = subprocess.run([*prefix, *arguments], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise BenchError(f"wrk received errors: {output}")
    rate, p99 = re.search(r"Requests/sec:\s+([\d.]+)", output), re.search(r"99%\s+([\d.]+)(us|ms|s)\b", output)
    if not rate or not p99:
        raise BenchError(f"unexpected output of wrk: {output}")
    return Load(rate=float(rate[1]), p99=float(p99[1]) * _UNITS[p99[2]])
