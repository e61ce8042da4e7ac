"""Measure the import of an export of WordPress, and compare it with pelican-import."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench import wordpress
from bench.measure import Cost, measure_alternately, warm_page_cache
from bench.product import Product
from bench.run import Run
from bench.table import Goal, Row


def import_export(run: Run, number: int, product: Product | None = None) -> Cost:
    """Measure an import into a new folder. No files of pictures are fetched."""
    folder = run.export(number)
    warm_page_cache(folder)
    return (product or Product()).import_file(_file(folder), run.new_path("imported"), run.log, "--no-media")


def imports(run: Run) -> Iterator[Row]:
    number = run.sizes.small
    folder = run.export(number)
    ours, theirs = measure_alternately(
        (
            lambda: import_export(run, number),
            lambda: wordpress.import_by_pelican(_file(folder), run.new_path("pelican-import"), run.log),
        ),
        1,
    )
    name = f"the import of {number:,} posts from WordPress"
    beside = "pelican-import"
    yield Row(
        name=name, value=ours.seconds, reference=theirs.seconds, reference_name=beside, goal=Goal(maximum=0.5, any_size=True)
    )
    yield Row(name=f"{name}: memory", value=ours.memory, unit="B", reference=theirs.memory, reference_name=beside)


def many_imports(run: Run) -> Iterator[Row]:
    number = run.sizes.large
    cost = import_export(run, number)
    name = f"the import of {number:,} posts from WordPress"
    yield Row(name=name, value=cost.seconds, goal=Goal(maximum=600))
    yield Row(name=f"{name}: memory", value=cost.memory, unit="B", goal=Goal(maximum=500e6))


def _file(folder: Path) -> Path:
    return folder / "export.xml"
