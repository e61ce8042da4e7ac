"""Interface of the programs under test."""

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

TIMEOUT: Final = 60.0
NO_VARIABLES: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Item:
    """An entry, or an e-mail message about one, as the program stores it.

    `byline` is the author as the program formats it; `date` is in UTC; `text` may be HTML.
    """

    title: str
    link: str
    byline: str
    date: datetime
    text: str


class Program(Protocol):
    """An installation of a program with its own folder."""

    def subscribe(self, name: str, address: str) -> None:
        """Subscribe to the feed at `address`. `name` is the test's name of the feed."""

    def refresh(self, minutes: int) -> None:
        """Poll every feed. `minutes` have passed since the first refresh, for programs that limit their rate by the clock."""

    def items(self, name: str) -> list[Item]:
        """Return all items of a feed, including withdrawn and duplicate ones."""


@dataclass(frozen=True, kw_only=True)
class Subscriber(Tool):
    """A program under test. `formats` are those it reads; `set_up` describes its settings for docs/readers.md.

    `is_conditional`: it sends validators. `follows_redirects`: it follows a 301. `duplicates_renamed`: an article with a new
    title becomes another item.
    """

    formats: tuple[str, ...]
    set_up: str
    version: Callable[[], str]
    open_program: Callable[[Path], AbstractContextManager[Program]]
    is_conditional: bool = True
    follows_redirects: bool = True
    duplicates_renamed: bool = False


def run(home: Path, *arguments: str | Path, variables: Mapping[str, str] = NO_VARIABLES, statuses: tuple[int, ...] = (0,)) -> str:
    """Return the output of a command with `home` as its home and without a proxy. Raises AssertionError for another status."""
    environment = {"HOME": str(home), "LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": os.environ["PATH"], "TMPDIR": str(home)}
    result = subprocess.run(
        list(map(str, arguments)), capture_output=True, text=True, timeout=TIMEOUT, check=False, env={**environment, **variables}
    )
    assert result.returncode in statuses, f"{arguments[0]} ended with {result.returncode}: {result.stdout}{result.stderr}"
    return result.stdout
