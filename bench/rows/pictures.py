"""A whole build in which every article has a picture of 12 megapixels, beside Hugo's image processing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bench import pictures as corpus
from bench.lab import Lab
from bench.measure import Cost, read_once
from bench.product import Product
from bench.rows.builds import hugos
from bench.table import Goal, Row

_MEMORY: Final = 700e6  # bytes: two decoders at once, and what any build of so many articles takes
_NOTE: Final = "five narrower copies of each; one run, since it takes minutes"


def pictures(lab: Lab) -> Iterator[Row]:
    number = lab.sizes.small
    content = lab.kept(f"pictures-{number}", lambda folder: corpus.newsroom(folder, number))
    site = lab.kept(f"hugo-pictures-{number}", lambda folder: corpus.hugo_site(folder, number))

    def build(product: Product) -> Cost:
        read_once(content)
        return product.build(lab.new("tree"), content, lab.new("state"), lab.log)

    ours, theirs = build(Product()), hugos(lab, site)
    what = f"the whole site of {number:,} articles with pictures of 12 megapixels"
    yield Row(what=what, ours=ours.seconds, beside=theirs.seconds, beside_is="Hugo", goal=Goal(most=1), note=_NOTE, again=build)
    yield Row(what=f"{what}: memory", ours=ours.memory, unit="B", goal=Goal(most=_MEMORY))
    yield Row(what=f"{what}: memory beside Hugo's", ours=ours.memory, unit="B", beside=theirs.memory, beside_is="Hugo")
