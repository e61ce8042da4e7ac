"""Files below one folder: check, compare, replace atomically, remove.

Methods that access files raise OSError. Those with a parameter `content` may be given a FileResource, a file to copy;
they also raise FeedsvcError if it cannot be read.

Names are relative to the folder's descriptor, so that the folder is resolved once and cannot be exchanged during a
build.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from io import BufferedReader, FileIO
from typing import Final

from feedsvc.content.media import UncleanableError, open_clean
from feedsvc.content.safe_open import open_file
from feedsvc.errors import FeedsvcError
from feedsvc.export.hosts import HEADERS, REDIRECTS
from feedsvc.export.layout import COMPRESSED_SUFFIXES, TEMPORARY_PREFIX
from feedsvc.export.manifest import READ_FLAGS, FileState, FileStates
from feedsvc.publication import Document, FileResource

_MODE: Final = 0o644
_BLOCK_SIZE: Final = 1024 * 1024  # bytes
_CREATE_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_NOT_FOUND_ERRORS: Final = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)  # a long name and its suffix may be too long
_NAME_MAX: Final = 255  # bytes (NAME_MAX)
_NANOSECONDS: Final = 1_000_000_000  # in a second
_COMPRESSED_ENDINGS: Final = tuple(COMPRESSED_SUFFIXES.values())
_HOST_FILES: Final = (HEADERS[1:], REDIRECTS[1:])  # no client gets them


class FileWriter:
    """Writer and remover of the files of a tree. A forked process may use its copy of the writer."""

    def __init__(self, root: int, *, codings: Collection[str]) -> None:
        """Take the descriptor `root` of the tree's folder, and the `codings` of compressed variants, such as "gzip".

        `put` writes a variant only if it is smaller than its document. The descriptor must stay open.
        """
        self._root, self._codings = root, codings
        self._folders: set[str] = {""}
        self._vacant_folders: set[str] = set()  # folders missing at the last `linked_folders`, without subfolders

    def status(self, name: str) -> os.stat_result | None:
        """Return the status of a file, folder or link; None if nothing has this name, or if it is too long.

        A link as the last part of the name is not followed.
        """
        try:
            return os.stat(name, dir_fd=self._root, follow_symlinks=False)
        except OSError as error:
            if error.errno in _NOT_FOUND_ERRORS:
                return None
            raise

    def cached_status(self, name: str) -> os.stat_result | None:
        """Return the status of a file, folder or link; None without a system call if a folder of the name is missing.

        That is so if the last call of `linked_folders`, which must have had the name among its arguments, did not find the
        folder. Otherwise the result is that of `status`.
        """
        return None if self._is_vacant(name) else self.status(name)

    def is_folder(self, name: str) -> bool:
        status = self.status(name)
        return status is not None and stat.S_ISDIR(status.st_mode)

    def _is_vacant(self, name: str) -> bool:
        """Return whether the last call of `linked_folders` did not find one of the name's folders."""
        while name := name.rpartition("/")[0]:
            if name in self._vacant_folders:
                return True
        return False

    def is_unmodified(self, name: str, state: FileState) -> bool:
        """Return whether a file and its compressed variants are regular files of the sizes and the time recorded in `state`.

        False if a recorded size is -1 (unknown). Variants with the recorded size 0 (none) are not examined.
        """
        _, size, time, compressed_sizes = state
        if not self._is_file_as_recorded(name, size, time):
            return False
        variants = [
            (name + suffix, length) for suffix, length in zip(_COMPRESSED_ENDINGS, compressed_sizes, strict=True) if length
        ]
        return all(self._is_file_as_recorded(variant, length, time) for variant, length in variants)

    def modified_files(self, files: FileStates) -> frozenset[str]:
        """Return the names of those `files` that do not have their recorded state on disk (`is_unmodified`)."""
        return frozenset(name for name, state in files.items() if not self.is_unmodified(name, state))

    def _is_file_as_recorded(self, name: str, size: int, time: int) -> bool:
        status = self.status(name)
        return status is not None and status.st_size == size and status.st_mtime_ns == time and stat.S_ISREG(status.st_mode)

    def compress(self, content: Document | FileResource) -> None:
        """Compress a document in all `codings` of the writer, so that `put` has less to do. Do nothing with a FileResource."""
        if isinstance(content, Document):
            for coding in self._codings:
                content.encode(coding)

    def put(self, name: str, content: Document | FileResource, state: FileState) -> tuple[bool, FileState]:
        """Write a file and its compressed variants if their bytes changed, and remove obsolete variants.

        Create missing folders. `state` is the file's recorded state. Return whether the file itself was written, and its new
        state, with the fingerprint "". A replaced file gets a time in a later second than it had, if need be in the future;
        variants get the time of their file. Obsolete are recorded variants that `content` does not have (`_update_compressed`).
        """
        if is_written := not self._has_bytes(name, content):
            status = self._replace_with_new_time(name, content)
        else:
            status = os.stat(name, dir_fd=self._root, follow_symlinks=False)
        compressed_sizes = tuple(
            self._update_compressed(name, coding, content, status.st_mtime_ns, recorded_size=size)
            for coding, size in zip(COMPRESSED_SUFFIXES, state.compressed_sizes, strict=True)
        )
        return is_written, FileState("", status.st_size, status.st_mtime_ns, compressed_sizes)

    def _replace_with_new_time(self, name: str, content: Document | FileResource) -> os.stat_result:
        """Replace a file or create it, and return its status.

        The time of a replaced file is in a later second than before: HTTP dates and nginx's entity tags count seconds.
        """
        before = self.cached_status(name)
        after = self._replace(name, content, None)
        if before is None or after.st_mtime_ns // _NANOSECONDS > before.st_mtime_ns // _NANOSECONDS:
            return after
        next_second = (before.st_mtime_ns // _NANOSECONDS + 1) * _NANOSECONDS
        os.utime(name, ns=(next_second, next_second), dir_fd=self._root)
        return os.stat(name, dir_fd=self._root, follow_symlinks=False)

    def _update_compressed(
        self, name: str, coding: str, content: Document | FileResource, time: int, *, recorded_size: int
    ) -> int:
        """Write a file's compressed variant in a coding if its bytes changed, or remove it; return its size in bytes, or 0.

        There is no variant if the coding is not among those of the writer, if only the host reads the file, if the variant's
        name would be too long, if `content` is a FileResource, or if the coding does not make the document smaller. Then a file
        with the variant's name is removed unless `recorded_size` is 0: the recorded size of the variant, 0 if feedsvc wrote
        none, -1 if unknown. `time` is the file's, in nanoseconds since 1970; the variant gets it.
        """
        is_wanted = coding in self._codings and name not in _HOST_FILES and _can_have_name(name + COMPRESSED_SUFFIXES[coding])
        variant = content.encode(coding) if is_wanted and isinstance(content, Document) else b""
        if variant:
            self._put_compressed(name + COMPRESSED_SUFFIXES[coding], variant, time)
        elif recorded_size and not self._is_vacant(name):
            self.remove(name + COMPRESSED_SUFFIXES[coding])
        return len(variant)

    def _put_compressed(self, name: str, data: bytes, time: int) -> None:
        """Write a compressed variant if its bytes changed, and set its time to `time`, that of its document, if it differs.

        A server may ignore a variant that is older than the document.
        """
        if not self._has_bytes(name, data):
            self._replace(name, data, time)
        elif os.stat(name, dir_fd=self._root).st_mtime_ns != time:
            os.utime(name, ns=(time, time), dir_fd=self._root)

    def _has_bytes(self, name: str, content: Document | FileResource | bytes) -> bool:
        return not self._is_vacant(name) and self.is_same(name, content)

    def is_same(self, name: str, content: Document | FileResource | bytes) -> bool:
        """Return whether a regular file, written by feedsvc or of other origin, has this name and the bytes of `content`."""
        try:
            with open(os.open(name, READ_FLAGS, dir_fd=self._root), "rb", buffering=0) as file:
                status = os.fstat(file.fileno())
                return stat.S_ISREG(status.st_mode) and _has_same_bytes(file, status.st_size, content)
        except FileNotFoundError:
            return False
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO, errno.EISDIR):  # a link; a pipe; a folder
                return False
            raise

    def _replace(self, name: str, content: Document | FileResource | bytes, time: int | None) -> os.stat_result:
        """Replace a file atomically, or create it with its folders: readers see the old bytes or the new ones.

        `time` is the file's modification time in nanoseconds since 1970; None stands for the current time. Return the status of
        the new file before `time` was set.

        `open_replacement` in support/atomic_write.py is for single files: it knows no folder descriptor, and takes twice as
        long.
        """
        folder = name.rpartition("/")[0]
        self._make_folder(folder)
        # Use the file's own folder: file systems would place files of a common folder for temporary files far away on the disk.
        temporary = f"{folder or '.'}/{TEMPORARY_PREFIX}{os.getpid()}"
        descriptor = self._open_temporary(temporary, folder)
        try:
            try:
                write_bytes(descriptor, content)
                status = os.fstat(descriptor)
                if status.st_mode & 0o777 != _MODE:
                    os.fchmod(descriptor, _MODE)
                if time is not None:
                    os.utime(descriptor, ns=(time, time))
            finally:
                os.close(descriptor)
            os.replace(temporary, name, src_dir_fd=self._root, dst_dir_fd=self._root)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=self._root)
            raise
        return status

    def _open_temporary(self, name: str, folder: str) -> int:
        try:
            return os.open(name, _CREATE_FLAGS, _MODE, dir_fd=self._root)
        except FileNotFoundError:  # the folder was removed meanwhile
            self._folders = {""}
            self._make_folder(folder)
            return os.open(name, _CREATE_FLAGS, _MODE, dir_fd=self._root)

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
        """Remove a file and then each of its folders that is empty, the innermost first. Return whether a file was removed.

        A folder of that name stays.
        """
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
        """Yield the folders of these file names that are symbolic links, each once.

        Exhaust the iterator before a call of `put` or `cached_status`: it also stores which folders are missing, and these two
        methods use that.
        """
        self._vacant_folders = set()
        visited = {""}
        for name in names:
            yield from self._linked_parents(name.rpartition("/")[0], visited)

    def _linked_parents(self, folder: str, visited: set[str]) -> Iterator[str]:
        if folder in visited:
            return
        visited.add(folder)
        parent = folder.rpartition("/")[0]
        yield from self._linked_parents(parent, visited)
        if self._is_vacant(folder):
            return
        status = self.status(folder)
        if status is None:
            self._vacant_folders.add(folder)
        elif stat.S_ISLNK(status.st_mode):
            yield folder

    def remove_temporary_files(self, names: Iterable[str] = ()) -> None:
        """Delete temporary files that killed builds left in the output folder and in the folders of the files `names`.

        `names` are relative to the output folder. Missing folders are skipped.
        """
        for folder in {".", *(name.rpartition("/")[0] or "." for name in names)}:
            with suppress(FileNotFoundError, NotADirectoryError):
                descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=self._root)
                try:
                    for entry in os.listdir(descriptor):
                        if entry.startswith(TEMPORARY_PREFIX):
                            os.unlink(entry, dir_fd=descriptor)
                finally:
                    os.close(descriptor)


def _can_have_name(name: str) -> bool:
    return len(os.fsencode(name.rpartition("/")[2])) <= _NAME_MAX


def _has_same_bytes(file: FileIO, size: int, content: Document | FileResource | bytes) -> bool:
    """Return whether a file of `size` bytes, open at its start, has the bytes of `content`.

    Raises OSError, and FeedsvcError if the file of a FileResource cannot be opened or cleaned of metadata.
    """
    if isinstance(content, FileResource):
        with _open_source(content.location, is_cleaned=content.is_cleaned) as source:
            return size == _length_of(source) and _is_rest_equal(file, source)
    body = content.body if isinstance(content, Document) else content
    return size == len(body) and file.read() == body


def _is_rest_equal(file: FileIO, source: BufferedReader) -> bool:
    while block := file.read(_BLOCK_SIZE):
        if block != source.read(len(block)):
            return False
    return True


def write_bytes(descriptor: int, content: Document | FileResource | bytes) -> None:
    """Write the bytes of `content` to a descriptor, and do not close it.

    Raises OSError. Raises FeedsvcError if the file of a FileResource cannot be opened or cleaned of metadata, or if an image to
    clean becomes shorter meanwhile.
    """
    if isinstance(content, FileResource):
        _copy(descriptor, content)
        return
    rest = memoryview(content.body if isinstance(content, Document) else content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _copy(descriptor: int, resource: FileResource) -> None:
    """Copy the file of a FileResource to a descriptor; without its metadata if it is an image to clean.

    Raises OSError. Raises FeedsvcError if the file cannot be opened or cleaned, or if an image to clean has become shorter
    since it was opened.
    """
    with (
        _open_source(resource.location, is_cleaned=resource.is_cleaned) as source,
        open(descriptor, "wb", buffering=0, closefd=False) as file,
    ):
        length = _length_of(source)
        shutil.copyfileobj(source, file, _BLOCK_SIZE)
        if resource.is_cleaned and source.tell() != length:
            raise FeedsvcError(f"{resource.location} was written to while it was copied; build again")


def _open_source(location: str, *, is_cleaned: bool) -> BufferedReader:
    """Open a file for reading; with `is_cleaned`, an image as if it had no metadata.

    Raises FeedsvcError, which advises to build again, if the file cannot be opened or cleaned, mostly because the content
    changed during the build.
    """
    try:
        return open_clean(location) if is_cleaned else open_file(location)
    except OSError as error:
        raise FeedsvcError(f"{location} cannot be read ({error.strerror}); build again") from None
    except UncleanableError as error:
        raise FeedsvcError(f"{location} is damaged ({error}); build again") from None


def _length_of(source: BufferedReader) -> int:
    """Return the number of bytes of an open file, and move its position to the first byte."""
    length = source.seek(0, os.SEEK_END)
    source.seek(0)
    return length
