"""Measure whole builds without a state folder, and compare them with Hugo and Pelican."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bench import hugo, pelican
from bench.measure import Cost, measure_alternately, warm_page_cache
from bench.product import Product
from bench.run import Run
from bench.table import NO_GOAL, Goal, Row

_NO_ONLY_FEEDS = "this feedsvc has no --only feeds: the whole site was built"
_NO_GZIP_OPTION = "this feedsvc has no --no-gzip: the build with .gz files was measured"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Build:
    name: str
    number: int
    options: tuple[str, ...] = ()
    note: str = ""
    reference_name: str = "Hugo"


def cold_build(run: Run, number: int, *options: str, product: Product | None = None) -> Cost:
    """Measure a build into a new folder with a new state folder."""
    content = run.newsroom(number)
    warm_page_cache(content)
    return (product or Product()).build(run.new_path("tree"), content, run.new_path("state"), run.log, *options)


def build_hugo(run: Run, folder: Path) -> Cost:
    """Measure a build by Hugo. As for feedsvc, its input is in the page cache."""
    warm_page_cache(folder)
    return hugo.build(folder, run.new_path("public"), run.log)


@dataclass(frozen=True, kw_only=True, slots=True)
class ColdFeedBuilds:
    """Costs of building all feeds: by feedsvc without and with .gz files, and by Hugo (RSS only)."""

    uncompressed: Cost
    compressed: Cost
    hugo: Cost


def build_cold_feeds(run: Run, number: int) -> ColdFeedBuilds:
    """Measure builds of every feed by feedsvc and of every RSS feed by Hugo, alternately."""

    def measure() -> ColdFeedBuilds:
        site = run.hugo(number, pages=False)
        run.newsroom(number)
        only_feeds, no_gzip = run.options.only_feeds, run.options.no_gzip
        measurements = (
            lambda: cold_build(run, number, *only_feeds, *no_gzip),
            lambda: cold_build(run, number, *only_feeds),
            lambda: build_hugo(run, site),
        )
        ours, compressed, theirs = measure_alternately(measurements, run.sizes.feed_build_repetitions(number))
        return ColdFeedBuilds(uncompressed=ours, compressed=compressed, hugo=theirs)

    return run.compute_once(("all feeds from cold files", number), measure)


def feeds(run: Run) -> Iterator[Row]:
    number = run.sizes.large
    costs = build_cold_feeds(run, number)
    options = (*run.options.only_feeds, *run.options.no_gzip)
    name, note = f"every feed of {number:,} articles", "" if run.options.only_feeds else _NO_ONLY_FEEDS
    build = _Build(name=name, number=number, options=options, note=note)
    yield from _rows(run, build, costs.uncompressed, costs.hugo, (Goal(maximum=0.6), Goal(maximum=0.2)))
    note_on_gz = "a .gz beside each, of which Hugo has none"
    yield Row(
        name=f"{name}, with .gz",
        value=costs.compressed.seconds,
        reference=costs.hugo.seconds,
        reference_name="Hugo",
        note=note_on_gz,
    )


def site(run: Run) -> Iterator[Row]:
    number = run.sizes.large
    same_parts, bare = run.hugo_newsroom(number), run.hugo(number, pages=True)
    run.newsroom(number)
    ours, theirs, bare_pages = measure_alternately(
        (lambda: cold_build(run, number), lambda: build_hugo(run, same_parts), lambda: build_hugo(run, bare)),
        run.sizes.build_repetitions(number),
    )
    name = f"the whole site of {number:,} articles"
    build = _Build(name=name, number=number, reference_name=hugo.SAME_PARTS)
    yield from _rows(run, build, ours, theirs, (Goal(maximum=1.0), Goal(maximum=0.3)))
    yield _time_row(
        run, replace(build, name=f"{name} beside bare pages", reference_name=hugo.BARE_PAGES), ours, bare_pages, NO_GOAL
    )


def small_site(run: Run) -> Iterator[Row]:
    number, no_gzip = run.sizes.small, run.options.no_gzip
    same_parts, bare = run.hugo_newsroom(number), run.hugo(number, pages=True)
    run.newsroom(number)
    measurements = (
        lambda: cold_build(run, number, *no_gzip),
        lambda: cold_build(run, number),
        lambda: build_hugo(run, same_parts),
        lambda: build_hugo(run, bare),
    )
    uncompressed, ours, theirs, bare_pages = measure_alternately(measurements, run.sizes.build_repetitions(number))
    name, note = f"the whole site of {number:,} articles", "" if no_gzip else _NO_GZIP_OPTION
    build = _Build(name=f"{name} with .gz", number=number, note=note, reference_name=hugo.SAME_PARTS)
    without_gzip = replace(build, name=f"{name} without .gz", options=no_gzip)
    yield _time_row(run, without_gzip, uncompressed, theirs, Goal(maximum=1))
    yield _time_row(run, build, ours, theirs, Goal(maximum=1))
    bare_build = replace(without_gzip, name=f"{name} without .gz beside bare pages", reference_name=hugo.BARE_PAGES)
    yield _time_row(run, bare_build, uncompressed, bare_pages, NO_GOAL)


def pelican_site(run: Run) -> Iterator[Row]:
    number = run.sizes.small
    folder = run.pelican(number)
    run.newsroom(number)
    ours, theirs = measure_alternately(
        (lambda: cold_build(run, number), lambda: pelican.build(folder, run.new_path("output"), run.log)),
        run.sizes.build_repetitions(number),
    )
    name = f"the whole site of {number:,} articles beside Pelican's"
    yield Row(name=name, value=ours.seconds, reference=theirs.seconds, reference_name="Pelican")
    yield Row(name=f"{name}: memory", value=ours.memory, unit="B", reference=theirs.memory, reference_name="Pelican")


def _rows(run: Run, build: _Build, ours: Cost, theirs: Cost, goals: tuple[Goal, Goal]) -> Iterator[Row]:
    yield _time_row(run, build, ours, theirs, goals[0])
    name = f"{build.name}: memory"
    beside = build.reference_name
    yield Row(name=name, value=ours.memory, unit="B", reference=theirs.memory, reference_name=beside, goal=goals[1])


def _time_row(run: Run, build: _Build, ours: Cost, theirs: Cost, goal: Goal) -> Row:
    def repeat(product: Product) -> Cost:
        return cold_build(run, build.number, *build.options, product=product)

    return Row(
        name=build.name,
        value=ours.seconds,
        reference=theirs.seconds,
        reference_name=build.reference_name,
        goal=goal,
        note=build.note,
        repeat=repeat,
    )
