"""Measure whole builds in which every article has a picture of 12 megapixels, and compare a hundredth of them with Hugo."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bench import pictures as corpus
from bench.measure import Cost, warm_page_cache
from bench.product import Product
from bench.rows.builds import build_hugo
from bench.run import Run
from bench.table import Goal, Row

_MEMORY_LIMIT: Final = 500e6  # bytes: one image decoder for each of two processors, and a build of so many articles
_HUGO_FRACTION: Final = 100
_MAX_TIME_RATIO: Final = 0.5  # of Hugo's time
_NOTE: Final = "five narrower copies of each; one run, since it takes minutes"


def pictures(run: Run) -> Iterator[Row]:
    number = run.sizes.small
    few_articles = max(number // _HUGO_FRACTION, 1)
    site = run.cached_folder(f"hugo-pictures-{few_articles}", lambda folder: corpus.write_hugo_site(folder, few_articles))
    ours, theirs = _build(run, few_articles), build_hugo(run, site)
    name = f"the whole site of {few_articles:,} articles with pictures of 12 megapixels"
    goal = Goal(maximum=_MAX_TIME_RATIO)
    yield Row(name=name, value=ours.seconds, reference=theirs.seconds, reference_name="Hugo", goal=goal, note=_NOTE)
    yield Row(name=f"{name}: memory", value=ours.memory, unit="B", reference=theirs.memory, reference_name="Hugo")
    all_pictures = _build(run, number)
    name = f"the whole site of {number:,} articles with pictures of 12 megapixels"
    yield Row(name=name, value=all_pictures.seconds, repeat=lambda product: _build(run, number, product))
    yield Row(name=f"{name}: memory", value=all_pictures.memory, unit="B", goal=Goal(maximum=_MEMORY_LIMIT))


def _build(run: Run, number: int, product: Product | None = None) -> Cost:
    """Measure a build into a new folder with a new state folder, so that every narrower copy is encoded."""
    content = run.cached_folder(f"pictures-{number}", lambda folder: corpus.write_newsroom(folder, number))
    warm_page_cache(content)
    return (product or Product()).build(run.new_path("tree"), content, run.new_path("state"), run.log)
