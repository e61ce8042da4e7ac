"""Load a hot feed: compared with stock waitress and a constant body, with two workers, and during saves."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count

from bench import corpus, wrk
from bench.measure import median
from bench.process import ServerProcess, run_server
from bench.product import FEED, Product
from bench.rows.saves import restore, title_saver
from bench.rows.starts import warm_state
from bench.run import SAVED_ARTICLES, Run
from bench.table import Goal, Row
from bench.web import GZIP, NO_HEADERS, Client, Response, free_port

_SAVE_INTERVAL = 0.1  # seconds between two saves
_FEEDS = (FEED, "/feed.atom", "/feed.json")
# Headers that the bare server adds itself.
_AUTOMATIC_HEADERS = frozenset({"date", "server", "connection"})


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    """Requests that get `status`. `goal` is the smallest ratio."""

    name: str = "a hot feed"
    status: int = 200
    is_largest: bool = False  # the largest feed of the site without compression, not FEED as gzip
    connections: tuple[int, ...] = (16, 64, 128)
    options: tuple[str, ...] = ()
    goal: float = 0.9

    @property
    def reference_name(self) -> str:
        return "stock waitress" if self.status == HTTPStatus.OK else "bare WSGI"


_CASES = (
    _Case(),
    _Case(name="the largest feed, uncompressed", is_largest=True, connections=(16, 64), goal=0.8),
    _Case(status=304),
)


def requests(run: Run) -> Iterator[Row]:
    for case in _CASES:
        yield from _rows_beside_bare(run, case, "")
    if run.options.access_log:
        for status in (200, 304):
            yield from _rows_beside_bare(run, _Case(status=status, options=run.options.access_log, goal=0.6), " with access log")
    else:
        yield Row(name="a hot feed with access log", value=None, unit="/s", note="this feedsvc has no --access-log")


def _rows_beside_bare(run: Run, case: _Case, suffix: str) -> Iterator[Row]:
    core = run.cores[0]
    with hot_feed_server(run, case.options, cores=(core,)) as server:
        request, response = _hot_request(server, case)
        with _bare_server(run, response, core) as bare_server:
            for connections in case.connections:
                rates = [
                    [_rate(run, each, request, connections) for each in (server, bare_server)]
                    for _ in range(run.sizes.repetitions)
                ]
                ours, theirs = (median(figures) for figures in zip(*rates, strict=True))
                yield Row(
                    name=f"{case.name}, {case.status}, {connections} connections{suffix}",
                    value=ours,
                    unit="/s",
                    reference=theirs,
                    reference_name=case.reference_name,
                    goal=Goal(minimum=case.goal, any_size=True),
                    note=f"{request.path}, {len(response.body):,} bytes" if case.is_largest else "",
                    repeat=_repeater(run, case, connections),
                )


def _rate(run: Run, server: ServerProcess, request: _Request, connections: int) -> float:
    path, headers, seconds, core = request.path, request.headers, run.sizes.seconds, run.cores[1]
    return wrk.load(server.port, path, headers, connections=connections, seconds=seconds, core=core).rate


def _repeater(run: Run, case: _Case, connections: int) -> Callable[[Product], object]:
    def repeat(product: Product) -> float:
        with hot_feed_server(run, case.options, cores=(), product=product) as server:
            return _rate(run, server, _hot_request(server, case)[0], connections)

    return repeat


@contextmanager
def hot_feed_server(
    run: Run, options: tuple[str, ...], cores: tuple[int, ...], product: Product | None = None, number: int = 0
) -> Iterator[ServerProcess]:
    """Run a server with a warm state folder until the block ends; it is ready at the start of the block."""
    number = number or run.sizes.small
    process = (product or Product()).serving(
        run.newsroom(number), warm_state(run, number), run.new_path("output"), *options, cores=cores
    )
    with process as server:
        server.wait_for_response(FEED)
        yield server


@dataclass(frozen=True, slots=True)
class _Request:
    path: str
    headers: Mapping[str, str]


def _hot_request(server: ServerProcess, case: _Case) -> tuple[_Request, Response]:
    """Return a request of `case`, and its response."""
    with closing(Client(server.port)) as client:
        path = max(_FEEDS, key=lambda feed: len(client.ask(feed).body)) if case.is_largest else FEED
        headers = NO_HEADERS if case.is_largest else GZIP
        if case.status == HTTPStatus.NOT_MODIFIED:
            headers = {**headers, "If-None-Match": client.ask(path, headers).headers["etag"]}
        request = _Request(path, headers)
        return request, client.ask(path, headers)


@contextmanager
def _bare_server(run: Run, response: Response, core: int) -> Iterator[ServerProcess]:
    """Run a server that sends exactly this response."""
    file, port = run.new_path("answer"), free_port()
    headers = [(name, value) for name, value in response.headers.items() if name not in _AUTOMATIC_HEADERS]
    file.write_text(json.dumps({"status": response.status, "headers": headers, "body": response.body.decode("latin-1")}), "utf-8")
    arguments = [sys.executable, "-m", "bench.bare", str(port), str(file)]
    with run_server(arguments, log=run.log, port=port, cores=(core,)) as server, closing(Client(port)) as client:
        server.wait_until(lambda: _is_listening(client), "a bare server")
        yield server


def _is_listening(client: Client) -> bool:
    try:
        client.ask("/")
    except OSError:
        return False
    return True


def workers(run: Run) -> Iterator[Row]:
    name = "--workers 2 on two cores, 64 connections"
    if not run.options.workers:
        yield Row(name=name, value=None, unit="/s", note="this feedsvc has no --workers")
        return
    rate_of_two, rate_of_one = (_rate_with_workers(run, number) for number in (2, 1))
    note, repeat = "the load takes a part of one of the two cores", lambda product: _rate_with_workers(run, 2, product)
    yield Row(
        name=name,
        value=rate_of_two,
        unit="/s",
        reference=rate_of_one,
        reference_name="one worker",
        goal=Goal(minimum=1.6, any_size=True),
        note=note,
        repeat=repeat,
    )


def _rate_with_workers(run: Run, workers: int, product: Product | None = None) -> float:
    with hot_feed_server(run, ("--workers", str(workers)), cores=(), product=product) as server:
        loads = (_load(run, server) for _ in range(run.sizes.repetitions))
        return median(load.rate for load in loads)


def _load(run: Run, server: ServerProcess) -> wrk.Load:
    return wrk.load(server.port, FEED, GZIP, connections=64, seconds=run.sizes.seconds, core=run.cores[1])


def p99(run: Run) -> Iterator[Row]:
    number, repetitions = run.sizes.large, run.sizes.repetitions
    quiet_p99s, busy_p99s = _with_and_without_saves(run, repetitions)
    yield Row(
        name=f"p99 of a hot feed while 10 files a second are saved, {number:,} articles",
        value=median(busy_p99s),
        reference=median(quiet_p99s),
        reference_name="without saves",
        goal=Goal(maximum=2),
        repeat=lambda product: _with_and_without_saves(run, 1, product),
    )


def _with_and_without_saves(run: Run, repetitions: int, product: Product | None = None) -> tuple[list[float], list[float]]:
    quiet_p99s, busy_p99s, number = [], [], run.sizes.large
    try:
        with hot_feed_server(run, (), cores=run.cores[:1], product=product, number=number) as server:
            for _ in range(repetitions):
                quiet_p99s.append(_load(run, server).p99)
                with _save_continuously(run):
                    busy_p99s.append(_load(run, server).p99)
    finally:
        restore(run.newsroom(number) / "articles", ".yaml", corpus.as_yaml, SAVED_ARTICLES)
    return quiet_p99s, busy_p99s


@contextmanager
def _save_continuously(run: Run) -> Iterator[None]:
    """Save ten files a second until the block ends, starting a second before the block."""
    save = title_saver(run.newsroom(run.sizes.large) / "articles", ".yaml", corpus.as_yaml, "a burst")
    stopping = threading.Event()

    def save_until_stopped() -> None:
        start = time.monotonic()
        for number in count():
            save(number)
            if stopping.wait(max(0.0, start + (number + 1) * _SAVE_INTERVAL - time.monotonic())):
                return

    thread = threading.Thread(target=save_until_stopped)
    thread.start()
    time.sleep(1)
    try:
        yield
    finally:
        stopping.set()
        thread.join()
