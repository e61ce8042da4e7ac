"""Files below one folder: seen, compared, replaced whole or not at all, removed. Every method raises OSError.

Names are relative to the folder's descriptor, so that nothing is looked up twice and nothing moves under our feet.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from io import BufferedReader, FileIO
from typing import Final

from feedsvc.content.media.clean_file import DirtyError, open_clean
from feedsvc.content.safe_open import open_file
from feedsvc.errors import FeedsvcError
from feedsvc.export.file_table import Note, Notes
from feedsvc.export.layout import TEMPORARY, TWINS
from feedsvc.publication.document import Attachment, Document

_BLOCK: Final = 1024 * 1024
_MODE: Final = 0o644
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_READ: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_NOTHING: Final = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)  # the twin of a long name has no name
_SECOND: Final = 1_000_000_000  # nanoseconds
_ENDS: Final = tuple(TWINS.values())


class Files:
    """The files of a tree. A copy of this process may use a copy of it."""

    def __init__(self, root: int, *, codings: Collection[str]) -> None:
        """A twin in each of these `codings` is put beside each document that is smaller that way."""
        self._root, self._codings = root, codings
        self._folders: set[str] = {""}
        self._bare: set[str] = set()  # folders that were not there when `links` looked, but for those in them

    def status(self, name: str) -> os.stat_result | None:
        """None where there is nothing; a link is what it is."""
        try:
            return os.stat(name, dir_fd=self._root, follow_symlinks=False)
        except OSError as error:
            if error.errno in _NOTHING:
                return None
            raise

    def sought(self, name: str) -> os.stat_result | None:
        """As `status`, for a name that `links` was asked about before."""
        return None if self._is_vacant(name) else self.status(name)

    def _is_vacant(self, name: str) -> bool:
        """Whether nothing was there to compare with."""
        while name := name.rpartition("/")[0]:
            if name in self._bare:
                return True
        return False

    def holds(self, name: str, note: Note) -> bool:
        """Whether a file and its twins are as they were noted."""
        return self._is_as_stated(name, note.size, note.time, note.packed)

    def spoilt(self, notes: Notes) -> frozenset[str]:
        """The names of those that are not as they were noted."""
        return frozenset(name for name, size, time, packed in notes.stated() if not self._is_as_stated(name, size, time, packed))

    def _is_as_stated(self, name: str, size: int, time: int, packed: Sequence[int]) -> bool:
        if not self._has_stated(name, size, time):
            return False
        twins = zip(_ENDS, packed, strict=True)
        return not [end for end, twin in twins if twin and not self._has_stated(name + end, twin, time)]

    def _has_stated(self, name: str, size: int, time: int) -> bool:
        found = self.status(name)
        return found is not None and found.st_size == size and found.st_mtime_ns == time and stat.S_ISREG(found.st_mode)

    def pack(self, found: Document | Attachment) -> None:
        """Make what `put` needs of a document."""
        if isinstance(found, Document):
            for coding in self._codings:
                found.coded(coding)

    def put(self, name: str, found: Document | Attachment, note: Note) -> tuple[bool, Note]:
        """Whether the file's bytes changed, and what is to be noted of it, but for its imprint; `note` is what was."""
        written = not self._has(name, found)
        own = self._renewed(name, found) if written else os.stat(name, dir_fd=self._root, follow_symlinks=False)
        known = zip(TWINS, note.packed, strict=True)
        packed = tuple(self._follow(name, coding, found, own.st_mtime_ns, was=was) for coding, was in known)
        return written, Note("", own.st_size, own.st_mtime_ns, packed)

    def _renewed(self, name: str, found: Document | Attachment) -> os.stat_result:
        """Other bytes have another time even to who counts in seconds, as HTTP and a server's entity tags do."""
        before = self.sought(name)
        now = self._replace(name, found, None)
        if before is None or now.st_mtime_ns // _SECOND > before.st_mtime_ns // _SECOND:
            return now
        next_second = (before.st_mtime_ns // _SECOND + 1) * _SECOND
        os.utime(name, ns=(next_second, next_second), dir_fd=self._root)
        return os.stat(name, dir_fd=self._root, follow_symlinks=False)

    def _follow(self, name: str, coding: str, found: Document | Attachment, time: int, *, was: int) -> int:
        """Give a file its twin in a coding, or take it away; the twin's bytes."""
        twin = found.coded(coding) if coding in self._codings and isinstance(found, Document) else b""
        if twin:
            self._put_twin(name + TWINS[coding], twin, time)
        elif was and not self._is_vacant(name):
            self.remove(name + TWINS[coding])
        return len(twin)

    def _put_twin(self, name: str, data: bytes, time: int) -> None:
        """Of the very time of its document: a server that has both to choose from must not take the one for older."""
        if not self._has(name, data):
            self._replace(name, data, time)
        elif os.stat(name, dir_fd=self._root).st_mtime_ns != time:
            os.utime(name, ns=(time, time), dir_fd=self._root)

    def _has(self, name: str, wanted: Document | Attachment | bytes) -> bool:
        return not self._is_vacant(name) and self.is_same(name, wanted)

    def is_same(self, name: str, wanted: Document | Attachment | bytes) -> bool:
        """Whether a file of ours, or of anybody's, has these bytes already."""
        try:
            with open(os.open(name, _READ, dir_fd=self._root), "rb", buffering=0) as file:
                status = os.fstat(file.fileno())
                return stat.S_ISREG(status.st_mode) and _equals(file, status.st_size, wanted)
        except FileNotFoundError:
            return False
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO):  # a link; a pipe
                return False
            raise

    def _replace(self, name: str, wanted: Document | Attachment | bytes, time: int | None) -> os.stat_result:
        """Whole or not at all: whoever reads the file sees the old bytes or the new ones. What there is to know of it then."""
        folder = name.rpartition("/")[0]
        self._make(folder)
        # In the file's own folder: one for all would lie far from it on the disk.
        new = f"{folder or '.'}/{TEMPORARY}{os.getpid()}"
        descriptor = self._opened(new, folder)
        try:
            try:
                _write(descriptor, wanted)
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

    def _opened(self, new: str, folder: str) -> int:
        try:
            return os.open(new, _NEW, _MODE, dir_fd=self._root)
        except FileNotFoundError:  # somebody removed the folder meanwhile
            self._folders = {""}
            self._make(folder)
            return os.open(new, _NEW, _MODE, dir_fd=self._root)

    def _make(self, folder: str) -> None:
        if folder in self._folders:
            return
        try:
            os.mkdir(folder, dir_fd=self._root)
        except FileExistsError:
            pass
        except FileNotFoundError:
            self._make(folder.rpartition("/")[0])
            self._make(folder)
        self._folders.add(folder)

    def remove(self, name: str) -> bool:
        """A file, and the folders that it leaves empty."""
        try:
            os.unlink(name, dir_fd=self._root)
        except OSError as error:
            if error.errno in (*_NOTHING, errno.EISDIR):
                return False
            raise
        folder = name.rpartition("/")[0]
        with suppress(OSError):
            while folder:
                os.rmdir(folder, dir_fd=self._root)
                self._folders.discard(folder)
                folder = folder.rpartition("/")[0]
        return True

    def links(self, names: Iterable[str]) -> Iterator[str]:
        """The folders of these names that are links. `put` and `sought` go by this look, until there is another one."""
        self._bare = set()
        seen = {""}
        for name in names:
            yield from self._links(name.rpartition("/")[0], seen)

    def _links(self, folder: str, seen: set[str]) -> Iterator[str]:
        if folder in seen:
            return
        seen.add(folder)
        above = folder.rpartition("/")[0]
        yield from self._links(above, seen)
        if self._is_vacant(folder):
            return
        status = self.status(folder)
        if status is None:
            self._bare.add(folder)
        elif stat.S_ISLNK(status.st_mode):
            yield folder

    def sweep(self, names: Iterable[str] = ()) -> None:
        """What builds that were killed left half-written, in the folder itself and beside these names."""
        for folder in {".", *(name.rpartition("/")[0] or "." for name in names)}:
            with suppress(FileNotFoundError, NotADirectoryError):
                descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=self._root)
                try:
                    for left in os.listdir(descriptor):
                        if left.startswith(TEMPORARY):
                            os.unlink(left, dir_fd=descriptor)
                finally:
                    os.close(descriptor)


def _equals(file: FileIO, size: int, wanted: Document | Attachment | bytes) -> bool:
    if isinstance(wanted, Attachment):
        with open_source(wanted.location, is_cleaned=wanted.is_cleaned) as source:
            return size == length_of(source) and _are_same(file, source)
    body = wanted.body if isinstance(wanted, Document) else wanted
    return size == len(body) and file.read() == body


def _are_same(one: FileIO, other: BufferedReader) -> bool:
    while block := one.read(_BLOCK):
        if block != other.read(len(block)):
            return False
    return True


def _write(descriptor: int, wanted: Document | Attachment | bytes) -> None:
    if isinstance(wanted, Attachment):
        _copy(descriptor, wanted)
        return
    rest = memoryview(wanted.body if isinstance(wanted, Document) else wanted)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _copy(descriptor: int, wanted: Attachment) -> None:
    """Copy a file. Raises FeedsvcError if a picture is written to meanwhile: what is read of it ends there."""
    with (
        open_source(wanted.location, is_cleaned=wanted.is_cleaned) as source,
        open(descriptor, "wb", buffering=0, closefd=False) as file,
    ):
        length = length_of(source)
        shutil.copyfileobj(source, file, _BLOCK)
        if wanted.is_cleaned and source.tell() != length:
            raise FeedsvcError(f"{wanted.location} was written to while it was copied; build again")


def open_source(location: str, *, is_cleaned: bool) -> BufferedReader:
    """Open a file that is copied, without a picture's metadata if it `is_cleaned`.

    Raises FeedsvcError if it is no longer there or can no longer be cleaned: the content changed while it was published.
    """
    try:
        return open_clean(location) if is_cleaned else open_file(location)
    except OSError as error:
        raise FeedsvcError(f"{location} cannot be read ({error.strerror}); build again") from None
    except DirtyError as error:
        raise FeedsvcError(f"{location} is damaged ({error}); build again") from None


def length_of(source: BufferedReader) -> int:
    """Return how many bytes there are to copy, and go back to the first."""
    found = source.seek(0, os.SEEK_END)
    source.seek(0)
    return found
