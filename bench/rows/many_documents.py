"""Load many different documents: 500 feeds polled evenly compared with one hot feed, and a long tail of article pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing

from bench import corpus, wrk
from bench.measure import median
from bench.process import ServerProcess
from bench.product import FEED
from bench.rows.requests import hot_feed_server
from bench.run import Run
from bench.table import Goal, Row
from bench.web import GZIP, Client

_CONNECTIONS = 64
Requests = Sequence[tuple[str, Mapping[str, str]]]


def many_documents(run: Run) -> Iterator[Row]:
    with hot_feed_server(run, (), cores=run.cores[:1]) as server:
        paths = [f"/author/author-{number}/feed.rss" for number in range(corpus.AUTHORS)]
        for status in (200, 304):
            different, one_feed = build_requests(server, paths, status), build_requests(server, [FEED], status)
            rates = [[_rate(run, server, requests) for requests in (different, one_feed)] for _ in range(run.sizes.repetitions)]
            ours, reference = (median(figures) for figures in zip(*rates, strict=True))
            yield Row(
                name=f"{len(different)} feeds polled evenly, {status}, {_CONNECTIONS} connections",
                value=ours,
                unit="/s",
                reference=reference,
                reference_name="one hot feed",
                goal=Goal(minimum=0.7),
            )
    yield from _long_tail(run)


def _long_tail(run: Run) -> Iterator[Row]:
    number = run.sizes.middle
    with hot_feed_server(run, (), cores=run.cores[:1], number=number) as server:
        pages = [(f"/articles/{corpus.make_article(index).slug}/", GZIP) for index in range(number)]
        rates = [_rate(run, server, pages) for _ in range(run.sizes.repetitions)]
        yield Row(
            name=f"{number:,} different article pages, 200, {_CONNECTIONS} connections",
            value=median(rates),
            unit="/s",
            note="each page is rendered for its first request, and again after the document cache has dropped it",
        )


def build_requests(server: ServerProcess, paths: Sequence[str], status: int) -> Requests:
    """Return a request for each path with status 200. For status 304 it has the entity tag of the document."""
    requests = []
    with closing(Client(server.port)) as client:
        for path in paths:
            response = client.ask(path, GZIP)
            if response.status == 200:
                requests.append((path, {**GZIP, "If-None-Match": response.headers["etag"]} if status == 304 else GZIP))
    return requests


def _rate(run: Run, server: ServerProcess, requests: Requests) -> float:
    script = wrk.script(run.new_path("requests.lua"), requests)
    return wrk.load(
        server.port, FEED, {}, connections=_CONNECTIONS, seconds=run.sizes.seconds, core=run.cores[1], script=script
    ).rate
