"""What the rows share: sizes, folders, corpora, and figures that several of them need and one measures."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from os import sched_getaffinity
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from bench import corpus, hugo, pelican
from bench.product import Abilities

T = TypeVar("T")
SAVED: Final = 10  # the newest articles, which rows save over and over


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Numbers of articles; `times` is how often a quick thing is measured, `seconds` how long a load lasts."""

    small: int = 2_000
    middle: int = 20_000
    large: int = 100_000
    curve: tuple[int, ...] = (1_000, 3_000, 10_000, 30_000, 100_000)
    times: int = 5
    seconds: int = 4

    def builds(self, number: int) -> int:
        """How often a build of so many articles is measured."""
        return min(self.times, 5 if number <= self.small else 2 if number < 50_000 else 1)

    def builds_of_feeds(self, number: int) -> int:
        """The same for feeds alone, which are built in a tenth of the time."""
        return min(self.times, 3 * self.builds(number))

    @property
    def all(self) -> tuple[int, ...]:
        return tuple(sorted({self.small, self.middle, self.large}))


QUICK: Final = Sizes(small=250, middle=500, large=1_000, curve=(250, 500, 1_000), times=2, seconds=1)


@dataclass(kw_only=True)
class Lab:
    """`keep` holds the corpora of every run; `home` is this run's own and goes with it."""

    home: Path
    keep: Path
    sizes: Sizes
    say: Callable[[str], None] = print
    able: Abilities = field(default_factory=Abilities)
    _known: dict[object, Any] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    def once(self, key: object, make: Callable[[], T]) -> T:
        """What was measured under that key, now or before."""
        if key not in self._known:
            self.say(f"  {key}")
            self._known[key] = make()
        return cast("T", self._known[key])

    def new(self, name: str) -> Path:
        """A path of this run that nothing has yet, and whose files go with the run.

        None go earlier: for minutes after many were deleted, ext4 makes files several times as slowly, whoever makes them.
        """
        return self.home / f"{name}-{next(self._numbers)}"

    @property
    def log(self) -> Path:
        return self.home / "log"

    @property
    def cores(self) -> tuple[int, int]:
        """The server's core and the load's, the same where there is but one."""
        cores = sorted(sched_getaffinity(0))
        return cores[0], cores[-1]

    def newsroom(self, number: int) -> Path:
        folder = self.kept(f"newsroom-{number}", lambda folder: corpus.newsroom(folder, number))
        return self.once(("as it was", number), lambda: self._mended(folder, number))

    def hugo(self, number: int, *, pages: bool) -> Path:
        name = f"hugo-{'pages' if pages else 'feeds'}-{number}"
        return self.kept(name, lambda folder: hugo.site(folder, number, pages=pages))

    def pelican(self, number: int) -> Path:
        return self.kept(f"pelican-{number}", lambda folder: pelican.site(folder, number))

    def kept(self, name: str, make: Callable[[Path], None]) -> Path:
        """The folder of that name, made by `make` unless an earlier run did."""
        folder, made = self.keep / name, self.keep / f"{name}.made"
        if not made.exists():
            self.say(f"  writing {name}")
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            made.touch()
        return folder

    def _mended(self, folder: Path, number: int) -> Path:
        """A run that was killed in the middle of its saves left articles with other titles."""
        for one in map(corpus.article, range(min(SAVED, number))):
            if (folder / "articles" / f"{one.path}.yaml").read_text("utf-8") != corpus.as_yaml(one):
                corpus.save(folder / "articles", one, ".yaml", corpus.as_yaml)
        return folder
