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
    """The manifest's data, its signature when it was read, and the names of files that are not as recorded."""

    manifest: ManifestData
    signature: _Signature
    modified_files: frozenset[str]


Prefetch = AbstractContextManager[Callable[[], TreeState | None]]


def start_prefetch(out: Path) -> Prefetch:
    """Start the check at once. Its result is available in its `with` block, at whose end the forked process ends."""
    return BackgroundTask(partial(check_tree, out))


def prefetch_result(ahead: Prefetch, root: int) -> TreeState | None:
    """Return the state of the folder of this descriptor. The caller must hold the tree's lock.

    None if there is none or the manifest changed since: any build writes to it before and after it touches a file.
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
