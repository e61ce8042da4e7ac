"""feedsvc as its users run it: the command line, and what it answers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from compileall import compile_dir
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from bench.measure import Cost, cost
from bench.running import Running, running
from bench.web import free_port

FEED: Final = "/feed.rss"
_NO_COMPILED: Final = "PYTHONDONTWRITEBYTECODE"


def environment() -> dict[str, str]:
    """This process's variables, but those that speak to feedsvc and what forbids compiled files; nobody is told of anything."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("FEEDSVC_") and name != _NO_COMPILED}
    return {**own, "FEEDSVC_ANNOUNCE": "no"}


def compiled() -> None:
    """Have feedsvc's modules compiled, as an installer leaves them and any first start does."""
    spec = find_spec("feedsvc")
    for folder in (spec and spec.submodule_search_locations) or ():
        compile_dir(folder, quiet=1)


def profiler() -> str:
    """py-spy's path, "" where it is not installed: beside this Python, whose folder need not be in PATH."""
    return shutil.which("py-spy", path=Path(sys.executable).parent) or shutil.which("py-spy") or ""


@dataclass(frozen=True)
class Product:
    """`profile`, where it is given, takes the samples of py-spy, which then runs the command."""

    profile: Path | None = None

    def profiled(self, profile: Path) -> Product:
        return replace(self, profile=profile)

    def command(self, *words: str | Path) -> list[str]:
        plain = [sys.executable, "-m", "feedsvc", *map(str, words)]
        if self.profile is None:
            return plain
        return [
            profiler(),
            "record",
            "--nonblocking",
            "--subprocesses",
            "--format",
            "raw",
            "--rate",
            "50",
            "-o",
            str(self.profile),
            "--",
            *plain,
        ]

    def build(self, out: Path, content: Path, state: Path, log: Path, *options: str | Path) -> Cost:
        return cost(self.command("build", out, content, "--state", state, *options), log, environment())

    @contextmanager
    def serving(self, content: Path, state: Path, log: Path, *options: str, cores: Iterable[int] = ()) -> Iterator[Running]:
        """The server from its start on; whoever wants an answer waits for it."""
        port = free_port()
        words = self.command("serve", content, "--state", state, "--port", str(port), *options)
        with self.staying(words, log, port=port, cores=cores) as one:
            yield one

    @contextmanager
    def staying(self, words: list[str], log: Path, *, port: int = 0, cores: Iterable[int] = ()) -> Iterator[Running]:
        wrapped = self.profile is not None
        with running(words, log=log, port=port, cores=cores, environment=environment(), wrapped=wrapped) as one:
            yield one


class Abilities:
    """Which options this feedsvc has; what it lacks is said in a note and measured without."""

    @cached_property
    def _build(self) -> str:
        return _help("build")

    @cached_property
    def _serve(self) -> str:
        return _help("serve")

    @property
    def only_feeds(self) -> tuple[str, ...]:
        return ("--only", "feeds") if "--only" in self._build else ()

    @property
    def no_gzip(self) -> tuple[str, ...]:
        return ("--no-gzip",) if "--no-gzip" in self._build else ()

    @property
    def access_log(self) -> tuple[str, ...]:
        return ("--access-log", "logfmt") if "--access-log" in self._serve else ()

    @property
    def workers(self) -> bool:
        return "--workers" in self._serve


def _help(command: str) -> str:
    words = [sys.executable, "-m", "feedsvc", command, "--help"]
    return subprocess.run(words, check=True, capture_output=True, text=True, env=environment()).stdout
