"""The static tree behind Debian's nginx, as docs/deploy/ has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bench import nginx, wrk
from bench.headers import BROWSER, addresses, differences
from bench.lab import Lab
from bench.measure import median
from bench.product import FEED, Product
from bench.rows.starts import state
from bench.running import Running
from bench.table import Goal, Row
from bench.web import GZIP, Client


def behind_nginx(lab: Lab) -> Iterator[Row]:
    number = lab.sizes.small
    tree, known = lab.new("tree"), lab.new("nginx.conf")
    Product().build(tree, lab.newsroom(number), lab.new("state"), lab.log, "--nginx", known)
    ours, bare = _rates(lab, tree, known)
    other, asked = _compared(lab, tree, known, number)
    what = "the static tree behind nginx"
    yield Row(
        what=f"{what}, 64 connections",
        ours=ours,
        unit="/s",
        beside=bare,
        beside_is="bare nginx configuration",
        goal=Goal(least=0.9, any_size=True),
    )
    note = f"of {asked:,} answers, each plain and as a browser asks; validators are nginx's own. {'; '.join(other[:3])}".strip()
    yield Row(
        what=f"{what}: headers or bodies that differ from the live server's",
        ours=len(other),
        unit="",
        goal=Goal(most=0, any_size=True),
        note=note,
    )


def _rates(lab: Lab, tree: Path, known: Path) -> tuple[float, float]:
    core = lab.cores[:1]
    shipped = nginx.serving(lab.new("nginx"), tree, known=known, cores=core)
    bare = nginx.serving(lab.new("nginx"), tree, configuration=nginx.BARE, cores=core)
    with shipped as one, bare as other:
        rounds = [(_load(lab, one), _load(lab, other)) for _ in range(lab.sizes.times)]
    return median(ours for ours, _ in rounds), median(theirs for _, theirs in rounds)


def _load(lab: Lab, server: Running) -> float:
    return wrk.load(server.port, FEED, GZIP, connections=64, seconds=lab.sizes.seconds, core=lab.cores[1]).rate


def _compared(lab: Lab, tree: Path, known: Path, number: int) -> tuple[list[str], int]:
    paths = addresses(tree)
    live = Product().serving(lab.newsroom(number), state(lab, number), lab.log)
    with live as one, nginx.serving(lab.new("nginx"), tree, known=known) as other:
        one.serves(FEED)
        with closing(Client(one.port)) as ours, closing(Client(other.port)) as theirs:
            found = [
                line for path in paths for headers in ({}, _PLAIN_BROWSER) for line in differences(ours, theirs, path, headers)
            ]
    return found, 2 * len(paths)


_PLAIN_BROWSER = {name: value for name, value in BROWSER.items() if name not in GZIP}
