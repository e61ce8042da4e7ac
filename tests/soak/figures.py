"""What a server takes of the machine, sampled over a long time, and whether it is flat."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import median
from typing import Final

from bench.memory import pss

# What is reached early is the server's own size: caches fill. From then on nothing may grow.
_WARM: Final = 0.25  # of the time
# The allocator hands out and takes back in steps; a leak of a kilobyte for each of a day's polls is far more than this.
MEMORY_ROOM: Final = 0.05  # of what it was
MEMORY_LEAST: Final = 6 * 1024 * 1024
FILES_ROOM: Final = 3  # SQLite opens its files for a moment, and readers come and go


@dataclass(frozen=True, kw_only=True)
class Sample:
    """At so many seconds: bytes of memory (PSS), open files, threads."""

    at: float
    memory: int
    files: int
    threads: int


def sample(pid: int, at: float) -> Sample:
    files, threads = (len(os.listdir(f"/proc/{pid}/{kind}")) for kind in ("fd", "task"))
    return Sample(at=at, memory=pss(pid), files=files, threads=threads)


def resident(pid: int) -> int:
    """Bytes, by the kernel's own count."""
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) * 1024


@dataclass(frozen=True, kw_only=True)
class Trend:
    """Medians of the first and the last third of what came after the warm-up; `slope` is by least squares, an hour."""

    name: str
    early: float
    late: float
    most: float
    slope: float

    def is_flat(self, room: float) -> bool:
        return self.late - self.early <= room


def trends(samples: Sequence[Sample]) -> list[Trend]:
    warm = [one for one in samples if one.at >= samples[-1].at * _WARM]
    return [_trend(field.name, warm, lambda one, name=field.name: getattr(one, name)) for field in fields(Sample)[1:]]


def _trend(name: str, samples: Sequence[Sample], of: Callable[[Sample], float]) -> Trend:
    third = max(1, len(samples) // 3)
    values = [of(one) for one in samples]
    return Trend(
        name=name,
        early=median(values[:third]),
        late=median(values[-third:]),
        most=max(values),
        slope=_slope([one.at / 3600 for one in samples], values),
    )


def _slope(at: Sequence[float], values: Sequence[float]) -> float:
    mean_at, mean = sum(at) / len(at), sum(values) / len(values)
    spread = sum((one - mean_at) ** 2 for one in at)
    return sum((one - mean_at) * (value - mean) for one, value in zip(at, values, strict=True)) / spread if spread else 0.0


def growing(found: Sequence[Trend]) -> list[str]:
    """What is not flat, in words."""
    rooms = {"memory": max(MEMORY_LEAST, MEMORY_ROOM * found[0].early), "files": FILES_ROOM, "threads": 0}
    return [
        f"{one.name} grew from {one.early:,.0f} to {one.late:,.0f}, by more than {rooms[one.name]:,.0f}"
        for one in found
        if not one.is_flat(rooms[one.name])
    ]
