"""Measure wall time by the monotonic clock and memory as PSS; compute medians of several runs."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.memory import PeakMemory
from bench.process import BenchError


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """Seconds from start to exit, and the peak memory in bytes of the process and its descendants."""

    seconds: float
    memory: float


def measure_command(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> Cost:
    """Run a command until it exits, and measure it. Raises BenchError if its exit status is not 0."""
    with log.open("ab") as output:
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment, cwd=folder)
        with PeakMemory(process.pid) as peak:
            process.wait()
            seconds = time.monotonic() - start
    if process.returncode:
        raise BenchError(f"{' '.join(command)} failed: {log.read_text('utf-8', 'replace')[-2000:]}")
    return Cost(seconds=seconds, memory=peak.bytes)


def warm_page_cache(folder: Path) -> None:
    """Read all files below a folder, so that they are in the page cache of the operating system."""
    for root, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(root, name), "rb", buffering=0) as file:
                file.read()


def median_cost(costs: Sequence[Cost]) -> Cost:
    """Return the median of seconds and the median of memory, each taken by itself."""
    return Cost(seconds=median(cost.seconds for cost in costs), memory=median(cost.memory for cost in costs))


def mean(figures: Iterable[float]) -> float:
    return statistics.fmean(figures)


def median(figures: Iterable[float]) -> float:
    return statistics.median(figures)


def measure_alternately(measurements: Sequence[Callable[[], Cost]], repetitions: int) -> list[Cost]:
    """Return the median cost of each measurement after `repetitions` rounds.

    Each round runs every measurement once, so that a drift of the machine affects all of them.
    """
    rounds = [[measure() for measure in measurements] for _ in range(repetitions)]
    return [median_cost(costs) for costs in zip(*rounds, strict=True)]
