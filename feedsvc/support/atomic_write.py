"""Atomic writing of files: a reader sees the old bytes or the new ones, even if the process is killed.

The new bytes are written to a temporary file in the same folder, which is then renamed to the file's name.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from feedsvc.support.file_lock import lock
from feedsvc.support.posix import HAS_FILE_LOCKS

TEMPORARY_PREFIX: Final = ".new-"
# In the content folder. Hidden, so that a process that reads the folder does not mistake it for an article.
CONTENT_PREFIX: Final = ".feedsvc-stamp-"
# Errors of link(2) where a file system has no hard links; EINVAL on Windows.
_NO_LINKS_ERRNOS: Final = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EINVAL)


class FileChangedError(Exception):
    """Raised if the file does not contain the bytes any more that the caller had read."""


@contextmanager
def open_replacement(path: Path | str, *, prefix: str = TEMPORARY_PREFIX, mode: int | None = None) -> Iterator[IO[bytes]]:
    """Open a temporary file, and rename it to `path` at the end of the `with` block. Raises OSError.

    If the block raises an exception, the temporary file is removed, and the file at `path` stays. A symbolic link at `path` is
    replaced, not followed. The new file has this `mode`; with None, the mode of any new file of the process. The folder must
    exist. Only `sync` ensures that the bytes survive a power cut.
    """
    temporary = os.path.join(os.path.dirname(path), f"{prefix}{os.urandom(8).hex()}")
    with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, 0o666 if mode is None else mode)) as file:
        try:
            if mode is not None and hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), mode)  # the umask may have reduced it
            yield file
            file.close()  # first, because only this reports some errors of network file systems
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                file.close()  # Windows deletes no open file
            with suppress(OSError):
                os.unlink(temporary)
            raise


def write_atomically(
    path: Path | str, data: bytes, *, prefix: str = TEMPORARY_PREFIX, mode: int | None = None, is_synced: bool = False
) -> None:
    """Write or replace a file atomically, through a temporary file whose name begins with `prefix`. Raises OSError.

    A symbolic link at `path` is replaced, not followed. The file gets this `mode`; with None, that of any new file of the
    process. With `is_synced`, the bytes are on the disk before the file is replaced. The folder must exist.
    """
    with open_replacement(path, prefix=prefix, mode=mode) as file:
        file.write(data)
        if is_synced:
            sync(file)


def sync(file: IO[bytes]) -> None:
    """Write the bytes of an open file to the disk, so that they survive a power cut. Raises OSError."""
    file.flush()
    os.fsync(file.fileno())


def rename_without_replacing(source: Path, target: Path) -> None:
    """Rename a file, but do not replace another one. Raises FileExistsError if `target` exists, OSError for other errors.

    On a file system without hard links, a target that another process creates at the same moment is replaced.
    """
    try:
        os.link(source, target)
    except OSError as error:
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        if error.errno not in _NO_LINKS_ERRNOS:
            raise
        os.rename(source, target)  # this file system has no hard links
        return
    os.unlink(source)


def require_writable(path: Path) -> None:
    """Raise OSError if a file, or the target of a link, does not exist or is read-only."""
    target = os.path.realpath(path)
    if not os.access(target, os.W_OK) or not os.stat(target).st_mode & 0o222:
        raise PermissionError(0, "it is read-only")


def replace_if_unchanged(path: Path, before: bytes, after: bytes) -> None:
    """Replace the content `before` of a file of the content folder by `after`. If `path` is a link, its target is replaced.

    Mode, owner and extended attributes stay the same as far as the system allows. Raises FileChangedError if the file does not
    contain `before` any more, OSError if it cannot be written; in both cases the file is unchanged.
    """
    require_writable(path)
    target = os.path.realpath(path)
    with ExitStack() as stack, open_replacement(target, prefix=CONTENT_PREFIX, mode=0o600) as file:
        _lock_until_end(stack, file)
        file.write(after)
        _copy_metadata(target, file.name)
        sync(file)
        if Path(target).read_bytes() != before:
            raise FileChangedError
    _sync_folder(os.path.dirname(target))


def create_file(path: Path, data: bytes) -> None:
    """Create a file of the content folder, complete from the beginning, and missing folders.

    Raises FileExistsError if it exists, OSError if it cannot be written; then nothing is changed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{CONTENT_PREFIX}{os.urandom(8).hex()}")
    try:
        with ExitStack() as stack:
            with open(temporary, "xb") as file:
                _lock_until_end(stack, file)
                file.write(data)
            rename_without_replacing(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _lock_until_end(stack: ExitStack, file: IO[bytes]) -> None:
    """Lock a temporary file until `stack` ends, also after it is closed and renamed."""
    if HAS_FILE_LOCKS:  # Windows renames no open file, and deletes none, so it needs no lock
        descriptor = os.dup(file.fileno())
        stack.callback(os.close, descriptor)
        lock(descriptor)


def _copy_metadata(target: str, temporary: str) -> None:
    """Copy all metadata of the file `target` to the file `temporary`, except the times of access and modification.

    The owner is copied only if the system allows that. Raises OSError.
    """
    status = os.stat(target)
    with suppress(OSError, AttributeError):  # Windows has no chown
        os.chown(temporary, status.st_uid, status.st_gid)
    shutil.copystat(target, temporary)
    os.utime(temporary)


def _sync_folder(folder: str) -> None:
    """Write the folder to disk, so that the rename in it survives a power cut. Errors are ignored."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_temporary_files(folders: Iterable[str]) -> None:
    """Remove temporary files that a killed `replace_if_unchanged` or `create_file` left in these folders of the content folder.

    Subfolders are not searched, and errors are ignored. Files of running processes are locked and stay. Windows deletes no open
    file, so they stay there, too.
    """
    for folder in folders:
        with suppress(OSError):
            for name in os.listdir(folder):
                if name.startswith(CONTENT_PREFIX):
                    _remove_unlocked(os.path.join(folder, name))


def _remove_unlocked(path: str) -> None:
    if not HAS_FILE_LOCKS:
        with suppress(OSError):
            os.unlink(path)
        return
    with suppress(OSError), open(path, "rb") as file:
        if lock(file.fileno(), waits=False):
            os.unlink(path)
