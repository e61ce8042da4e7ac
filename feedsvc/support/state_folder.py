"""The state folder: the writing of its files, and the renaming of damaged ones."""

from __future__ import annotations

import logging
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from feedsvc.support.atomic_write import write_atomically
from feedsvc.support.file_lock import folder_lock

DAMAGED_SUFFIX: Final = ".damaged"

_LOG: Final = logging.getLogger(__name__)


def set_aside(path: Path, to: Path | None = None) -> Path:
    """Rename a damaged file or folder, if it exists, to NAME.damaged, or to `to`; return that new path. Raises OSError.

    Anything at the new path is deleted first, even if there is nothing to rename. Call it with the folder's lock held, and
    check with the lock held that the file is damaged: another process may have replaced it with a new one.
    """
    target = to or path.with_name(path.name + DAMAGED_SUFFIX)
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)
    with suppress(FileNotFoundError):
        path.rename(target)
    return target


def is_file(path: Path) -> bool | None:
    """Return True if the path leads to a regular file, None if nothing is there, False for anything else or an error.

    A link to a missing file is something else.
    """
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return False if path.is_symlink() else None
    except OSError:
        return False


def open_lock_file(path: Path) -> int:
    """Open a lock file, which is created if it is missing, as its folder is; return its descriptor. Raises OSError.

    A folder or a special file at its path is renamed (`set_aside`). Do not call it with the folder's lock held.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _set_aside_unless_file(path)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)


def ensure_folder(path: Path) -> None:
    """Create a folder inside the state folder, and its parents, if they are missing. Raises OSError.

    A file at the path of the folder itself is renamed (`set_aside`); a file in place of a parent raises OSError.
    Renaming takes the lock of the parent folder: a caller that holds this lock would wait for itself.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        with folder_lock(path.parent):
            if not path.is_dir():
                _LOG.warning("feedsvc: %s is no folder and was renamed to %s; the service goes on", path, set_aside(path).name)
        path.mkdir(exist_ok=True)


def replace_file(path: Path, data: bytes) -> None:
    """Write a file atomically, through a file `.new-...` in the same folder. Raises OSError.

    A folder or a special file at its path is renamed (`set_aside`). Do not call it with the folder's lock held. The folder must
    exist. A power cut may lose the new bytes.
    """
    _set_aside_unless_file(path)
    write_atomically(path, data, mode=0o644)


def _set_aside_unless_file(path: Path) -> None:
    if is_file(path) is False:
        with folder_lock(path.parent):
            if is_file(path) is False:  # else another process has replaced it since
                _LOG.warning("feedsvc: %s is no file and was renamed to %s; the service goes on", path, set_aside(path).name)
