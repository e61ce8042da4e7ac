"""The static tree after one save: which files change, and how long that takes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import corpus
from bench.lab import Lab
from bench.measure import median
from bench.product import Product
from bench.rows.saves import in_server, restore, saving
from bench.rows.starts import warm
from bench.running import Running
from bench.table import Goal, Row

_TOLD = "files written"
_SETTLED = 1.0  # seconds after the last word of a build


@dataclass(frozen=True, slots=True)
class _File:
    """`written` moves whenever a file is written, whatever its bytes."""

    written: tuple[int, int]
    digest: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class _Saved:
    """`following` and `fresh` are seconds; `touched` files were written, and `changed` are other than before."""

    following: float
    fresh: float
    touched: int
    changed: int
    stale: int


def trees(lab: Lab) -> Iterator[Row]:
    number = lab.sizes.large
    saved = lab.once(("the tree after a save", number), lambda: _measure(lab, number))
    what = f"the static site of {number:,} articles after one save"
    same = Goal(most=1, least=1, any_size=True)
    yield Row(
        what=f"{what}: files written",
        ours=saved.touched,
        unit="",
        beside=saved.changed,
        beside_is="files that changed",
        goal=same,
    )
    stale = "files of which a fresh build from cold files makes other bytes"
    yield Row(what=f"{what}: files out of step", ours=saved.stale, unit="", goal=Goal(most=0, any_size=True), note=stale)
    goal = Goal(most=3)
    yield Row(
        what=f"{what}: build --watch", ours=saved.following, beside=in_server(lab, number), beside_is="in the server", goal=goal
    )
    goal, again = Goal(most=2), lambda product: _again(lab, number, product)
    yield Row(
        what=f"{what}: a fresh build", ours=saved.fresh, beside=warm(lab, number), beside_is="warm start", goal=goal, again=again
    )


def _measure(lab: Lab, number: int) -> _Saved:
    content, times, saves = lab.newsroom(number), lab.sizes.times, lab.sizes.times * 2
    save = saving(content / "articles", ".yaml", corpus.as_yaml, "the tree")
    try:
        out, state = lab.new("tree"), lab.new("state")
        Product().build(out, content, state, lab.log)
        before = _snapshot(out)
        with _watching(lab, content, out, state) as watching:
            first = _followed(watching, save, 0)
            time.sleep(_SETTLED)
            after = _snapshot(out)
            following = median([first, *(_followed(watching, save, again) for again in range(1, saves))])
        fresh = median([_after(partial(save, saves + again), lab, content, out, state) for again in range(times)])
        stale = _stale(lab, number, out)
    finally:
        restore(content / "articles", ".yaml", corpus.as_yaml, saves + times)
    touched, changed = _differing(before, after, lambda file: file.written), _differing(before, after, lambda file: file.digest)
    return _Saved(following=following, fresh=fresh, touched=touched, changed=changed, stale=stale)


def _after(save: Callable[[], object], lab: Lab, content: Path, out: Path, state: Path) -> float:
    """Seconds of a build that comes after a save."""
    save()
    return Product().build(out, content, state, lab.log).seconds


def _again(lab: Lab, number: int, product: Product) -> float:
    out, state = lab.new("tree"), lab.new("state")
    Product().build(out, lab.newsroom(number), state, lab.log)
    return product.build(out, lab.newsroom(number), state, lab.log).seconds


@contextmanager
def _watching(lab: Lab, content: Path, out: Path, state: Path) -> Iterator[Running]:
    words = Product().command("build", out, content, "--state", state, "--watch")
    with Product().staying(words, lab.new("watch")) as watching:
        watching.wait(lambda: "up to date" in watching.said(), "a tree up to date")
        time.sleep(_SETTLED)
        yield watching


def _followed(watching: Running, save: Callable[[int], str], number: int) -> float:
    """Seconds from a save until the build says that the tree has it."""
    time.sleep(_SETTLED)
    told = watching.said().count(_TOLD)
    began = time.monotonic()
    save(number)
    return watching.wait(lambda: watching.said().count(_TOLD) > told, "a tree that follows") - began


def _snapshot(out: Path) -> dict[str, _File]:
    files = (file for file in out.rglob("*") if file.is_file() and not file.name.startswith("."))
    return {str(file.relative_to(out)): _look(file) for file in files}


def _look(file: Path) -> _File:
    known = file.stat()
    return _File((known.st_ino, known.st_mtime_ns), hashlib.blake2b(file.read_bytes(), digest_size=16).digest())


def _differing(before: Mapping[str, _File], after: Mapping[str, _File], of: Callable[[_File], object]) -> int:
    def facet(files: Mapping[str, _File], name: str) -> object:
        return of(files[name]) if name in files else None

    return sum(facet(before, name) != facet(after, name) for name in before.keys() | after.keys())


def _stale(lab: Lab, number: int, out: Path) -> int:
    """Files that a build from cold files makes otherwise."""
    other = lab.new("tree")
    Product().build(other, lab.newsroom(number), lab.new("state"), lab.log)
    return _differing(_snapshot(out), _snapshot(other), lambda file: file.digest)
