"""Profile a row that missed its goal: the functions with most of py-spy's samples."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from bench.process import BenchError
from bench.product import Product
from bench.run import Run
from bench.table import Row

_MAX_FUNCTIONS = 12
_SAMPLE = re.compile(r"^(.*) ([0-9]+)$", re.MULTILINE)
_PACKAGE = "feedsvc/"  # py-spy leaves out the folders before it
_PROCESS = "process "  # py-spy's prefix of the frame that names the process


def profile(run: Run, row: Row) -> str:
    """Repeat the row under py-spy, and return a Markdown table; "" if the row cannot be repeated."""
    samples = run.new_path("samples")
    if row.repeat is None:
        return ""
    try:
        row.repeat(Product().with_profile(samples))
    except BenchError as error:
        return f"The profile failed: {error}\n"
    return (
        format_profile(samples.read_text("utf-8"))
        if samples.exists()
        else "py-spy took no samples: it may not look at other processes.\n"
    )


def format_profile(samples: str) -> str:
    """Return a table of functions from py-spy's raw format, `frame;frame;frame count` a line with the innermost frame last.

    First come feedsvc's functions by cumulative samples, then all functions by their own samples.
    """
    self_counts: Counter[str] = Counter()
    cumulative_counts: Counter[str] = Counter()
    # py-spy reads memory of a running process without stopping it, so that some function names are garbage.
    for stack, number in _SAMPLE.findall(samples):
        frames = [frame for frame in stack.split(";") if not frame.startswith(_PROCESS)]
        self_counts[_short_name(frames[-1]) if frames else "outside Python"] += int(number)
        cumulative_counts.update({_short_name(frame): int(number) for frame in frames if _PACKAGE in frame})
    total = max(1, self_counts.total())
    lines = [
        f"| {self_counts[name] / total:.0%} | {number / total:.0%} | `{name}` |"
        for name, number in cumulative_counts.most_common(_MAX_FUNCTIONS)
    ]
    lines += [
        f"| {number / total:.0%} | {_percentage(cumulative_counts[name], total)} | `{name}` |"
        for name, number in self_counts.most_common(_MAX_FUNCTIONS)
    ]
    return "\n".join(("| itself | with calls | function |", "| ---: | ---: | --- |", *dict.fromkeys(lines))) + "\n"


def _percentage(number: int, total: int) -> str:
    return f"{number / total:.0%}" if number else ""


def _short_name(frame: str) -> str:
    """Return `function (package/module.py)`, without line number and folders of the machine."""
    name, _, location = frame.partition(" (")
    path = Path(location.rstrip(")").rpartition(":")[0] or location.rstrip(")"))
    return f"{name} ({'/'.join(path.parts[-2:])})"
