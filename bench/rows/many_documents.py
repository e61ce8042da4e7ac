"""Many different documents under load: 500 feeds polled evenly, beside one hot feed, and a long tail of article pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing

from bench import corpus, wrk
from bench.lab import Lab
from bench.measure import median
from bench.product import FEED
from bench.rows.requests import hot_server
from bench.running import Running
from bench.table import Goal, Row
from bench.web import GZIP, Client

_CONNECTIONS = 64
_Requests = Sequence[tuple[str, Mapping[str, str]]]


def many_documents(lab: Lab) -> Iterator[Row]:
    with hot_server(lab, (), cores=lab.cores[:1]) as server:
        paths = [f"/author/author-{number}/feed.rss" for number in range(corpus.AUTHORS)]
        for status in (200, 304):
            different, same = _requests(server, paths, status), _requests(server, [FEED], status)
            rates = [[_rate(lab, server, some) for some in (different, same)] for _ in range(lab.sizes.times)]
            ours, beside = (median(figures) for figures in zip(*rates, strict=True))
            yield Row(
                what=f"{len(different)} feeds polled evenly, {status}, {_CONNECTIONS} connections",
                ours=ours,
                unit="/s",
                beside=beside,
                beside_is="one hot feed",
                goal=Goal(least=0.7),
            )
    yield from _long_tail(lab)


def _long_tail(lab: Lab) -> Iterator[Row]:
    number = lab.sizes.middle
    with hot_server(lab, (), cores=lab.cores[:1], number=number) as server:
        pages = [(f"/articles/{corpus.article(index).slug}/", GZIP) for index in range(number)]
        rates = [_rate(lab, server, pages) for _ in range(lab.sizes.times)]
        yield Row(
            what=f"{number:,} different article pages, 200, {_CONNECTIONS} connections",
            ours=median(rates),
            unit="/s",
            note="each page is rendered when it is first asked for, and again once the document cache has dropped it",
        )


def _requests(server: Running, paths: Sequence[str], status: int) -> _Requests:
    """Return a request for each path that exists. For status 304 it has the entity tag of the document."""
    found = []
    with closing(Client(server.port)) as client:
        for path in paths:
            got = client.ask(path, GZIP)
            if got.status == 200:
                found.append((path, {**GZIP, "If-None-Match": got.headers["etag"]} if status == 304 else GZIP))
    return found


def _rate(lab: Lab, server: Running, requests: _Requests) -> float:
    script = wrk.script(lab.new("requests.lua"), requests)
    return wrk.load(
        server.port, FEED, {}, connections=_CONNECTIONS, seconds=lab.sizes.seconds, core=lab.cores[1], script=script
    ).rate
