"""Measure the time from saving a file until its feed shows the change."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from bench import corpus, hugo
from bench.corpus import Article
from bench.measure import median
from bench.process import ServerProcess
from bench.product import FEED, Product
from bench.rows.starts import warm_state
from bench.run import SAVED_ARTICLES, Run
from bench.table import Goal, Row
from bench.web import Client

_PAUSE_SECONDS = 0.3  # before a save, so that the server has finished the previous one
_EXTRA_SECONDS = 0.037  # added each time, so that saves are not in phase with periodic scans

Serializer = Callable[[Article], str]


def save_latencies(server: ServerProcess, feed: str, save: Callable[[int], str], times: int) -> list[float]:
    """Return for each save the seconds from the rename until the feed contains the title that `save` returned."""
    with closing(Client(server.port)) as client:
        return [_save_latency(server, client, feed, save, number) for number in range(times)]


def _save_latency(server: ServerProcess, client: Client, feed: str, save: Callable[[int], str], number: int) -> float:
    time.sleep(_PAUSE_SECONDS + number * _EXTRA_SECONDS)
    tag = client.ask(feed).headers.get("etag", "")
    headers = {"If-None-Match": tag} if tag else {}
    start, title = time.monotonic(), save(number).encode()
    return server.wait_until(lambda: title in client.ask(feed, headers).body, "a saved title in the feed") - start


def title_saver(folder: Path, suffix: str, serialize: Serializer, run_name: str) -> Callable[[int], str]:
    """Return a function that saves one of the newest articles with a new, unique title and returns the title."""

    def save(number: int) -> str:
        title = f"Saved in {run_name} for the time {number}"
        corpus.save_article(folder, corpus.make_article(number % SAVED_ARTICLES).with_title(title), suffix, serialize)
        return title

    return save


def restore(folder: Path, suffix: str, serialize: Serializer, times: int) -> None:
    """Save the articles with their original titles."""
    for number in range(min(SAVED_ARTICLES, times)):
        corpus.save_article(folder, corpus.make_article(number), suffix, serialize)


def feedsvc_latency(run: Run, number: int, product: Product | None = None) -> float:
    """Return the median of seconds for feedsvc."""
    return median(feedsvc_latencies(run, number, run.sizes.repetitions * 2, product))


def feedsvc_latencies(run: Run, number: int, times: int, product: Product | None = None) -> list[float]:
    """Return the seconds of each of several saves after one start of feedsvc."""
    return _latencies(run, run.newsroom(number), warm_state(run, number), corpus.as_yaml, times=times, product=product)


def _latencies(
    run: Run, content: Path, state: Path, serialize: Serializer, *, times: int, product: Product | None = None
) -> list[float]:
    articles = content / "articles"
    try:
        with (product or Product()).serving(content, state, run.log) as server:
            server.wait_for_response(FEED)
            return save_latencies(server, FEED, title_saver(articles, ".yaml", serialize, "feedsvc"), times)
    finally:
        restore(articles, ".yaml", serialize, times)


def _latency_with_warnings(run: Run, number: int, product: Product | None = None) -> float:
    """Return the median of seconds for feedsvc if every article has a warning."""
    content, times, serialize = run.newsroom_without_ids(number), run.sizes.repetitions * 2, corpus.as_yaml_without_id
    return median(_latencies(run, content, run.new_path("state"), serialize, times=times, product=product))


def server_latency(run: Run, number: int) -> float:
    """Return the same, measured once in a run."""
    return run.compute_once(("save to feed", number), lambda: feedsvc_latency(run, number))


def _hugo_latency(run: Run, number: int) -> float:
    site, times = run.hugo(number, pages=False), 3
    posts = site / "content" / "posts"
    try:
        with hugo.serving(site, run.log) as server:
            return median(save_latencies(server, hugo.FEED, title_saver(posts, ".md", corpus.as_hugo, "Hugo"), times))
    finally:
        restore(posts, ".md", corpus.as_hugo, times)


def saves(run: Run) -> Iterator[Row]:
    for number in run.sizes.all:
        yield Row(name=f"a save until its feed shows it, {number:,} articles", value=server_latency(run, number))
    latencies = [server_latency(run, number) for number in run.sizes.all]
    yield Row(
        name="the slowest of these sizes beside the fastest",
        value=max(latencies),
        reference=min(latencies),
        reference_name="the fastest",
        goal=Goal(maximum=1.5),
        repeat=partial(feedsvc_latency, run, run.sizes.large),
    )
    number = run.sizes.large
    yield Row(
        name=f"a save until its feed shows it, {number:,} articles, each with a warning",
        value=_latency_with_warnings(run, number),
        reference=_latency_with_warnings(run, run.sizes.small),
        reference_name=f"{run.sizes.small:,} articles, each with a warning",
        goal=Goal(maximum=1.5),
        repeat=partial(_latency_with_warnings, run, number),
    )
    hugo_latency = run.compute_once(("save to feed, Hugo", number), lambda: _hugo_latency(run, number))
    name, goal = f"a save until its feed shows it, {number:,} articles, beside Hugo", Goal(maximum=0.01)
    repeat = partial(feedsvc_latency, run, number)
    yield Row(
        name=name,
        value=server_latency(run, number),
        reference=hugo_latency,
        reference_name="hugo server",
        goal=goal,
        repeat=repeat,
    )
