"""Race-free opening of files without following a symbolic link in any segment of their path.

A path that was resolved and checked can lead elsewhere a moment later, if a folder in it is replaced with a link. So each segment
of the path is opened relative to the folder opened before it, and no segment may be a link (openat(2) with O_NOFOLLOW).
"""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from typing import Final

READ_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW  # O_NONBLOCK: opening a named pipe must not block
LIST_FLAGS: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW

# O_PATH needs only the right to traverse a folder, not to list it, like resolving a path.
_STEP_FLAGS: Final = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
_LINK_ERRNOS: Final = (errno.ELOOP, errno.ENOTDIR)  # open(2) of a link with O_NOFOLLOW; the same with O_DIRECTORY


def open_below(root: str, path: str, flags: int) -> int:
    """Open the file or folder at `path` below the folder `root` and return its descriptor. `flags` is READ_FLAGS or LIST_FLAGS.

    Links in `root` are followed. Raises OSError if a segment of `path` is a link (see `is_link_error`), is "..", or cannot be
    opened.
    """
    *folders, name = path.split("/")
    if ".." in folders or name == "..":
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    folder_descriptor = os.open(root, _STEP_FLAGS)
    try:
        for folder in folders:
            child_descriptor = os.open(folder, _STEP_FLAGS | os.O_NOFOLLOW, dir_fd=folder_descriptor)
            os.close(folder_descriptor)
            folder_descriptor = child_descriptor
        return os.open(name, flags, dir_fd=folder_descriptor)
    finally:
        os.close(folder_descriptor)


def is_link_error(error: OSError) -> bool:
    """Return True if `open_below` failed because a segment of the path is a symbolic link, or a file instead of a folder."""
    return error.errno in _LINK_ERRNOS


def open_file(location: str) -> BufferedReader:
    """Open a file for reading bytes, with the checks and errors of `open_descriptor`."""
    return os.fdopen(open_descriptor(location), "rb")


def open_descriptor(location: str) -> int:
    """Open the regular file at the absolute path `location`, which os.path.realpath returned before; return its descriptor.

    Raises FileNotFoundError if there is no regular file any more or a segment of the path is now a link; else OSError.
    """
    try:
        descriptor = open_below("/", location.lstrip("/"), READ_FLAGS)
    except OSError as error:
        if is_link_error(error):
            raise FileNotFoundError(errno.ENOENT, "it lies behind a symbolic link by now", location) from None
        raise OSError(error.errno, error.strerror, location) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(errno.ENOENT, "it is no file by now", location)
    return descriptor
