"""A hot feed under load: beside a bare WSGI function, with two workers, and while files are saved."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import count

from bench import corpus, wrk
from bench.lab import SAVED, Lab
from bench.measure import median
from bench.product import FEED, Product
from bench.rows.saves import restore, saving
from bench.rows.starts import state
from bench.running import Running, running
from bench.table import Goal, Row
from bench.web import GZIP, Client, Got, free_port

_CONNECTIONS = (16, 64, 128)
_BETWEEN = 0.1  # seconds between two saves
# A server's own headers, which the bare one sends by itself.
_SENT_ANYWAY = frozenset({"date", "server", "connection"})


def requests(lab: Lab) -> Iterator[Row]:
    for status in (200, 304):
        yield from _beside_bare(lab, status, (), Goal(least=0.9, any_size=True), "")
    if lab.able.access_log:
        for status in (200, 304):
            yield from _beside_bare(lab, status, lab.able.access_log, Goal(least=0.6, any_size=True), " with access log")
    else:
        yield Row(what="a hot feed with access log", ours=None, unit="/s", note="this feedsvc has no --access-log")


def _beside_bare(lab: Lab, status: int, options: tuple[str, ...], goal: Goal, more: str) -> Iterator[Row]:
    core, other = lab.cores
    with hot_server(lab, options, cores=(core,)) as server:
        headers, got = _asked(server, status)
        with _bare(lab, got, core) as bare:
            for number in _CONNECTIONS:
                both = [_rates(lab, (server, bare), headers, number, other) for _ in range(lab.sizes.times)]
                ours, theirs = (median(rates) for rates in zip(*both, strict=True))
                what = f"a hot feed, {status}, {number} connections{more}"
                yield Row(
                    what=what,
                    ours=ours,
                    unit="/s",
                    beside=theirs,
                    beside_is="bare WSGI",
                    goal=goal,
                    again=_again(lab, status, options, number),
                )


def _rates(lab: Lab, servers: tuple[Running, Running], headers: Mapping[str, str], number: int, core: int) -> list[float]:
    """One after the other, so that what drifts hits both."""
    seconds = lab.sizes.seconds
    return [wrk.load(one.port, FEED, headers, connections=number, seconds=seconds, core=core).rate for one in servers]


def _again(lab: Lab, status: int, options: tuple[str, ...], number: int) -> Callable[[Product], object]:
    def again(product: Product) -> wrk.Load:
        with hot_server(lab, options, cores=(), product=product) as server:
            headers, _ = _asked(server, status)
            return wrk.load(server.port, FEED, headers, connections=number, seconds=lab.sizes.seconds, core=lab.cores[1])

    return again


@contextmanager
def hot_server(
    lab: Lab, options: tuple[str, ...], cores: tuple[int, ...], product: Product | None = None, number: int = 0
) -> Iterator[Running]:
    number = number or lab.sizes.small
    one = (product or Product()).serving(lab.newsroom(number), state(lab, number), lab.new("said"), *options, cores=cores)
    with one as server:
        server.serves(FEED)
        yield server


def _asked(server: Running, status: int) -> tuple[Mapping[str, str], Got]:
    """What readers send to get that status, and what they get."""
    with closing(Client(server.port)) as client:
        tag = client.ask(FEED, GZIP).headers["etag"]
        headers = {**GZIP, "If-None-Match": tag} if status == 304 else GZIP
        return headers, client.ask(FEED, headers)


@contextmanager
def _bare(lab: Lab, got: Got, core: int) -> Iterator[Running]:
    """A server that says the very same, headers and bytes."""
    file, port = lab.new("answer"), free_port()
    headers = [(name, value) for name, value in got.headers.items() if name not in _SENT_ANYWAY]
    file.write_text(json.dumps({"status": got.status, "headers": headers, "body": got.body.decode("latin-1")}), "utf-8")
    words = [sys.executable, "-m", "bench.bare", str(port), str(file)]
    with running(words, log=lab.log, port=port, cores=(core,)) as server, closing(Client(port)) as client:
        server.wait(lambda: _listens(client), "a bare server")
        yield server


def _listens(client: Client) -> bool:
    try:
        client.ask("/")
    except OSError:
        return False
    return True


def workers(lab: Lab) -> Iterator[Row]:
    what = "--workers 2 on two cores, 64 connections"
    if not lab.able.workers:
        yield Row(what=what, ours=None, unit="/s", note="this feedsvc has no --workers")
        return
    two, one = (_several(lab, number) for number in (2, 1))
    note, again = "the load takes a part of one of the two cores", lambda product: _several(lab, 2, product)
    yield Row(
        what=what,
        ours=two,
        unit="/s",
        beside=one,
        beside_is="one worker",
        goal=Goal(least=1.6, any_size=True),
        note=note,
        again=again,
    )


def _several(lab: Lab, number: int, product: Product | None = None) -> float:
    with hot_server(lab, ("--workers", str(number)), cores=(), product=product) as server:
        loads = (_load(lab, server) for _ in range(lab.sizes.times))
        return median(one.rate for one in loads)


def _load(lab: Lab, server: Running) -> wrk.Load:
    return wrk.load(server.port, FEED, GZIP, connections=64, seconds=lab.sizes.seconds, core=lab.cores[1])


def p99(lab: Lab) -> Iterator[Row]:
    number, times = lab.sizes.large, lab.sizes.times
    quiet, busy = _with_and_without_saves(lab, times)
    yield Row(
        what=f"p99 of a hot feed while 10 files a second are saved, {number:,} articles",
        ours=median(busy),
        beside=median(quiet),
        beside_is="without saves",
        goal=Goal(most=2),
        again=lambda product: _with_and_without_saves(lab, 1, product),
    )


def _with_and_without_saves(lab: Lab, times: int, product: Product | None = None) -> tuple[list[float], list[float]]:
    quiet, busy, number = [], [], lab.sizes.large
    try:
        with hot_server(lab, (), cores=lab.cores[:1], product=product, number=number) as server:
            for _ in range(times):
                quiet.append(_load(lab, server).p99)
                with _saves(lab):
                    busy.append(_load(lab, server).p99)
    finally:
        restore(lab.newsroom(number) / "articles", ".yaml", corpus.as_yaml, SAVED)
    return quiet, busy


@contextmanager
def _saves(lab: Lab) -> Iterator[None]:
    """Ten saves a second, from before the block begins until it ends."""
    save = saving(lab.newsroom(lab.sizes.large) / "articles", ".yaml", corpus.as_yaml, "a burst")
    ended = threading.Event()

    def on() -> None:
        began = time.monotonic()
        for number in count():
            save(number)
            if ended.wait(max(0.0, began + (number + 1) * _BETWEEN - time.monotonic())):
                return

    thread = threading.Thread(target=on)
    thread.start()
    time.sleep(1)
    try:
        yield
    finally:
        ended.set()
        thread.join()
