"""Search for files of earlier imports that an editor renamed in media/, by their bytes."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath

from feedsvc.content.media import MEDIA_PREFIX
from feedsvc.support.digest import file_sha256


def find_renamed(root: Path, missing: Mapping[str, str], known: Collection[str]) -> Mapping[str, str]:
    """Return the paths in media/ that missing files have now, by their digests. One that is not there has no entry.

    `missing` are the former paths by digest (SHA-256, hexadecimal). Files at the paths `known`, which are others, are not read,
    nor are those with a suffix that no missing file has: an editor who renames a file keeps its suffix.
    """
    found: dict[str, str] = {}
    suffixes = {_suffix(path) for path in missing.values()}
    candidates = (path for path in _media_paths(root) if _suffix(path) in suffixes and path not in known) if missing else ()
    for path in candidates:
        digest = _digest(root / path)
        if digest in missing:
            found.setdefault(digest, path)
            if len(found) == len(missing):
                break
    return found


def _media_paths(root: Path) -> Iterator[str]:
    """Yield the paths of the files in media/, in a fixed order, without hidden ones."""
    for parent, folders, names in os.walk(root / MEDIA_PREFIX):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name).relative_to(root).as_posix() for name in sorted(names) if not name.startswith("."))


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def _digest(file: Path) -> str:
    """Return the SHA-256 of a file, "" if it cannot be read."""
    try:
        if not file.is_file():  # a pipe would never end
            return ""
        with open(file, "rb") as stream:
            return file_sha256(stream).hex()
    except OSError:
        return ""
