"""Run feedsvc by its command line."""

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

from bench.measure import Cost, measure_command
from bench.process import ServerProcess, run_server
from bench.web import free_port

FEED: Final = "/feed.rss"
_NO_BYTECODE: Final = "PYTHONDONTWRITEBYTECODE"


def environment() -> dict[str, str]:
    """Return the environment for feedsvc: without FEEDSVC_*, with bytecode, without announcements."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("FEEDSVC_") and name != _NO_BYTECODE}
    return {**variables, "FEEDSVC_ANNOUNCE": "no"}


def compile_modules() -> None:
    """Compile feedsvc's modules to bytecode, as an installer does."""
    spec = find_spec("feedsvc")
    for folder in (spec and spec.submodule_search_locations) or ():
        compile_dir(folder, quiet=1)


def profiler_path() -> str:
    """Return py-spy's path; "" if it is not installed. The folder of this Python is searched first, as it may not be in PATH."""
    return shutil.which("py-spy", path=Path(sys.executable).parent) or shutil.which("py-spy") or ""


@dataclass(frozen=True)
class Product:
    """feedsvc's command line. If `profile` is given, commands run under py-spy, which writes its samples to that file."""

    profile: Path | None = None

    def with_profile(self, profile: Path) -> Product:
        return replace(self, profile=profile)

    def command(self, *arguments: str | Path) -> list[str]:
        command = [sys.executable, "-m", "feedsvc", *map(str, arguments)]
        if self.profile is None:
            return command
        return [
            profiler_path(),
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
            *command,
        ]

    def build(self, out: Path, content: Path, state: Path, log: Path, *options: str | Path) -> Cost:
        return measure_command(self.command("build", out, content, "--state", state, *options), log, environment())

    def import_file(self, file: Path, folder: Path, log: Path, *options: str | Path) -> Cost:
        return measure_command(self.command("import", file, folder, *options), log, environment())

    @contextmanager
    def serving(self, content: Path, state: Path, log: Path, *options: str, cores: Iterable[int] = ()) -> Iterator[ServerProcess]:
        """Start a server and stop it at the end of the block. The server may not be ready yet when the block starts."""
        port = free_port()
        arguments = self.command("serve", content, "--state", state, "--port", str(port), *options)
        with self.background_process(arguments, log, port=port, cores=cores) as server:
            yield server

    @contextmanager
    def background_process(
        self, arguments: list[str], log: Path, *, port: int = 0, cores: Iterable[int] = ()
    ) -> Iterator[ServerProcess]:
        is_wrapped = self.profile is not None
        with run_server(arguments, log=log, port=port, cores=cores, environment=environment(), is_wrapped=is_wrapped) as server:
            yield server


class SupportedOptions:
    """The options that this version of feedsvc has. If one is missing, a row's note says so."""

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
    arguments = [sys.executable, "-m", "feedsvc", command, "--help"]
    return subprocess.run(arguments, check=True, capture_output=True, text=True, env=environment()).stdout
