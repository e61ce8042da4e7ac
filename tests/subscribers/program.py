"""What a program that people read feeds with is to the tests, whatever its own words are."""

import os
import subprocess
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

from tests.readers.tool import Tool

SECONDS: Final = 60.0
NO_VARIABLES: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Item:
    """An entry, or a message about one, as the program holds it for its reader.

    `byline` is the author in the program's own words; `date` is in UTC; `text` may be HTML.
    """

    title: str
    link: str
    byline: str
    date: datetime
    text: str


class Program(Protocol):
    """One installation, in a folder of its own."""

    def subscribe(self, name: str, address: str) -> None:
        """`name` is the test's own for the feed."""

    def refresh(self, later: int) -> None:
        """Look at every feed. `later` is how many minutes have passed since the first time, to those that heed a clock."""

    def items(self, name: str) -> list[Item]:
        """All that it holds of a feed, withdrawn and doubled ones included."""


@dataclass(frozen=True, kw_only=True)
class Subscriber(Tool):
    """A program's row. `formats` are those it reads; `set_up` says what is not as it comes, in words for people.

    `asks_if_changed`: it ever sends a validator. `follows`: a 301 leads it on. `doubles`: an article whose title changed
    stands beside its former self.
    """

    formats: tuple[str, ...]
    set_up: str
    version: Callable[[], str]
    opened: Callable[[Path], AbstractContextManager[Program]]
    asks_if_changed: bool = True
    follows: bool = True
    doubles: bool = False


def run(home: Path, *words: str | Path, variables: Mapping[str, str] = NO_VARIABLES, statuses: tuple[int, ...] = (0,)) -> str:
    """What a command prints, with `home` as the only home that it knows and no proxy. AssertionError: another exit status."""
    own = {"HOME": str(home), "LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": os.environ["PATH"], "TMPDIR": str(home)}
    done = subprocess.run(
        list(map(str, words)), capture_output=True, text=True, timeout=SECONDS, check=False, env={**own, **variables}
    )
    assert done.returncode in statuses, f"{words[0]} ended with {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout
