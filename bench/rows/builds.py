"""Whole builds from cold files, beside Hugo and Pelican."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bench import hugo, pelican
from bench.lab import Lab
from bench.measure import Cost, alternating, read_once
from bench.product import Product
from bench.table import Goal, Row

_ALL_OF_IT = "this feedsvc has no --only feeds: the whole site was built"
_NO_TWINS = "this feedsvc has no --no-gzip: what it writes by itself was measured"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Build:
    what: str
    number: int
    options: tuple[str, ...] = ()
    note: str = ""


def cold(lab: Lab, number: int, *options: str, product: Product | None = None) -> Cost:
    """A build into a new folder that remembers nothing."""
    content = lab.newsroom(number)
    read_once(content)
    return (product or Product()).build(lab.new("tree"), content, lab.new("state"), lab.log, *options)


def hugos(lab: Lab, folder: Path) -> Cost:
    """A build by Hugo, its files as warm as ours."""
    read_once(folder)
    return hugo.build(folder, lab.new("public"), lab.log)


@dataclass(frozen=True, kw_only=True, slots=True)
class ColdFeeds:
    """What all feeds cost: as Hugo makes them, with our .gz beside each, and Hugo's RSS."""

    plain: Cost
    packed: Cost
    hugo: Cost


def cold_feeds(lab: Lab, number: int) -> ColdFeeds:
    """Every feed by us, every RSS feed by Hugo, in turns."""

    def all_three() -> ColdFeeds:
        site = lab.hugo(number, pages=False)
        lab.newsroom(number)
        only, plain = lab.able.only_feeds, lab.able.no_gzip
        makers = (lambda: cold(lab, number, *only, *plain), lambda: cold(lab, number, *only), lambda: hugos(lab, site))
        ours, packed, theirs = alternating(makers, lab.sizes.builds_of_feeds(number))
        return ColdFeeds(plain=ours, packed=packed, hugo=theirs)

    return lab.once(("all feeds from cold files", number), all_three)


def feeds(lab: Lab) -> Iterator[Row]:
    number = lab.sizes.large
    found = cold_feeds(lab, number)
    options = (*lab.able.only_feeds, *lab.able.no_gzip)
    what, note = f"every feed of {number:,} articles", "" if lab.able.only_feeds else _ALL_OF_IT
    build = _Build(what=what, number=number, options=options, note=note)
    yield from _rows(lab, build, found.plain, found.hugo, (Goal(most=0.5), Goal(most=0.2)))
    packed = "a .gz beside each, of which Hugo has none"
    yield Row(what=f"{what}, with .gz", ours=found.packed.seconds, beside=found.hugo.seconds, beside_is="Hugo", note=packed)


def site(lab: Lab) -> Iterator[Row]:
    number = lab.sizes.large
    folder = lab.hugo(number, pages=True)
    lab.newsroom(number)
    ours, theirs = alternating((lambda: cold(lab, number), lambda: hugos(lab, folder)), lab.sizes.builds(number))
    build = _Build(what=f"the whole site of {number:,} articles", number=number)
    yield from _rows(lab, build, ours, theirs, (Goal(most=1.0), Goal(most=0.3)))


def small_site(lab: Lab) -> Iterator[Row]:
    number, plain = lab.sizes.small, lab.able.no_gzip
    folder = lab.hugo(number, pages=True)
    lab.newsroom(number)
    makers = (lambda: cold(lab, number, *plain), lambda: cold(lab, number), lambda: hugos(lab, folder))
    bare, ours, theirs = alternating(makers, lab.sizes.builds(number))
    what, note = f"the whole site of {number:,} articles", "" if plain else _NO_TWINS
    build = _Build(what=f"{what} with .gz", number=number, note=note)
    yield _time(lab, replace(build, what=f"{what} without .gz", options=plain), bare, theirs, Goal(most=1.5))
    yield _time(lab, build, ours, theirs, Goal(most=3))


def beside_pelican(lab: Lab) -> Iterator[Row]:
    number = lab.sizes.small
    folder = lab.pelican(number)
    lab.newsroom(number)
    ours, theirs = alternating(
        (lambda: cold(lab, number), lambda: pelican.build(folder, lab.new("output"), lab.log)), lab.sizes.builds(number)
    )
    what = f"the whole site of {number:,} articles beside Pelican's"
    yield Row(what=what, ours=ours.seconds, beside=theirs.seconds, beside_is="Pelican")
    yield Row(what=f"{what}: memory", ours=ours.memory, unit="B", beside=theirs.memory, beside_is="Pelican")


def _rows(lab: Lab, build: _Build, ours: Cost, theirs: Cost, goals: tuple[Goal, Goal]) -> Iterator[Row]:
    yield _time(lab, build, ours, theirs, goals[0])
    what = f"{build.what}: memory"
    yield Row(what=what, ours=ours.memory, unit="B", beside=theirs.memory, beside_is="Hugo", goal=goals[1])


def _time(lab: Lab, build: _Build, ours: Cost, theirs: Cost, goal: Goal) -> Row:
    def again(product: Product) -> Cost:
        return cold(lab, build.number, *build.options, product=product)

    seconds, beside = ours.seconds, theirs.seconds
    return Row(what=build.what, ours=seconds, beside=beside, beside_is="Hugo", goal=goal, note=build.note, again=again)
