"""Measure a restart with unchanged content."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.measure import median
from bench.product import FEED, Product
from bench.rows.builds import build_cold_feeds
from bench.run import Run
from bench.table import Goal, Row


def measure_start(run: Run, number: int, product: Product | None = None) -> float:
    """Return the seconds from starting a server with a warm state folder until it serves the site's feed."""
    with (product or Product()).serving(run.newsroom(number), warm_state(run, number), run.log) as server:
        return server.wait_for_response(FEED)


def warm_state(run: Run, number: int) -> Path:
    """Return a state folder that two earlier servers used: the first wrote it, the second completed it."""

    def serve_twice() -> Path:
        folder = run.new_path("warm")
        for _ in range(2):
            with Product().serving(run.newsroom(number), folder, run.log) as server:
                server.wait_for_response(FEED)
        return folder

    return run.compute_once(("warm state folder", number), serve_twice)


def warm_start(run: Run, number: int) -> float:
    """Return the median of seconds of a start, measured once in a run."""
    return run.compute_once(
        ("warm start", number), lambda: median(measure_start(run, number) for _ in range(run.sizes.repetitions))
    )


def starts(run: Run) -> Iterator[Row]:
    number = run.sizes.large
    yield Row(
        name=f"starting again with {number:,} articles until the first feed",
        value=warm_start(run, number),
        reference=build_cold_feeds(run, number).uncompressed.seconds,
        reference_name="cold build of all feeds",
        goal=Goal(maximum=0.2),
        note="" if run.options.only_feeds else "the cold build it is held against is of the whole site: there is no --only feeds",
        repeat=lambda product: measure_start(run, number, product),
    )
