"""Starting again with nothing changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.lab import Lab
from bench.measure import median
from bench.product import FEED, Product
from bench.rows.builds import cold_feeds
from bench.table import Goal, Row


def start(lab: Lab, number: int, product: Product | None = None) -> float:
    """Seconds from starting a server until it answers the site's feed, its state folder as `state` has it."""
    with (product or Product()).serving(lab.newsroom(number), state(lab, number), lab.log) as server:
        return server.serves(FEED)


def state(lab: Lab, number: int) -> Path:
    """The state folder of a newsroom that was served before, twice: once cold, once to settle."""

    def made() -> Path:
        folder = lab.new("warm")
        for _ in range(2):
            with Product().serving(lab.newsroom(number), folder, lab.log) as server:
                server.serves(FEED)
        return folder

    return lab.once(("served before", number), made)


def warm(lab: Lab, number: int) -> float:
    return lab.once(("warm start", number), lambda: median(start(lab, number) for _ in range(lab.sizes.times)))


def starts(lab: Lab) -> Iterator[Row]:
    number = lab.sizes.large
    yield Row(
        what=f"starting again with {number:,} articles until the first feed",
        ours=warm(lab, number),
        beside=cold_feeds(lab, number).plain.seconds,
        beside_is="cold build of all feeds",
        goal=Goal(most=0.2),
        note="" if lab.able.only_feeds else "the cold build it is held against is of the whole site: there is no --only feeds",
        again=lambda product: start(lab, number, product),
    )
