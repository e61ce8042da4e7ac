"""Build static trees at one moment, with this working tree or with a former commit."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Final

from bench import corpus
from tests import ROOT
from tests.helpers.trees import contents

# Of the sample, all but two articles are visible then: one has expired, and one is scheduled for 2031.
MOMENT: Final = datetime(2026, 12, 1, 12, tzinfo=UTC)
_BASE_URL: Final = "https://trees.example"
_NGINX_FILE: Final = "redirects.nginx"  # redirects and the next scheduled moment, as the option --nginx writes them
_BENCHMARK_ARTICLES: Final = 2_000
# Python imports this module at its start. feedsvc/support/clock.py, which alone reads the time of day, uses time_ns.
_FIXED_CLOCK: Final = f"import time\ntime.time_ns = lambda: {int(MOMENT.timestamp()) * 10**9}\n"
_IMPORT_HINT: Final = "Its dependencies differ from those of this environment: compare pyproject.toml of both.\n"


class BuildError(Exception):
    """Build that ended with an error."""


def _sample(_: Path) -> Path:
    return ROOT / "content"


def _benchmark(folder: Path) -> Path:
    corpus.write_newsroom(folder, _BENCHMARK_ARTICLES)
    return folder


NEWSROOMS: Final[Mapping[str, Callable[[Path], Path]]] = {"sample": _sample, "benchmark": _benchmark}


def content_folder(name: str, home: Path) -> Path:
    """Return the content folder of a recorded newsroom, written below `home` if need be, or the folder with that name."""
    return NEWSROOMS[name](home / name) if name in NEWSROOMS else Path(name).resolve()


def former_program(commit: str, folder: Path) -> Path:
    """Write the package as of `commit` into `folder`, and return the folder."""
    archive = subprocess.run(["git", "archive", commit, "feedsvc"], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    with tarfile.open(fileobj=BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    return folder


def environment(home: Path, program: Path) -> dict[str, str]:
    """Return variables with which Python imports the package in `program`, and has a clock that stands still."""
    folder = home / "clock"
    folder.mkdir(parents=True)
    (folder / "sitecustomize.py").write_text(_FIXED_CLOCK)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FEEDSVC_")}
    return {**inherited, "PYTHONPATH": os.pathsep.join([str(folder), str(program)])}


def build(content: Path, home: Path, program: Path = ROOT) -> dict[str, bytes]:
    """Build the tree of `content` below the new folder `home` with the package in `program`. Return its files by name."""
    variables = environment(home, program)
    options = ["--base-url", _BASE_URL, "--state", "state", "--skip-broken", "--hosting", "any", "--nginx", _NGINX_FILE]
    command = [sys.executable, "-m", "feedsvc", "build", "tree", str(content), *options, "--quiet"]
    result = subprocess.run(command, cwd=home, env=variables, capture_output=True, text=True, check=False)
    if result.returncode:
        is_import = "ImportError" in result.stderr or "ModuleNotFoundError" in result.stderr
        raise BuildError(f"The build of {content} failed:\n{result.stderr}{_IMPORT_HINT if is_import else ''}")
    return {**contents(home / "tree"), _NGINX_FILE: (home / _NGINX_FILE).read_bytes()}
