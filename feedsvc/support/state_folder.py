"""The state folder: the identity of its files, the writing of files, and the renaming of damaged ones.

Checksums in the state folder cover its identity, a random number. So the checksums of rows from another newsroom's file fail,
as those of damaged rows do. The identity is stored in the file `state-id` and in the header of every SQLite file. If `state-id`
is damaged, lost or from another folder, it is restored from these headers.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import shutil
import stat
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final
from zlib import crc32

from feedsvc.support.atomic_write import open_replacement, sync, write_atomically
from feedsvc.support.file_lock import folder_lock

IDENTITY_FILE: Final = "state-id"
DAMAGED_SUFFIX: Final = ".damaged"
_IDENTITY_LINE: Final = re.compile(rb"feedsvc state ([0-9a-f]{8}) ([0-9a-f]{8})\n")
_MAX_IDENTITY_SIZE: Final = 100  # bytes of the file
_IDENTITY_BITS: Final = 31  # an SQLite header stores it as a signed number of 32 bits

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
    """Return True if the path leads to a regular file, None if nothing exists there, False for anything else or an error."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return None
    except OSError:
        return False


def open_lock_file(path: Path) -> int:
    """Open a lock file, which is created if it is missing, as its folder is; return its descriptor. Raises OSError.

    A folder or a special file at its path is renamed (`set_aside`). Do not call it with the folder's lock held.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with folder_lock(path.parent):
        if is_file(path) is False:
            _LOG.warning("feedsvc: %s is no file and was renamed to %s; the service goes on", path, set_aside(path).name)
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
    if is_file(path) is False:
        with folder_lock(path.parent):
            if is_file(path) is False:  # else another process has replaced it since
                set_aside(path)
    write_atomically(path, data, mode=0o644)


def read_identity(folder: Path) -> int:
    """Return the identity in `state-id`; 0 if it is missing, damaged or unreadable."""
    try:
        descriptor = os.open(folder / IDENTITY_FILE, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            match = _IDENTITY_LINE.fullmatch(file.read(_MAX_IDENTITY_SIZE))
    except OSError:
        return 0
    return int(match[1], 16) if match and int(match[2], 16) == crc32(match[1]) else 0


def resolve_identity(folder: Path, file_identities: Iterable[int]) -> int:
    """Return the most frequent of `file_identities`, those in the folder's SQLite files, and write it into `state-id`.

    0 stands for a file without identity and does not count. In a tie, the identity in `state-id` wins if it is one of these,
    else the first. If no file has one, return that in `state-id`; if there is none either, a new one. Call it with the folder's
    lock held. Raises OSError if `state-id` cannot be written.
    """
    before = read_identity(folder)
    counts = Counter(filter(None, file_identities))
    most_frequent = [identity for identity, count in counts.items() if count == max(counts.values())] or [before]
    identity = before if before in most_frequent else most_frequent[0]
    identity = identity or secrets.randbits(_IDENTITY_BITS) or 1
    if identity != before:
        _write_identity(folder, identity)
    return identity


def _write_identity(folder: Path, identity: int) -> None:
    file, text = folder / IDENTITY_FILE, b"%08x" % identity
    with open_replacement(file) as opened:
        opened.write(b"feedsvc state %b %08x\n" % (text, crc32(text)))
        sync(opened)
        if is_file(file) is not None:
            _LOG.warning(
                "feedsvc: %s was damaged and is restored from other files of the folder; nothing is lost, the service goes on",
                file,
            )
        if is_file(file) is False:
            set_aside(file)
