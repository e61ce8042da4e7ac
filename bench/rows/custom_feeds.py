"""Measure saves and memory with a thousand custom feeds, of which about fifty hold each article."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import corpus
from bench.measure import median
from bench.product import FEED, Product
from bench.rows.memory import measure_memory
from bench.rows.saves import save_latencies
from bench.run import Run
from bench.table import Goal, Row

_FEEDS: Final = 1_000
_TAGS_PER_FEED: Final = 3
_SAVED: Final = 17  # number of the saved article, which 50 of the feeds hold
_SAVE_GOAL: Final = Goal(maximum=1.5)
_MAX_MEMORY: Final = 50_000_000  # bytes more than without custom feeds


@dataclass(frozen=True, slots=True)
class _Figures:
    """Medians of seconds until each of several feeds shows a save, and the memory in bytes after requests for all feeds."""

    seconds: tuple[float, ...]
    memory: int


def custom_feeds(run: Run) -> Iterator[Row]:
    number = run.sizes.large
    article, name = corpus.make_article(_SAVED), f"{number:,} articles and {_FEEDS:,} custom feeds"
    category_feed = f"/category/{article.category}/feed.atom"
    without = _measure(run, number, [FEED])
    with _feeds_file(run.newsroom(number)):
        custom = _measure(run, number, [FEED, category_feed, f"/feeds/{_feeds_of(article)[0]}/feed.atom"])
    yield Row(
        name=f"a save until the site's feed shows it, {name}",
        value=custom.seconds[0],
        reference=without.seconds[0],
        reference_name="without custom feeds",
        goal=_SAVE_GOAL,
        note=f"{len(_feeds_of(article))} of the feeds hold the article",
    )
    yield Row(
        name=f"a save until one of its custom feeds shows it, {name}",
        value=custom.seconds[2],
        reference=custom.seconds[1],
        reference_name="until the feed of its category does",
        goal=_SAVE_GOAL,
    )
    yield Row(
        name=f"memory of a server of {name}, more than without these",
        value=custom.memory - without.memory,
        unit="B",
        goal=Goal(maximum=_MAX_MEMORY),
        note=f"{without.memory / 1e6:,.0f} MB without",
    )


def _measure(run: Run, number: int, feeds: list[str]) -> _Figures:
    """Measure the content folder as it is, with a state folder that an earlier start has filled."""
    content, state = run.newsroom(number), run.new_path("custom")
    with Product().serving(content, state, run.log) as server:
        server.wait_for_response(FEED)
    try:
        with Product().serving(content, state, run.log) as server:
            server.wait_for_response(FEED)
            times = run.sizes.repetitions * 2
            seconds = [median(save_latencies(server, feed, _saver(content / "articles", feed), times)) for feed in feeds]
    finally:
        corpus.save_article(content / "articles", corpus.make_article(_SAVED), ".yaml", corpus.as_yaml)
    return _Figures(tuple(seconds), measure_memory(run, number, state)[0])


def _saver(folder: Path, feed: str) -> Callable[[int], str]:
    """Return a function that saves one of the newest articles with a new title and returns the title."""

    def save(number: int) -> str:
        title = f"Saved for {feed.strip('/').replace('/', ' ')} for the time {number}"
        corpus.save_article(folder, corpus.make_article(_SAVED).with_title(title), ".yaml", corpus.as_yaml)
        return title

    return save


@contextmanager
def _feeds_file(content: Path) -> Iterator[None]:
    """Write feeds.yaml for as long as the context lasts, because other rows use the same folder."""
    file = content / "feeds.yaml"
    file.write_text("".join(f"feed-{number}: {_entry(number)}\n" for number in range(_FEEDS)))
    try:
        yield
    finally:
        file.unlink()


def _entry(number: int) -> str:
    tags = ", ".join(_tags(number))
    return f"{{title: Feed {number}, include: {{tags: [{tags}]}}, exclude: {{authors: [author-{number % corpus.AUTHORS}]}}}}"


def _tags(number: int) -> tuple[str, ...]:
    distance = number // corpus.TAGS + 1
    # On average, 50 of the feeds hold an article.
    count = _TAGS_PER_FEED if number % 5 < 3 else _TAGS_PER_FEED - 1
    return tuple(f"topic-{(number + distance * step) % corpus.TAGS}" for step in range(count))


def _feeds_of(article: corpus.Article) -> list[str]:
    """Return the ids of the feeds that hold an article."""
    return [
        f"feed-{number}"
        for number in range(_FEEDS)
        if not {*_tags(number)}.isdisjoint(article.tags) and article.author != f"author-{number % corpus.AUTHORS}"
    ]
