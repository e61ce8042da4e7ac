"""Make a file read-only, also for tests that run as root."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def read_only(file: Path) -> Iterator[None]:
    """Make the file and its folder read-only until the block ends; a process of root continues as the user nobody."""
    is_root, parent = os.geteuid() == 0, file.parent
    file.chmod(0o444)
    parent.chmod(0o555)
    other_folders = {
        folder: folder.stat().st_mode for folder in parent.parents if is_root and folder.stat().st_mode & 0o011 != 0o011
    }
    for folder, mode in other_folders.items():
        folder.chmod(mode | 0o011)
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        for folder, mode in other_folders.items():
            folder.chmod(mode)
        parent.chmod(0o755)
        file.chmod(0o644)
