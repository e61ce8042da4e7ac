"""From a saved file until its feed shows it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from bench import corpus, hugo
from bench.corpus import Article
from bench.lab import SAVED, Lab
from bench.measure import median
from bench.product import FEED, Product
from bench.rows.starts import state
from bench.running import Running
from bench.table import Goal, Row
from bench.web import Client

_QUIET = 0.3  # seconds before a save, so that none meets the one before
_DRIFT = 0.037  # more each time, so that saves do not march in step with anything that looks at intervals

Spell = Callable[[Article], str]


def shown_after(server: Running, feed: str, save: Callable[[int], str], times: int) -> float:
    """The median of seconds from the rename until the feed holds the title that `save` gave."""
    with closing(Client(server.port)) as client:
        return median(_once(server, client, feed, save, number) for number in range(times))


def _once(server: Running, client: Client, feed: str, save: Callable[[int], str], number: int) -> float:
    time.sleep(_QUIET + number * _DRIFT)
    tag = client.ask(feed).headers.get("etag", "")
    asked = {"If-None-Match": tag} if tag else {}
    began, title = time.monotonic(), save(number).encode()
    return server.wait(lambda: title in client.ask(feed, asked).body, "a saved title in the feed") - began


def saving(folder: Path, suffix: str, spell: Spell, run: str) -> Callable[[int], str]:
    """Gives one of the newest articles a title that was never there, and returns it."""

    def save(number: int) -> str:
        title = f"Saved in {run} for the time {number}"
        corpus.save(folder, corpus.article(number % SAVED).titled(title), suffix, spell)
        return title

    return save


def restore(folder: Path, suffix: str, spell: Spell, times: int) -> None:
    for number in range(min(SAVED, times)):
        corpus.save(folder, corpus.article(number), suffix, spell)


def ours(lab: Lab, number: int, product: Product | None = None) -> float:
    """Seconds of feedsvc."""
    content, times = lab.newsroom(number), lab.sizes.times * 2
    articles = content / "articles"
    try:
        with (product or Product()).serving(content, state(lab, number), lab.log) as server:
            server.serves(FEED)
            return shown_after(server, FEED, saving(articles, ".yaml", corpus.as_yaml, "feedsvc"), times)
    finally:
        restore(articles, ".yaml", corpus.as_yaml, times)


def in_server(lab: Lab, number: int) -> float:
    return lab.once(("save to feed", number), lambda: ours(lab, number))


def _hugo(lab: Lab, number: int) -> float:
    site, times = lab.hugo(number, pages=False), 3
    posts = site / "content" / "posts"
    try:
        with hugo.serving(site, lab.log) as server:
            return shown_after(server, hugo.FEED, saving(posts, ".md", corpus.as_hugo, "Hugo"), times)
    finally:
        restore(posts, ".md", corpus.as_hugo, times)


def saves(lab: Lab) -> Iterator[Row]:
    for number in lab.sizes.all:
        yield Row(what=f"a save until its feed shows it, {number:,} articles", ours=in_server(lab, number))
    taken = [in_server(lab, number) for number in lab.sizes.all]
    yield Row(
        what="the slowest of these sizes beside the fastest",
        ours=max(taken),
        beside=min(taken),
        beside_is="the fastest",
        goal=Goal(most=1.5),
        again=partial(ours, lab, lab.sizes.large),
    )
    number = lab.sizes.large
    theirs = lab.once(("save to feed, Hugo", number), lambda: _hugo(lab, number))
    what, goal = f"a save until its feed shows it, {number:,} articles, beside Hugo", Goal(most=0.01)
    again = partial(ours, lab, number)
    yield Row(what=what, ours=in_server(lab, number), beside=theirs, beside_is="hugo server", goal=goal, again=again)
