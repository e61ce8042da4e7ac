"""Where the time goes in a row that missed its goal: py-spy's samples, the most frequent lines."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from bench.lab import Lab
from bench.product import Product
from bench.running import BenchError
from bench.table import Row

_LINES = 12
_SAMPLE = re.compile(r"^(.*) ([0-9]+)$", re.MULTILINE)
_OURS = "feedsvc/"  # py-spy leaves out what stands before it
_PROCESS = "process "  # how py-spy names a process where there are several


def profile(lab: Lab, row: Row) -> str:
    """Markdown: feedsvc's functions by the share of samples in which they or what they called ran, then all by themselves."""
    samples = lab.new("samples")
    if row.again is None:
        return ""
    try:
        row.again(Product().profiled(samples))
    except BenchError as error:
        return f"The profile failed: {error}\n"
    return (
        top(samples.read_text("utf-8")) if samples.exists() else "py-spy took no samples: it may not look at other processes.\n"
    )


def top(samples: str) -> str:
    """Of py-spy's raw format: `frame;frame;frame count` a line, the innermost last."""
    own: Counter[str] = Counter()
    all_in: Counter[str] = Counter()
    # py-spy looks at a process that runs on: now and then it takes some other text for a function's name.
    for stack, number in _SAMPLE.findall(samples):
        frames = [frame for frame in stack.split(";") if not frame.startswith(_PROCESS)]
        own[_short(frames[-1]) if frames else "outside Python"] += int(number)
        all_in.update({_short(frame): int(number) for frame in frames if _OURS in frame})
    total = max(1, own.total())
    lines = [f"| {own[name] / total:.0%} | {number / total:.0%} | `{name}` |" for name, number in all_in.most_common(_LINES)]
    lines += [f"| {number / total:.0%} | {_share(all_in[name], total)} | `{name}` |" for name, number in own.most_common(_LINES)]
    return "\n".join(("| itself | with calls | function |", "| ---: | ---: | --- |", *dict.fromkeys(lines))) + "\n"


def _share(number: int, total: int) -> str:
    return f"{number / total:.0%}" if number else ""


def _short(frame: str) -> str:
    """`function (package/module.py)`: no line, and no path of a machine."""
    name, _, place = frame.partition(" (")
    path = Path(place.rstrip(")").rpartition(":")[0] or place.rstrip(")"))
    return f"{name} ({'/'.join(path.parts[-2:])})"
