"""Prefetch of a tree's state: a forked process checks the tree while the content is read."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from feedsvc.errors import FeedsvcError
from feedsvc.export.file_writer import FileWriter
from feedsvc.export.layout import MANIFEST_FILE
from feedsvc.export.manifest import read_manifest
from feedsvc.support.process_pool import BackgroundTask

_FOLDER_FLAGS: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

_Signature = tuple[int, ...]


class TreeState(NamedTuple):
    """State of a tree: `signature` is that of the manifest's file when it was read.

    `modified_files` are the names of the recorded files that do not have their recorded state on disk.
    """

    signature: _Signature
    modified_files: frozenset[str]


GetTreeState = Callable[[], TreeState | None]
Prefetch = AbstractContextManager[GetTreeState]
NO_PREFETCH: Final[Prefetch] = nullcontext(lambda: None)  # its state is always unknown


def start_prefetch(out: Path) -> Prefetch:
    """Start at once, in a forked process, to compare the files of the tree in `out` with their recorded states.

    The `with` block gets a function that waits for the result of `check_tree` and returns it, or raises its error. Without a
    fork, that function does the work itself. At the end of the block the process is ended.
    """
    return BackgroundTask(partial(check_tree, out))


def prefetched_modified_files(get_state: GetTreeState, root: int) -> frozenset[str] | None:
    """Return the `modified_files` that a prefetch found in the folder with the descriptor `root`; None if they are unknown.

    The caller must hold the folder's build lock. `get_state` is what the prefetch's `with` block got. They are unknown if
    `check_tree` returned None or failed, or if the manifest changed since then: a build appends to it before and after it
    writes files.
    """
    try:
        state = get_state()
        return state.modified_files if state and state.signature == _manifest_signature(root) else None
    except (FeedsvcError, OSError):  # the process was killed or could not read: the caller checks the tree itself
        return None


def check_tree(out: Path) -> TreeState | None:
    """Return the state of the tree in the folder `out`; None if its last build is incomplete or its manifest's last line is.

    Raises OSError if there is no such folder or no manifest, or if a file cannot be examined.
    """
    root = os.open(out, _FOLDER_FLAGS)
    try:
        signature = _manifest_signature(root)
        manifest = read_manifest(root)
        if not manifest.is_complete or manifest.size != signature[1]:
            return None
        return TreeState(signature, FileWriter(root, codings=()).modified_files(manifest.files))
    finally:
        os.close(root)


def _manifest_signature(root: int) -> _Signature:
    status = os.stat(MANIFEST_FILE, dir_fd=root, follow_symlinks=False)
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
