"""Race-free opening of files below a folder without following a symbolic link in any segment of the path below it.

A path that was resolved and checked can lead elsewhere a moment later, if a folder in it is replaced with a link. So each segment
of the path is opened relative to the folder opened before it, and no segment may be a link (openat(2) with O_NOFOLLOW). Windows
has no openat: there, each segment is checked for a link before the path is opened.
"""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from typing import Final, NamedTuple, Self

from feedsvc.support.posix import CAN_OPEN_BELOW, flags

# O_NONBLOCK: opening a named pipe must not block. O_BINARY: Windows would otherwise change line ends and stop at Ctrl-Z.
READ_FLAGS: Final = flags("O_RDONLY", "O_NONBLOCK", "O_CLOEXEC", "O_NOFOLLOW", "O_BINARY", "O_NOINHERIT")
_LIST_FLAGS: Final = flags("O_RDONLY", "O_DIRECTORY", "O_CLOEXEC", "O_NOFOLLOW")

# O_PATH needs only the right to traverse a folder, not to list it, like resolving a path.
_STEP_FLAGS: Final = flags("O_PATH" if hasattr(os, "O_PATH") else "O_RDONLY", "O_DIRECTORY", "O_CLOEXEC")
_LINK_ERRNOS: Final = (errno.ELOOP, errno.ENOTDIR)  # open(2) of a link with O_NOFOLLOW; the same with O_DIRECTORY


class OpenFolder(NamedTuple):
    """Open folder of `open_folder_below`: its entries are found without resolving its path again. A `with` block closes it.

    Functions of os find an entry by `prefix` + its name as path and `descriptor` as `dir_fd`. If the system cannot open folders
    (Windows), `descriptor` is None and `prefix` is the path of the folder with a separator at the end; else `prefix` is "".
    """

    descriptor: int | None
    prefix: str

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)

    def names(self) -> list[str]:
        """Return the names of all entries, hidden ones and folders included, in any order. Raises OSError."""
        return os.listdir(self.prefix if self.descriptor is None else self.descriptor)

    def status(self) -> os.stat_result:
        """Return the status of the folder itself. Raises OSError."""
        return os.stat(self.prefix if self.descriptor is None else self.descriptor)


def open_file_below(root: str, path: str) -> int:
    """Open the file at `path`, with "/" between its segments, below the folder `root`, and return its descriptor.

    Links in `root` are followed. Raises OSError if a segment of `path` is a link (see `is_link_error`), is "..", or cannot be
    opened. What is at the path may be a folder, pipe or device: the caller checks that. Opening a pipe does not wait.
    """
    return _open_below(root, path, READ_FLAGS) if CAN_OPEN_BELOW else os.open(_checked_path(root, path), READ_FLAGS)


def open_folder_below(root: str, path: str) -> OpenFolder:
    """Open the folder at `path`, with "/" between its segments, below the folder `root`. Links in `root` are followed.

    Raises OSError if a segment of `path` is a link or "..", or if there is no such folder or it cannot be opened.
    """
    if CAN_OPEN_BELOW:
        return OpenFolder(_open_below(root, path, _LIST_FLAGS), "")
    folder = _checked_path(root, path)
    if not os.path.isdir(folder):
        code = errno.ENOTDIR if os.path.lexists(folder) else errno.ENOENT
        raise OSError(code, os.strerror(code), path)
    return OpenFolder(None, folder + os.sep)


def _open_below(root: str, path: str, open_flags: int) -> int:
    *folders, name = _segments(path)
    folder_descriptor = os.open(root, _STEP_FLAGS)
    try:
        for folder in folders:
            child_descriptor = os.open(folder, _STEP_FLAGS | os.O_NOFOLLOW, dir_fd=folder_descriptor)
            os.close(folder_descriptor)
            folder_descriptor = child_descriptor
        return os.open(name, open_flags, dir_fd=folder_descriptor)
    finally:
        os.close(folder_descriptor)


def _checked_path(root: str, path: str) -> str:
    """Return the path `path` below `root`, which need not exist. Raises OSError if a segment is a link, a junction or ".."."""
    location = root
    for segment in _segments(path):
        location = os.path.join(location, segment)
        _refuse_link(location)
    return location


def _segments(path: str) -> list[str]:
    segments = path.split("/")
    if ".." in segments:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    return segments


def _refuse_link(location: str) -> None:
    # A junction of Windows (Python 3.12) leads to another folder, as a symbolic link does.
    if os.path.islink(location) or getattr(os.path, "isjunction", os.path.islink)(location):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), location)


def is_link_error(error: OSError) -> bool:
    """Return True if opening failed because a segment of the path is a symbolic link, or a file instead of a folder."""
    return error.errno in _LINK_ERRNOS


def open_file(location: str) -> BufferedReader:
    """Open the regular file at the absolute path `location`, which os.path.realpath returned before, for reading bytes.

    Raises FileNotFoundError if there is no regular file any more or a segment of the path is now a link, or another OSError.
    """
    return os.fdopen(open_descriptor(location), "rb")


def open_descriptor(location: str) -> int:
    """Open the regular file at the absolute path `location`, which os.path.realpath returned before; return its descriptor.

    Raises FileNotFoundError if there is no regular file any more or a segment of the path is now a link, or another OSError.
    """
    drive, path = os.path.splitdrive(location)
    try:
        descriptor = open_file_below(drive + os.sep, path.lstrip(os.sep).replace(os.sep, "/"))
    except OSError as error:
        if is_link_error(error):
            raise FileNotFoundError(errno.ENOENT, "it lies behind a symbolic link by now", location) from None
        raise OSError(error.errno, error.strerror, location) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(errno.ENOENT, "it is no file by now", location)
    return descriptor
