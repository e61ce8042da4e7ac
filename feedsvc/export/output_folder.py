"""Output folder of a static tree: its lock, and messages for errors of its file system."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from feedsvc.errors import FeedsvcError
from feedsvc.export.layout import LOCK_FILE
from feedsvc.support.file_lock import lock

_LOCK_MODE: Final = 0o666  # before the umask
# A build that stopped at any point leaves only complete files, so the next build can go on.
_DISK_FULL_HINT: Final = "make room on its disk: the next build does what is left to do"
_PERMISSION_HINT: Final = "see that it may be written to, or build into another folder"
_HINTS_BY_ERRNO: Final = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), _DISK_FULL_HINT),
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM), _PERMISSION_HINT),
}


@contextmanager
def translate_errors(out: Path) -> Iterator[None]:
    """Raise FeedsvcError instead of an OSError that leaves the `with` block.

    The message names the file below `out`, or `out` itself if the error names none. It has a hint if the disk is full or
    read-only, or if a permission is missing.
    """
    try:
        yield
    except OSError as error:
        name = error.filename2 or error.filename
        fault = f"{out / name if name else out} cannot be written ({error.strerror})"
        hint = _HINTS_BY_ERRNO.get(error.errno or 0, "")
        raise FeedsvcError(f"{fault}; {hint}" if hint else fault) from None


@contextmanager
def build_lock(out: Path) -> Iterator[int]:
    """Hold the build lock of the folder `out` in the `with` block, and yield the folder's descriptor, closed at the end.

    Create the folder if it is missing. Raises FeedsvcError, without waiting, if another build holds the lock, and if the locale's
    encoding of file names is not UTF-8, because file names are addresses; OSError if the folder or its lock file cannot be
    created or opened.
    """
    if (encoding := sys.getfilesystemencoding()) != "utf-8":
        raise FeedsvcError(
            f"file names are encoded as {encoding} in this locale, but addresses are UTF-8; set PYTHONUTF8=1, or LC_ALL=C.UTF-8"
        )
    folder = out.absolute()  # `translate_errors` takes names as relative to `out` unless they are absolute
    folder.mkdir(parents=True, exist_ok=True)
    root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with open(LOCK_FILE, "ab", opener=partial(os.open, mode=_LOCK_MODE, dir_fd=root)) as lock_file:
            if not lock(lock_file.fileno(), waits=False):
                raise FeedsvcError(f"another build is writing {out}; wait for it to end")
            yield root
    finally:
        os.close(root)
