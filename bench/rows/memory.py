"""What a server holds once it has been asked for a good deal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

from bench import corpus
from bench.lab import Lab
from bench.memory import Peak, pss
from bench.product import FEED, Product
from bench.rows.starts import state
from bench.running import BenchError
from bench.table import Goal, Row
from bench.web import Client

_MOST = 350_000_000
_ASKED = 2_000
_PATH = re.compile(rf'xmlUrl="{re.escape(corpus.BASE)}([^"]+)"')


def memory(lab: Lab) -> Iterator[Row]:
    number = lab.sizes.large
    held, peak = of_server(lab, number)
    note = f"{peak / 1e6:,.0f} MB at most since the start; every feed and {min(_ASKED, number):,} articles were asked for"
    yield Row(what=f"memory of a server of {number:,} articles", ours=held, unit="B", goal=Goal(most=_MOST), note=note)


def of_server(lab: Lab, number: int) -> tuple[int, int]:
    return lab.once(("memory of a server", number), lambda: _measure(lab, number))


def _measure(lab: Lab, number: int) -> tuple[int, int]:
    """Bytes held after every feed of the OPML and some articles were asked for, and the most until then."""
    content = lab.newsroom(number)
    with Product().serving(content, state(lab, number), lab.log) as server, Peak(server.pid) as peak:
        server.serves(FEED)
        with closing(Client(server.port)) as client:
            for path in _paths(client, number):
                if client.ask(path).status != 200:
                    raise BenchError(f"no {path}")
        held = pss(server.pid)
    return held, max(held, peak.bytes)


def _paths(client: Client, number: int) -> Iterator[str]:
    yield from _PATH.findall(client.ask("/feeds.opml").body.decode())
    step = max(1, number // _ASKED)
    yield from (f"/articles/{corpus.article(one).slug}/" for one in range(0, number, step))
