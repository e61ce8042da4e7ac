"""Files opened without following a symbolic link at any step of their path.

A path that was resolved and checked can lead elsewhere a moment later, once a folder in it has been replaced with a link. So each
step of the path is opened in the folder that was opened before, and no step may be a link (openat(2) with O_NOFOLLOW).
"""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from typing import Final

READ: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW  # not to block at a named pipe, of which nothing is read
LIST: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW

# O_PATH needs no right to list a folder, as a path does not either.
_STEP: Final = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
_LINKED: Final = (errno.ELOOP, errno.ENOTDIR)  # an open of a link with O_NOFOLLOW; the same with O_DIRECTORY


def open_below(root: str, path: str, flags: int) -> int:
    """Return a descriptor of the file or folder at a path below a folder, opened with READ or LIST.

    `root` may be reached through links. Raises OSError; `is_link_error` tells whether a step of `path` may be a link.
    """
    *folders, name = path.split("/")
    if ".." in folders or name == "..":
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    at = os.open(root, _STEP)
    try:
        for folder in folders:
            below = os.open(folder, _STEP | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = below
        return os.open(name, flags, dir_fd=at)
    finally:
        os.close(at)


def is_link_error(error: OSError) -> bool:
    """Return whether `open_below` may have failed because a step of the path is a symbolic link."""
    return error.errno in _LINKED


def open_file(location: str) -> BufferedReader:
    """Open a file as `open_descriptor` does, to read bytes of it."""
    return os.fdopen(open_descriptor(location), "rb")


def open_descriptor(location: str) -> int:
    """Return a descriptor of the regular file at an absolute path without links, as os.path.realpath returned it.

    Raises OSError; FileNotFoundError if there is something else by now, or a link at any step.
    """
    try:
        descriptor = open_below("/", location.lstrip("/"), READ)
    except OSError as error:
        if is_link_error(error):
            raise FileNotFoundError(errno.ENOENT, "it lies behind a symbolic link by now", location) from None
        raise OSError(error.errno, error.strerror, location) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(errno.ENOENT, "it is no file by now", location)
    return descriptor
