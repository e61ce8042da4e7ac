"""Static trees as the tests look at them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def files(out: Path) -> Iterator[Path]:
    """Yield the files of a tree without those in which builds keep notes for themselves."""
    return (file for file in out.rglob("*") if file.is_file() and not file.name.startswith(".feedsvc"))


def contents(out: Path) -> dict[str, bytes]:
    """Return the bytes of a tree's files by their names."""
    return {file.relative_to(out).as_posix(): file.read_bytes() for file in files(out)}
