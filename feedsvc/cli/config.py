"""What a server or a build is asked for on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from feedsvc.support.client_address import Networks


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What the command line asks for; `home` is the state folder. `dated` sends Last-Modified.

    `polls` is None where nothing is said of a limit.
    """

    content: Path
    host: str
    port: int
    threads: int
    trusted: Networks
    polls: int | None
    opened: Networks
    base_url: str
    home: Path
    database: str
    purge: tuple[str, ...]
    announce: bool
    dated: bool
    access_log: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildPlan:
    """`out` is a folder or a bucket's address, `home` the state folder.

    `twins` are the codings that files get a twin in, `coding` is the one that objects of a bucket are put in, "" for none.
    """

    out: str
    content: Path
    base_url: str
    home: Path
    skip_broken: bool
    watch: bool
    only: str
    twins: tuple[str, ...]
    coding: str
    nginx: Path | None
    host: str
    processes: int | None
