"""The files of a static tree."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def files(out: Path) -> Iterator[Path]:
    """Yield the files of a tree without the manifests of the builds.

    A build may delete folders meanwhile. `os.walk` ignores folders that vanish, where `Path.rglob` raises FileNotFoundError.
    """
    for folder, _, names in os.walk(out):
        yield from (Path(folder, name) for name in names if not name.startswith(".feedsvc"))


def contents(out: Path) -> dict[str, bytes]:
    """Return the bytes of the files of a tree by name."""
    return {file.relative_to(out).as_posix(): file.read_bytes() for file in files(out)}
