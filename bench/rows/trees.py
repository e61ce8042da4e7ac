"""Measure the static tree after one save: the files that change, and the time until they are written."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import corpus
from bench.measure import median
from bench.process import ServerProcess
from bench.product import Product
from bench.rows.saves import restore, server_latency, title_saver
from bench.rows.starts import warm_start
from bench.run import Run
from bench.table import Goal, Row

_FILES_WRITTEN = "files written"
_PAUSE = 1.0  # seconds after the last output of a build


@dataclass(frozen=True, slots=True)
class _FileState:
    """State of a file. `write_stamp` changes with every write, even if the bytes are the same."""

    write_stamp: tuple[int, int]
    digest: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class _Measurements:
    """Seconds of `build --watch` and of a new build, and numbers of files.

    `written` files were written, `changed` files have other bytes, `stale` files differ from a fresh build.
    """

    watch_seconds: float
    build_seconds: float
    written: int
    changed: int
    stale: int


def trees(run: Run) -> Iterator[Row]:
    number = run.sizes.large
    measurements = run.compute_once(("the tree after a save", number), lambda: _measure(run, number))
    name = f"the static site of {number:,} articles after one save"
    same = Goal(maximum=1, minimum=1, any_size=True)
    yield Row(
        name=f"{name}: files written",
        value=measurements.written,
        unit="",
        reference=measurements.changed,
        reference_name="files that changed",
        goal=same,
    )
    stale = "files of which a fresh build from cold files makes other bytes"
    yield Row(
        name=f"{name}: files out of step", value=measurements.stale, unit="", goal=Goal(maximum=0, any_size=True), note=stale
    )
    goal = Goal(maximum=3)
    yield Row(
        name=f"{name}: build --watch",
        value=measurements.watch_seconds,
        reference=server_latency(run, number),
        reference_name="in the server",
        goal=goal,
    )
    goal, repeat = Goal(maximum=2), lambda product: _repeat_build(run, number, product)
    yield Row(
        name=f"{name}: a fresh build",
        value=measurements.build_seconds,
        reference=warm_start(run, number),
        reference_name="warm start",
        goal=goal,
        repeat=repeat,
    )


def _measure(run: Run, number: int) -> _Measurements:
    content, times, saves = run.newsroom(number), run.sizes.repetitions, run.sizes.repetitions * 2
    save = title_saver(content / "articles", ".yaml", corpus.as_yaml, "the tree")
    try:
        out, state = run.new_path("tree"), run.new_path("state")
        Product().build(out, content, state, run.log)
        before = _snapshot(out)
        with _watching_build(run, content, out, state) as watching:
            first_latency = _watch_latency(watching, save, 0)
            time.sleep(_PAUSE)
            after = _snapshot(out)
            watch_seconds = median(
                [first_latency, *(_watch_latency(watching, save, number_of_save) for number_of_save in range(1, saves))]
            )
        build_seconds = median(
            [
                _build_after_save(partial(save, saves + number_of_save), run, content, out, state)
                for number_of_save in range(times)
            ]
        )
        stale = _count_stale_files(run, number, out)
    finally:
        restore(content / "articles", ".yaml", corpus.as_yaml, saves + times)
    written, changed = (
        _count_differences(before, after, lambda file: file.write_stamp),
        _count_differences(before, after, lambda file: file.digest),
    )
    return _Measurements(watch_seconds=watch_seconds, build_seconds=build_seconds, written=written, changed=changed, stale=stale)


def _build_after_save(save: Callable[[], object], run: Run, content: Path, out: Path, state: Path) -> float:
    """Return the seconds of a build after a save."""
    save()
    return Product().build(out, content, state, run.log).seconds


def _repeat_build(run: Run, number: int, product: Product) -> float:
    out, state = run.new_path("tree"), run.new_path("state")
    Product().build(out, run.newsroom(number), state, run.log)
    return product.build(out, run.newsroom(number), state, run.log).seconds


@contextmanager
def _watching_build(run: Run, content: Path, out: Path, state: Path) -> Iterator[ServerProcess]:
    arguments = Product().command("build", out, content, "--state", state, "--watch")
    with Product().background_process(arguments, run.new_path("watch")) as watching:
        watching.wait_until(lambda: "up to date" in watching.output(), "a complete tree")
        time.sleep(_PAUSE)
        yield watching


def _watch_latency(watching: ServerProcess, save: Callable[[int], str], number: int) -> float:
    """Return the seconds from a save until the build reports that the files are written."""
    time.sleep(_PAUSE)
    count = watching.output().count(_FILES_WRITTEN)
    start = time.monotonic()
    save(number)
    return watching.wait_until(lambda: watching.output().count(_FILES_WRITTEN) > count, "an updated tree") - start


def _snapshot(out: Path) -> dict[str, _FileState]:
    files = (file for file in out.rglob("*") if file.is_file() and not file.name.startswith("."))
    return {str(file.relative_to(out)): _file_state(file) for file in files}


def _file_state(file: Path) -> _FileState:
    status = file.stat()
    return _FileState((status.st_ino, status.st_mtime_ns), hashlib.blake2b(file.read_bytes(), digest_size=16).digest())


def _count_differences(
    before: Mapping[str, _FileState], after: Mapping[str, _FileState], attribute: Callable[[_FileState], object]
) -> int:
    def value_of(files: Mapping[str, _FileState], name: str) -> object:
        return attribute(files[name]) if name in files else None

    return sum(value_of(before, name) != value_of(after, name) for name in before.keys() | after.keys())


def _count_stale_files(run: Run, number: int, out: Path) -> int:
    """Count the files that a build without state folder writes with other bytes."""
    fresh_tree = run.new_path("tree")
    Product().build(fresh_tree, run.newsroom(number), run.new_path("state"), run.log)
    return _count_differences(_snapshot(out), _snapshot(fresh_tree), lambda file: file.digest)
