"""Wall time by the monotonic clock, memory by PSS; medians of several runs."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.memory import Peak
from bench.running import BenchError


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """Seconds from start to end, and the most bytes that the process and its children held together."""

    seconds: float
    memory: float


def cost(command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None, folder: Path | None = None) -> Cost:
    """What a program costs that ends by itself. Raises BenchError where it fails."""
    with log.open("ab") as said:
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=said, stderr=said, env=environment, cwd=folder)
        with Peak(process.pid) as peak:
            process.wait()
            seconds = time.monotonic() - began
    if process.returncode:
        raise BenchError(f"{' '.join(command)} failed: {log.read_text('utf-8', 'replace')[-2000:]}")
    return Cost(seconds=seconds, memory=peak.bytes)


def read_once(folder: Path) -> None:
    """Whatever the machine did meanwhile, its page cache has these files."""
    for root, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(root, name), "rb", buffering=0) as file:
                file.read()


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each figure by itself."""
    return Cost(seconds=median(one.seconds for one in costs), memory=median(one.memory for one in costs))


def median(figures: Iterable[float]) -> float:
    return statistics.median(figures)


def alternating(makers: Sequence[Callable[[], Cost]], times: int) -> list[Cost]:
    """The median of each after `times` rounds in which each has its turn, so that what drifts hits all."""
    rounds = [[make() for make in makers] for _ in range(times)]
    return [middle(several) for several in zip(*rounds, strict=True)]
