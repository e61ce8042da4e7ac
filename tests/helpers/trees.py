"""The files of a static tree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def files(out: Path) -> Iterator[Path]:
    """Yield the files of a tree without the manifests of the builds."""
    return (file for file in out.rglob("*") if file.is_file() and not file.name.startswith(".feedsvc"))


def contents(out: Path) -> dict[str, bytes]:
    """Return the bytes of the files of a tree by name."""
    return {file.relative_to(out).as_posix(): file.read_bytes() for file in files(out)}
