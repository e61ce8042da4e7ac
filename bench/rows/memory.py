"""Measure the memory of a server after many requests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bench import corpus
from bench.memory import PeakMemory, pss
from bench.process import BenchError
from bench.product import FEED, Product
from bench.rows.starts import warm_state
from bench.run import Run
from bench.table import Goal, Row
from bench.web import Client

_LIMIT = 350_000_000
_MAX_ARTICLE_REQUESTS = 2_000
_PATH = re.compile(rf'xmlUrl="{re.escape(corpus.BASE_URL)}([^"]+)"')


def memory(run: Run) -> Iterator[Row]:
    number = run.sizes.large
    current, peak = server_memory(run, number)
    requests = f"requests for every feed and {min(_MAX_ARTICLE_REQUESTS, number):,} articles"
    note = f"after {requests}; the peak since the start is {peak / 1e6:,.0f} MB"
    yield Row(name=f"memory of a server of {number:,} articles", value=current, unit="B", goal=Goal(maximum=_LIMIT), note=note)


def server_memory(run: Run, number: int) -> tuple[int, int]:
    """Return the current and the peak memory in bytes after requests for all feeds and up to 2,000 articles."""
    return run.compute_once(("memory of a server", number), lambda: measure_memory(run, number, warm_state(run, number)))


def measure_memory(run: Run, number: int, state: Path) -> tuple[int, int]:
    """Request every feed of the OPML document and some articles; return the memory then and the peak until then, in bytes."""
    content = run.newsroom(number)
    with Product().serving(content, state, run.log) as server, PeakMemory(server.pid) as peak:
        server.wait_for_response(FEED)
        with closing(Client(server.port)) as client:
            for path in _paths(client, number):
                if client.ask(path).status != 200:
                    raise BenchError(f"{path} is not served")
        current = pss(server.pid)
    return current, max(current, peak.bytes)


def _paths(client: Client, number: int) -> Iterator[str]:
    yield from _PATH.findall(client.ask("/feeds.opml").body.decode())
    step = max(1, number // _MAX_ARTICLE_REQUESTS)
    yield from (f"/articles/{corpus.make_article(index).slug}/" for index in range(0, number, step))
