"""Whole builds in which every article has a picture of 12 megapixels; a hundredth of them beside Hugo's image processing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bench import pictures as corpus
from bench.lab import Lab
from bench.measure import Cost, read_once
from bench.product import Product
from bench.rows.builds import hugos
from bench.table import Goal, Row

_MEMORY: Final = 500e6  # bytes, with two processors: a decoder each, and what any build of so many articles takes
_PART: Final = 100
_BESIDE: Final = 0.5  # of Hugo's time
_NOTE: Final = "five narrower copies of each; one run, since it takes minutes"


def pictures(lab: Lab) -> Iterator[Row]:
    number = lab.sizes.small
    few = max(number // _PART, 1)
    site = lab.kept(f"hugo-pictures-{few}", lambda folder: corpus.hugo_site(folder, few))
    ours, theirs = _build(lab, few), hugos(lab, site)
    what = f"the whole site of {few:,} articles with pictures of 12 megapixels"
    goal = Goal(most=_BESIDE)
    yield Row(what=what, ours=ours.seconds, beside=theirs.seconds, beside_is="Hugo", goal=goal, note=_NOTE)
    yield Row(what=f"{what}: memory", ours=ours.memory, unit="B", beside=theirs.memory, beside_is="Hugo")
    whole = _build(lab, number)
    what = f"the whole site of {number:,} articles with pictures of 12 megapixels"
    yield Row(what=what, ours=whole.seconds, again=lambda product: _build(lab, number, product))
    yield Row(what=f"{what}: memory", ours=whole.memory, unit="B", goal=Goal(most=_MEMORY))


def _build(lab: Lab, number: int, product: Product | None = None) -> Cost:
    """A build into a new folder that remembers no copy."""
    content = lab.kept(f"pictures-{number}", lambda folder: corpus.newsroom(folder, number))
    read_once(content)
    return (product or Product()).build(lab.new("tree"), content, lab.new("state"), lab.log)
