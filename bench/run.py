"""State of a benchmark run that the rows share: sizes, folders, corpora, and figures that several rows need."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from os import sched_getaffinity
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from bench import corpus, hugo, pelican, wordpress
from bench.product import SupportedOptions

T = TypeVar("T")
SAVED_ARTICLES: Final = 10  # the newest articles, which the rows save repeatedly


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Numbers of articles. `repetitions` applies to quick measurements; `seconds` is the duration of a load test."""

    small: int = 2_000
    middle: int = 20_000
    large: int = 100_000
    huge: int = 1_000_000
    curve: tuple[int, ...] = (1_000, 3_000, 10_000, 30_000, 100_000)
    repetitions: int = 5
    seconds: int = 4

    def build_repetitions(self, number: int) -> int:
        """Return how many builds of so many articles are measured."""
        return min(self.repetitions, 5 if number <= self.small else 2 if number < 50_000 else 1)

    def feed_build_repetitions(self, number: int) -> int:
        """Return how many builds of feeds alone are measured; one takes a tenth of the time of a whole build."""
        return min(self.repetitions, 3 * self.build_repetitions(number))

    @property
    def all(self) -> tuple[int, ...]:
        return tuple(sorted({self.small, self.middle, self.large}))


QUICK: Final = Sizes(small=250, middle=500, large=1_000, huge=2_000, curve=(250, 500, 1_000), repetitions=2, seconds=1)


@dataclass(kw_only=True)
class Run:
    """State of a run. `corpora` is a folder of corpora that later runs may reuse; `home` is its temporary folder."""

    home: Path
    corpora: Path
    sizes: Sizes
    report_progress: Callable[[str], None] = print
    options: SupportedOptions = field(default_factory=SupportedOptions)
    _results: dict[object, Any] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    def compute_once(self, key: object, compute: Callable[[], T]) -> T:
        """Return the value stored under `key`, or compute and store it."""
        if key not in self._results:
            self.report_progress(f"  {key}")
            self._results[key] = compute()
        return cast("T", self._results[key])

    def new_path(self, name: str) -> Path:
        """Return a path below the temporary folder that does not exist yet.

        No files are deleted during a run: for minutes after many deletions, ext4 creates files several times more slowly.
        """
        return self.home / f"{name}-{next(self._numbers)}"

    @property
    def log(self) -> Path:
        return self.home / "log"

    @property
    def cores(self) -> tuple[int, int]:
        """Return the core of the server and the core of the load generator; both are the same on a machine with one core."""
        cores = sorted(sched_getaffinity(0))
        return cores[0], cores[-1]

    def newsroom(self, number: int) -> Path:
        folder = self.cached_folder(f"newsroom-{number}", lambda folder: corpus.write_newsroom(folder, number))
        return self.compute_once(("restored articles", number), lambda: self._restore_saved_articles(folder, number))

    def newsroom_without_ids(self, number: int) -> Path:
        """Return a newsroom in which every article has a warning."""
        return self.cached_folder(
            f"newsroom-without-ids-{number}", lambda folder: corpus.write_newsroom(folder, number, corpus.as_yaml_without_id)
        )

    def hugo(self, number: int, *, pages: bool) -> Path:
        name = f"hugo-{'pages' if pages else 'feeds'}-{number}"
        return self.cached_folder(name, lambda folder: hugo.write_site(folder, number, pages=pages))

    def hugo_newsroom(self, number: int) -> Path:
        """Return a Hugo site whose pages have the same parts as feedsvc's."""
        return self.cached_folder(f"hugo-newsroom-{number}", lambda folder: hugo.write_newsroom(folder, number))

    def pelican(self, number: int) -> Path:
        return self.cached_folder(f"pelican-{number}", lambda folder: pelican.write_site(folder, number))

    def export(self, number: int) -> Path:
        """Return a folder with export.xml, an export of WordPress."""
        return self.cached_folder(f"export-{number}", lambda folder: self._write_export(folder, number))

    def _write_export(self, folder: Path, number: int) -> None:
        folder.mkdir(parents=True)
        wordpress.write_export(folder / "export.xml", number)

    def cached_folder(self, name: str, write: Callable[[Path], None]) -> Path:
        """Return the folder with that name; `write` creates it unless an earlier run did."""
        folder, marker = self.corpora / name, self.corpora / f"{name}.made"
        if not marker.exists():
            self.report_progress(f"  writing {name}")
            shutil.rmtree(folder, ignore_errors=True)
            write(folder)
            marker.touch()
        return folder

    def _restore_saved_articles(self, folder: Path, number: int) -> Path:
        """Restore titles that differ because an earlier run was killed during its saves."""
        for article in map(corpus.make_article, range(min(SAVED_ARTICLES, number))):
            if (folder / "articles" / f"{article.path}.yaml").read_text("utf-8") != corpus.as_yaml(article):
                corpus.save_article(folder / "articles", article, ".yaml", corpus.as_yaml)
        return folder
