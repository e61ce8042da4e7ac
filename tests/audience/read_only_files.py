"""Files that nobody may write, the superuser's tests neither."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def read_only(file: Path) -> Iterator[None]:
    """Nobody may write there, the superuser's tests neither."""
    root, parent = os.geteuid() == 0, file.parent
    file.chmod(0o444)
    parent.chmod(0o555)
    ways = {folder: folder.stat().st_mode for folder in parent.parents if root and folder.stat().st_mode & 0o011 != 0o011}
    for folder, mode in ways.items():
        folder.chmod(mode | 0o011)
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        for folder, mode in ways.items():
            folder.chmod(mode)
        parent.chmod(0o755)
        file.chmod(0o644)
