"""Files below one folder: check, compare, replace atomically, remove. Every method raises OSError.

Names are relative to the folder's descriptor, so that the folder is resolved once and cannot be exchanged during a build.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Final

from feedsvc.export.file_bytes import has_same_bytes, write_bytes
from feedsvc.export.file_table import FileState, FileTable
from feedsvc.export.layout import COMPRESSED_SUFFIXES, TEMPORARY_PREFIX
from feedsvc.publication import Document, FileResource

_MODE: Final = 0o644
_CREATE_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_READ_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_NOT_FOUND_ERRORS: Final = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)  # a long name and its suffix may be too long
_NANOSECONDS: Final = 1_000_000_000  # nanoseconds
_COMPRESSED_ENDINGS: Final = tuple(COMPRESSED_SUFFIXES.values())


class FileWriter:
    """Writer of the files of a tree. A forked process may use its copy of the writer."""

    def __init__(self, root: int, *, codings: Collection[str]) -> None:
        """Write a compressed variant in each of these `codings` beside each document, if the coding makes it smaller."""
        self._root, self._codings = root, codings
        self._folders: set[str] = {""}
        self._vacant_folders: set[str] = set()  # folders missing at the last `linked_folders`, without subfolders

    def status(self, name: str) -> os.stat_result | None:
        """Return the status of a file, None if there is none. Links are not followed."""
        try:
            return os.stat(name, dir_fd=self._root, follow_symlinks=False)
        except OSError as error:
            if error.errno in _NOT_FOUND_ERRORS:
                return None
            raise

    def cached_status(self, name: str) -> os.stat_result | None:
        """Return what `status` returns, but None without a system call if the last `linked_folders` found its folder missing.

        The name must have been passed to that call.
        """
        return None if self._is_vacant(name) else self.status(name)

    def _is_vacant(self, name: str) -> bool:
        """Return whether the last call of `linked_folders` found one of the name's folders missing."""
        while name := name.rpartition("/")[0]:
            if name in self._vacant_folders:
                return True
        return False

    def is_unmodified(self, name: str, note: FileState) -> bool:
        """Return whether a file and its compressed variants have the size and time recorded in `note`."""
        return self._is_as_recorded(name, note.size, note.time, note.compressed_sizes)

    def modified_files(self, notes: FileTable) -> frozenset[str]:
        """Return the names of the files for which `is_unmodified` is False."""
        return frozenset(
            name for name, size, time, packed in notes.file_stats() if not self._is_as_recorded(name, size, time, packed)
        )

    def _is_as_recorded(self, name: str, size: int, time: int, packed: Sequence[int]) -> bool:
        if not self._is_file_as_recorded(name, size, time):
            return False
        twins = zip(_COMPRESSED_ENDINGS, packed, strict=True)
        return not [end for end, twin in twins if twin and not self._is_file_as_recorded(name + end, twin, time)]

    def _is_file_as_recorded(self, name: str, size: int, time: int) -> bool:
        found = self.status(name)
        return found is not None and found.st_size == size and found.st_mtime_ns == time and stat.S_ISREG(found.st_mode)

    def compress(self, found: Document | FileResource) -> None:
        """Compress a document in all codings. Optional before `put`, which otherwise does it; nothing for a FileResource."""
        if isinstance(found, Document):
            for coding in self._codings:
                found.encode(coding)

    def put(self, name: str, found: Document | FileResource, note: FileState) -> tuple[bool, FileState]:
        """Write a file and its compressed variants if their bytes changed. `note` is the recorded state.

        Return whether the file itself was written, and its new state without fingerprint.
        """
        written = not self._has_bytes(name, found)
        own = self._replace_with_new_time(name, found) if written else os.stat(name, dir_fd=self._root, follow_symlinks=False)
        known = zip(COMPRESSED_SUFFIXES, note.compressed_sizes, strict=True)
        packed = tuple(self._update_compressed(name, coding, found, own.st_mtime_ns, was=was) for coding, was in known)
        return written, FileState("", own.st_size, own.st_mtime_ns, packed)

    def _replace_with_new_time(self, name: str, found: Document | FileResource) -> os.stat_result:
        """Replace a file and return its status. Its time moves to a later second: HTTP dates and nginx's tags count seconds."""
        before = self.cached_status(name)
        now = self._replace(name, found, None)
        if before is None or now.st_mtime_ns // _NANOSECONDS > before.st_mtime_ns // _NANOSECONDS:
            return now
        next_second = (before.st_mtime_ns // _NANOSECONDS + 1) * _NANOSECONDS
        os.utime(name, ns=(next_second, next_second), dir_fd=self._root)
        return os.stat(name, dir_fd=self._root, follow_symlinks=False)

    def _update_compressed(self, name: str, coding: str, found: Document | FileResource, time: int, *, was: int) -> int:
        """Write or remove a file's compressed variant in a coding; return the variant's size in bytes, 0 for none.

        `was` is the recorded size.
        """
        twin = found.encode(coding) if coding in self._codings and isinstance(found, Document) else b""
        if twin:
            self._put_compressed(name + COMPRESSED_SUFFIXES[coding], twin, time)
        elif was and not self._is_vacant(name):
            self.remove(name + COMPRESSED_SUFFIXES[coding])
        return len(twin)

    def _put_compressed(self, name: str, data: bytes, time: int) -> None:
        """Write a compressed variant with the time of its document, because a server may ignore a variant that is older."""
        if not self._has_bytes(name, data):
            self._replace(name, data, time)
        elif os.stat(name, dir_fd=self._root).st_mtime_ns != time:
            os.utime(name, ns=(time, time), dir_fd=self._root)

    def _has_bytes(self, name: str, wanted: Document | FileResource | bytes) -> bool:
        return not self._is_vacant(name) and self.is_same(name, wanted)

    def is_same(self, name: str, wanted: Document | FileResource | bytes) -> bool:
        """Return whether there is a regular file of this name, by feedsvc or of other origin, with the bytes `wanted`."""
        try:
            with open(os.open(name, _READ_FLAGS, dir_fd=self._root), "rb", buffering=0) as file:
                status = os.fstat(file.fileno())
                return stat.S_ISREG(status.st_mode) and has_same_bytes(file, status.st_size, wanted)
        except FileNotFoundError:
            return False
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO):  # a link; a pipe
                return False
            raise

    def _replace(self, name: str, wanted: Document | FileResource | bytes, time: int | None) -> os.stat_result:
        """Replace a file atomically: readers see the old bytes or the new ones. Return the new file's status.

        `time` is its time in nanoseconds; None stands for now.
        """
        folder = name.rpartition("/")[0]
        self._make_folder(folder)
        # In the file's own folder: a common folder for temporary files would be far from the file on disk.
        new = f"{folder or '.'}/{TEMPORARY_PREFIX}{os.getpid()}"
        descriptor = self._open_temporary(new, folder)
        try:
            try:
                write_bytes(descriptor, wanted)
                status = os.fstat(descriptor)
                if status.st_mode & 0o777 != _MODE:
                    os.fchmod(descriptor, _MODE)
                if time is not None:
                    os.utime(descriptor, ns=(time, time))
            finally:
                os.close(descriptor)
            os.replace(new, name, src_dir_fd=self._root, dst_dir_fd=self._root)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(new, dir_fd=self._root)
            raise
        return status

    def _open_temporary(self, new: str, folder: str) -> int:
        try:
            return os.open(new, _CREATE_FLAGS, _MODE, dir_fd=self._root)
        except FileNotFoundError:  # the folder was removed meanwhile
            self._folders = {""}
            self._make_folder(folder)
            return os.open(new, _CREATE_FLAGS, _MODE, dir_fd=self._root)

    def _make_folder(self, folder: str) -> None:
        if folder in self._folders:
            return
        try:
            os.mkdir(folder, dir_fd=self._root)
        except FileExistsError:
            pass
        except FileNotFoundError:
            self._make_folder(folder.rpartition("/")[0])
            self._make_folder(folder)
        self._folders.add(folder)

    def remove(self, name: str) -> bool:
        """Remove a file and then each of its folders that is empty. Return False if there was no file."""
        try:
            os.unlink(name, dir_fd=self._root)
        except OSError as error:
            if error.errno in (*_NOT_FOUND_ERRORS, errno.EISDIR):
                return False
            raise
        folder = name.rpartition("/")[0]
        with suppress(OSError):
            while folder:
                os.rmdir(folder, dir_fd=self._root)
                self._folders.discard(folder)
                folder = folder.rpartition("/")[0]
        return True

    def linked_folders(self, names: Iterable[str]) -> Iterator[str]:
        """Yield the folders of these names that are links. Missing folders are remembered for `put` and `cached_status` until the
        next call.
        """
        self._vacant_folders = set()
        seen = {""}
        for name in names:
            yield from self._linked_parents(name.rpartition("/")[0], seen)

    def _linked_parents(self, folder: str, seen: set[str]) -> Iterator[str]:
        if folder in seen:
            return
        seen.add(folder)
        above = folder.rpartition("/")[0]
        yield from self._linked_parents(above, seen)
        if self._is_vacant(folder):
            return
        status = self.status(folder)
        if status is None:
            self._vacant_folders.add(folder)
        elif stat.S_ISLNK(status.st_mode):
            yield folder

    def remove_temporary_files(self, names: Iterable[str] = ()) -> None:
        """Delete temporary files that killed builds left in the output folder and in the folders of the files `names`.

        `names` are paths relative to the output folder.
        """
        for folder in {".", *(name.rpartition("/")[0] or "." for name in names)}:
            with suppress(FileNotFoundError, NotADirectoryError):
                descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=self._root)
                try:
                    for left in os.listdir(descriptor):
                        if left.startswith(TEMPORARY_PREFIX):
                            os.unlink(left, dir_fd=descriptor)
                finally:
                    os.close(descriptor)
