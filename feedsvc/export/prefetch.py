"""Prefetch of a tree's state: a forked process checks the tree while the content is read."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from feedsvc.errors import FeedsvcError
from feedsvc.export.file_writer import FileWriter
from feedsvc.export.layout import MANIFEST_FILE
from feedsvc.export.manifest_format import ManifestData, read_manifest
from feedsvc.support import gc_control
from feedsvc.support.process_pool import BackgroundTask

_FOLDER_FLAGS: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

_Signature = tuple[int, ...]


class TreeState(NamedTuple):
    """The manifest's data, its signature when it was read, and the names of the recorded files that were modified on disk."""

    manifest: ManifestData
    signature: _Signature
    modified_files: frozenset[str]


Prefetch = AbstractContextManager[Callable[[], TreeState | None]]


def start_prefetch(out: Path) -> Prefetch:
    """Start `check_tree` at once in a forked process. The `with` block gets a function that waits for the result.

    At the end of the block the process is ended.
    """
    return BackgroundTask(partial(check_tree, out))


def prefetch_result(ahead: Prefetch, root: int) -> TreeState | None:
    """Return the result of a prefetch for the folder with this descriptor. The caller must hold the tree's lock.

    None if `check_tree` returned None or failed, or if the manifest changed since. A build appends to the manifest before and
    after it writes files.
    """
    try:
        with ahead as answer, gc_control.paused():
            seen = answer()
        return seen if seen and seen.signature == _manifest_signature(root) else None
    except (FeedsvcError, OSError):  # killed, or it could not read: the caller checks for itself
        return None


def check_tree(out: Path) -> TreeState | None:
    """Check the tree in a folder; return None unless its last build was complete. Raises OSError."""
    root = os.open(out, _FOLDER_FLAGS)
    try:
        state = _manifest_signature(root)
        found = read_manifest(root)
        if not found.is_complete or found.size != state[1]:
            return None
        with gc_control.paused():
            return TreeState(found, state, FileWriter(root, codings=()).modified_files(found.files))
    finally:
        os.close(root)


def _manifest_signature(root: int) -> _Signature:
    status = os.stat(MANIFEST_FILE, dir_fd=root, follow_symlinks=False)
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
