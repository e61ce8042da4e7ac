"""Cost against the number of articles, and a picture of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.lab import Lab
from bench.measure import Cost
from bench.rows.builds import cold_feeds
from bench.rows.memory import of_server
from bench.rows.saves import in_server
from bench.rows.starts import warm

Line = Mapping[int, float]
_SIZE = (6.4, 3.8)


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """`lines`: who -> number of articles -> figure in `unit`."""

    name: str
    title: str
    unit: str
    lines: Mapping[str, Line]


def curves(lab: Lab) -> list[Curve]:
    """Everything measured at every size of the curve."""
    sizes = lab.sizes.curve
    cold = {number: cold_feeds(lab, number) for number in sizes}
    ours, theirs = {n: found.plain for n, found in cold.items()}, {n: found.hugo for n, found in cold.items()}
    peaks = {"feedsvc build": _each(ours, lambda cost: cost.memory / 1e6), "Hugo": _each(theirs, lambda cost: cost.memory / 1e6)}
    seconds = {"feedsvc": _each(ours, lambda cost: cost.seconds), "Hugo": _each(theirs, lambda cost: cost.seconds)}
    held = _at(sizes, lab, lambda lab, number: of_server(lab, number)[0] / 1e6)
    return [
        Curve(name="cold-build", title="Every feed from cold files", unit="s", lines=seconds),
        Curve(name="memory", title="Memory", unit="MB", lines={**peaks, "feedsvc serve": held}),
        Curve(
            name="save-to-feed", title="A save until its feed shows it", unit="s", lines={"feedsvc": _at(sizes, lab, in_server)}
        ),
        Curve(name="warm-start", title="Starting again until the first feed", unit="s", lines={"feedsvc": _at(sizes, lab, warm)}),
    ]


def _each(costs: Mapping[int, Cost], figure: Callable[[Cost], float]) -> Line:
    return {number: figure(cost) for number, cost in costs.items()}


def _at(sizes: Iterable[int], lab: Lab, figure: Callable[[Lab, int], float]) -> Line:
    return {number: figure(lab, number) for number in sizes}


def draw(curve: Curve, file: Path) -> None:
    """An SVG of it, both scales logarithmic: the same bytes for the same figures."""
    # Only a run with pictures needs it.
    import matplotlib as mpl  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    with mpl.rc_context({"svg.hashsalt": "bench", "svg.fonttype": "none"}):
        figure = Figure(figsize=_SIZE, layout="constrained")
        axes = figure.subplots()
        for who, line in curve.lines.items():
            axes.plot(list(line), list(line.values()), marker="o", label=who)
        axes.set(title=curve.title, xlabel="articles", ylabel=curve.unit, xscale="log", yscale="log")
        axes.grid(visible=True, which="both", alpha=0.3)
        axes.legend()
        figure.savefig(file, metadata={"Date": None})
