"""Measure cost against the number of articles, and draw a diagram of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

from bench.measure import Cost
from bench.rows.builds import build_cold_feeds
from bench.rows.memory import server_memory
from bench.rows.saves import server_latency
from bench.rows.starts import warm_start
from bench.run import Run

Line = Mapping[int, float]
_FIGURE_SIZE = (6.4, 3.8)
_DECADE = 10.0
_MARGIN = 1.2  # ratio of an axis' limit to the nearest value


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """A diagram. `lines` maps a label to the figure, in `unit`, for each number of articles."""

    name: str
    title: str
    unit: str
    lines: Mapping[str, Line]


def curves(run: Run) -> list[Curve]:
    """Measure every curve at all its numbers of articles."""
    sizes = run.sizes.curve
    builds = {number: build_cold_feeds(run, number) for number in sizes}
    feedsvc_costs, hugo_costs = (
        {n: costs.uncompressed for n, costs in builds.items()},
        {n: costs.hugo for n, costs in builds.items()},
    )
    peaks = {
        "feedsvc build": _line_of_costs(feedsvc_costs, lambda cost: cost.memory / 1e6),
        "Hugo": _line_of_costs(hugo_costs, lambda cost: cost.memory / 1e6),
    }
    seconds = {
        "feedsvc": _line_of_costs(feedsvc_costs, lambda cost: cost.seconds),
        "Hugo": _line_of_costs(hugo_costs, lambda cost: cost.seconds),
    }
    server_memory_lines = _line_of_measurements(sizes, run, lambda run, number: server_memory(run, number)[0] / 1e6)
    return [
        Curve(name="cold-build", title="Every feed from cold files", unit="s", lines=seconds),
        Curve(name="memory", title="Memory", unit="MB", lines={**peaks, "feedsvc serve": server_memory_lines}),
        Curve(
            name="save-to-feed",
            title="A save until its feed shows it",
            unit="s",
            lines={"feedsvc": _line_of_measurements(sizes, run, server_latency)},
        ),
        Curve(
            name="warm-start",
            title="Starting again until the first feed",
            unit="s",
            lines={"feedsvc": _line_of_measurements(sizes, run, warm_start)},
        ),
    ]


def _line_of_costs(costs: Mapping[int, Cost], figure: Callable[[Cost], float]) -> Line:
    return {number: figure(cost) for number, cost in costs.items()}


def _line_of_measurements(sizes: Iterable[int], run: Run, figure: Callable[[Run, int], float]) -> Line:
    return {number: figure(run, number) for number in sizes}


def _vertical_limits(values: Sequence[float]) -> tuple[float, float]:
    """Return the limits of an axis for positive values: their range with a margin, or a decade around a smaller range."""
    low, high = min(values), max(values)
    margin = max(_MARGIN, sqrt(_DECADE * low / high))
    return low / margin, high * margin


def draw(curve: Curve, file: Path) -> None:
    """Write the curve as SVG with logarithmic axes. The same figures give the same bytes.

    The vertical axis spans a decade at least, so that a difference of a few percent does not look like a slope.
    """
    # Imported here because only a run with --curves needs matplotlib.
    import matplotlib as mpl  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415
    from matplotlib.ticker import LogLocator, NullFormatter  # noqa: PLC0415

    with mpl.rc_context({"svg.hashsalt": "bench", "svg.fonttype": "none"}):
        figure = Figure(figsize=_FIGURE_SIZE, layout="constrained")
        axes = figure.subplots()
        for label, line in curve.lines.items():
            axes.plot(list(line), list(line.values()), marker="o", label=label)
        axes.set(title=curve.title, xlabel="articles", ylabel=curve.unit, xscale="log", yscale="log")
        axes.set_ylim(_vertical_limits([value for line in curve.lines.values() for value in line.values()]))
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:,g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.grid(visible=True, which="both", alpha=0.3)
        axes.legend()
        figure.savefig(file, metadata={"Date": None})
