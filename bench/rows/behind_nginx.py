"""Serve the static tree by Debian's nginx with the configuration of docs/deploy/."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from bench import nginx, wrk
from bench.headers import BROWSER, differences, document_paths
from bench.measure import median
from bench.process import ServerProcess
from bench.product import FEED, Product
from bench.rows.starts import warm_state
from bench.run import Run
from bench.table import Goal, Row
from bench.web import GZIP, Client

_FORM_PATH: Final = "/subscribe/"  # has a form on the server only, because a tree cannot answer it


def behind_nginx(run: Run) -> Iterator[Row]:
    number = run.sizes.small
    tree, tree_configuration = run.new_path("tree"), run.new_path("nginx.conf")
    Product().build(tree, run.newsroom(number), run.new_path("state"), run.log, "--nginx", tree_configuration)
    ours, bare = _rates(run, tree, tree_configuration)
    differing_headers, request_count = _find_differences(run, tree, tree_configuration, number)
    name = "the static tree behind nginx"
    yield Row(
        name=f"{name}, 64 connections",
        value=ours,
        unit="/s",
        reference=bare,
        reference_name="bare nginx configuration",
        goal=Goal(minimum=0.9, any_size=True),
    )
    scope = f"of {request_count:,} responses, each with and without a browser's headers; validators are not compared."
    note = f"{scope} {'; '.join(differing_headers[:3])}".strip()
    yield Row(
        name=f"{name}: headers or bodies that differ from the live server's",
        value=len(differing_headers),
        unit="",
        goal=Goal(maximum=0, any_size=True),
        note=note,
    )


def _rates(run: Run, tree: Path, tree_configuration: Path) -> tuple[float, float]:
    core = run.cores[:1]
    shipped = nginx.serving(run.new_path("nginx"), tree, tree_configuration=tree_configuration, cores=core)
    bare = nginx.serving(run.new_path("nginx"), tree, configuration=nginx.BARE, cores=core)
    with shipped as shipped_server, bare as bare_server:
        rounds = [(_load(run, shipped_server), _load(run, bare_server)) for _ in range(run.sizes.repetitions)]
    return median(ours for ours, _ in rounds), median(theirs for _, theirs in rounds)


def _load(run: Run, server: ServerProcess) -> float:
    return wrk.load(server.port, FEED, GZIP, connections=64, seconds=run.sizes.seconds, core=run.cores[1]).rate


def _find_differences(run: Run, tree: Path, tree_configuration: Path, number: int) -> tuple[list[str], int]:
    paths = [path for path in document_paths(tree) if path != _FORM_PATH]
    live = Product().serving(run.newsroom(number), warm_state(run, number), run.log)
    with live as live_server, nginx.serving(run.new_path("nginx"), tree, tree_configuration=tree_configuration) as static_server:
        live_server.wait_for_response(FEED)
        with closing(Client(live_server.port)) as live_client, closing(Client(static_server.port)) as static_client:
            lines = [
                line
                for path in paths
                for headers in ({}, _BROWSER_WITHOUT_GZIP)
                for line in differences(live_client, static_client, path, headers, is_tree=True)
            ]
    return lines, 2 * len(paths)


_BROWSER_WITHOUT_GZIP = {name: value for name, value in BROWSER.items() if name not in GZIP}
