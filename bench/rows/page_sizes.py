"""Measure the sizes of feedsvc's pages, and compare them with pages of Hugo that have the same parts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench import hugo
from bench.measure import mean
from bench.product import Product
from bench.run import Run
from bench.table import Goal, Row

_FRONT_PAGE_GOAL: Final = Goal(maximum=60e3, any_size=True)  # bytes
_NOTE: Final = "bytes of HTML, before compression and without pictures, style sheet and script"
_NOTE_ON_MONTHS: Final = (
    "a month with many articles has a page for each day; Hugo's months are not divided, so they are not compared"
)
_PAGE: Final = "index.html"


def page_sizes(run: Run) -> Iterator[Row]:
    number = run.sizes.small
    ours, theirs = run.new_path("tree"), run.new_path("public")
    Product().build(ours, run.newsroom(number), run.new_path("state"), run.log, *run.options.no_gzip)
    hugo.build(run.hugo_newsroom(number), theirs, run.log)
    name, front_page = f"the front page of {number:,} articles", _size(ours / _PAGE)
    yield Row(name=name, value=front_page, unit="B", goal=_FRONT_PAGE_GOAL, note=_NOTE)
    yield _row(f"{name} beside Hugo's", front_page, _size(theirs / _PAGE))
    yield _row("an article page, the mean of all", _mean_size(ours / "articles"), _mean_size(theirs / "articles"))
    yield _row("the overview of the archive", _size(ours / "archive" / _PAGE), _size(theirs / "months" / _PAGE))
    largest = max(map(_size, (ours / "archive").rglob(_PAGE)))
    yield Row(name="the largest page of the archive", value=largest, unit="B", note=_NOTE_ON_MONTHS)


def _row(name: str, ours: float, theirs: float) -> Row:
    return Row(name=name, value=ours, unit="B", reference=theirs, reference_name=hugo.SAME_PARTS)


def _mean_size(folder: Path) -> float:
    return mean(map(_size, folder.glob(f"*/{_PAGE}")))


def _size(file: Path) -> float:
    return file.stat().st_size
