"""Sample a server's use of memory, files and threads, and decide if it grows."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import linear_regression, median
from typing import Final

from bench.memory import pss

# Caches fill during the warm-up. After it nothing may grow.
_WARM_UP: Final = 0.25  # of the duration
# The allocator takes and returns memory in steps. A leak of a kilobyte for each poll of a day is far more than this.
MEMORY_ALLOWANCE: Final = 0.05  # of the initial value
MEMORY_MIN_ALLOWANCE: Final = 6 * 1024 * 1024
FILES_ALLOWANCE: Final = 3  # SQLite opens files briefly, and clients connect and disconnect


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Bytes of memory (PSS), open files and threads after so many seconds."""

    seconds: float
    memory: int
    files: int
    threads: int


def sample(pid: int, seconds: float) -> Sample:
    files, threads = (len(os.listdir(f"/proc/{pid}/{kind}")) for kind in ("fd", "task"))
    return Sample(seconds=seconds, memory=pss(pid), files=files, threads=threads)


def resident(pid: int) -> int:
    """Return the resident set size in bytes."""
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) * 1024


@dataclass(frozen=True, kw_only=True)
class Trend:
    """Medians of the first and the last third of the samples after the warm-up; `slope` per hour is by least squares."""

    name: str
    initial: float
    final: float
    maximum: float
    slope: float

    def is_flat(self, allowance: float) -> bool:
        return self.final - self.initial <= allowance


def trends(samples: Sequence[Sample]) -> list[Trend]:
    later_samples = [point for point in samples if point.seconds >= samples[-1].seconds * _WARM_UP]
    return [
        _trend(field.name, later_samples, lambda point, name=field.name: getattr(point, name)) for field in fields(Sample)[1:]
    ]


def _trend(name: str, samples: Sequence[Sample], value_of: Callable[[Sample], float]) -> Trend:
    third = max(1, len(samples) // 3)
    values = [value_of(point) for point in samples]
    return Trend(
        name=name,
        initial=median(values[:third]),
        final=median(values[-third:]),
        maximum=max(values),
        slope=linear_regression([point.seconds / 3600 for point in samples], values).slope,
    )


def growth_messages(trends_of_run: Sequence[Trend]) -> list[str]:
    """Return a message for each figure that grows."""
    allowances = {
        "memory": max(MEMORY_MIN_ALLOWANCE, MEMORY_ALLOWANCE * trends_of_run[0].initial),
        "files": FILES_ALLOWANCE,
        "threads": 0,
    }
    return [
        f"{trend.name} grew from {trend.initial:,.0f} to {trend.final:,.0f}, by more than {allowances[trend.name]:,.0f}"
        for trend in trends_of_run
        if not trend.is_flat(allowances[trend.name])
    ]
