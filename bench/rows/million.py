"""Measure a server with ten times as many articles as the other rows have: starts, memory, saves."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from bench.measure import median, warm_page_cache
from bench.product import FEED, Product
from bench.rows.memory import server_memory
from bench.rows.saves import feedsvc_latencies, server_latency
from bench.rows.starts import warm_start
from bench.run import Run
from bench.table import Goal, Row

_MAX_COLD_SECONDS = 60
_MAX_WARM_SECONDS = 8
_MAX_MEMORY = 1_500_000_000  # bytes
_SAVES = 3  # after each start
_SAVE_GOAL = Goal(maximum=1.5)


def million(run: Run) -> Iterator[Row]:
    huge, large, small = run.sizes.huge, run.sizes.large, run.sizes.small
    yield Row(
        name=f"the first start with {huge:,} articles until the first feed",
        value=_cold_start(run, huge),
        goal=Goal(maximum=_MAX_COLD_SECONDS),
        repeat=partial(_cold_start, run, huge),
    )
    yield Row(
        name=f"starting again with {huge:,} articles until the first feed",
        value=warm_start(run, huge),
        goal=Goal(maximum=_MAX_WARM_SECONDS),
    )
    yield Row(
        name=f"memory of a server of {huge:,} articles",
        value=server_memory(run, huge)[0],
        unit="B",
        goal=Goal(maximum=_MAX_MEMORY),
    )
    yield Row(
        name=f"a save until its feed shows it, {huge:,} articles",
        value=server_latency(run, huge),
        reference=server_latency(run, small),
        reference_name=f"{small:,} articles",
        goal=_SAVE_GOAL,
    )
    for number in (large, huge):
        first, later = run.compute_once(("first and later saves", number), partial(_first_and_later_saves, run, number))
        yield Row(
            name=f"the first save after a start with {number:,} articles",
            value=first,
            reference=later,
            reference_name="later saves",
            goal=_SAVE_GOAL,
        )


def _cold_start(run: Run, number: int, product: Product | None = None) -> float:
    """Return the seconds from starting a server without a state folder until it serves the site's feed."""
    content = run.newsroom(number)
    warm_page_cache(content)
    with (product or Product()).serving(content, run.new_path("cold"), run.log) as server:
        return server.wait_for_response(FEED)


def _first_and_later_saves(run: Run, number: int) -> tuple[float, float]:
    """Return the medians of seconds until the feed shows the first save after a start, and the saves after that one."""
    firsts: list[float] = []
    later: list[float] = []
    for _ in range(run.sizes.repetitions):
        first, *rest = feedsvc_latencies(run, number, _SAVES)
        firsts.append(first)
        later += rest
    return median(firsts), median(later)
