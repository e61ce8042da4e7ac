"""Reading of media files as they are sent: pictures without their metadata, all others as they are.

Nothing is copied: what is sent of a picture are pieces of its file, found once for each state of the file.
"""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from collections import OrderedDict
from itertools import accumulate
from threading import Lock
from typing import Final, NamedTuple, TypeVar

from feedsvc.content import images
from feedsvc.content.file_signature import Stamp, stamp_of, written
from feedsvc.content.images import cleaning
from feedsvc.content.images.pieces import Piece
from feedsvc.content.safe_open import open_descriptor, open_file

_MOST_KNOWN: Final = 20_000  # files, of most of which there are some hundred bytes to know

_T = TypeVar("_T")
# By location.
_known: Final[OrderedDict[str, Cleaned]] = OrderedDict()
_checked: Final[OrderedDict[str, Stamp]] = OrderedDict()  # pictures that can be cleaned, as long as they have this stamp
_lock: Final = Lock()


class Cleaned(NamedTuple):
    """Pieces of a picture, and the stamp that its file had before they were read."""

    stamp: Stamp
    pieces: tuple[Piece, ...]


class DirtyError(Exception):
    """Metadata of a picture cannot be removed, since its structure is damaged."""


class CleanFile(io.RawIOBase):
    """File that reads the pieces of an open file as one.

    It ends where the open file was written to since the pieces were read: they are not those of the new bytes.
    """

    def __init__(self, descriptor: int, cleaned: Cleaned) -> None:
        """Take over the descriptor, and close it with this file."""
        self._descriptor = -1
        super().__init__()
        self._descriptor, self._pieces = descriptor, cleaned.pieces
        self._starts = [0, *accumulate(piece.length for piece in cleaned.pieces)]
        self._at = 0
        self._written = written(cleaned.stamp)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def fileno(self) -> int:
        raise io.UnsupportedOperation("the file has other bytes than are read")

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = max(0, offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._starts[-1]}[whence])
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read from one piece at most."""
        index = bisect_right(self._starts, self._at) - 1
        if index >= len(self._pieces):
            return 0
        data = self._pieces[index].read(self._descriptor, self._at - self._starts[index], len(buffer))
        if written(stamp_of(os.fstat(self._descriptor))) != self._written:
            return 0
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        super().close()
        if descriptor >= 0:
            os.close(descriptor)


def is_cleaned(media_type: str) -> bool:
    """Return whether files of this type are sent without their metadata."""
    return media_type in images.TYPES


def open_clean(location: str) -> io.BufferedReader:
    """Open a picture to read what is sent of it. Raises OSError; DirtyError if it cannot be cleaned."""
    descriptor = open_descriptor(location)
    try:
        return io.BufferedReader(CleanFile(descriptor, cleaned_of(location, descriptor)))
    except BaseException:
        os.close(descriptor)
        raise


def cleaned_of(location: str, descriptor: int) -> Cleaned:
    """Return the pieces of an open picture; the descriptor stays open. Raises OSError, and DirtyError."""
    stamp = stamp_of(os.fstat(descriptor))
    with _lock:
        known = _known.get(location)
    if known is None or known.stamp != stamp:
        with open(descriptor, "rb", closefd=False) as file:
            try:
                found = tuple(cleaning.clean(file).all)
            except (ValueError, OverflowError, IndexError) as error:
                raise DirtyError(str(error)) from None
        known = Cleaned(stamp, found)
        _remember(_known, location, known)
    return known


def _remember(table: OrderedDict[str, _T], location: str, value: _T) -> None:
    with _lock:
        table[location] = value
        while len(table) > _MOST_KNOWN:
            table.popitem(last=False)


def length(location: str) -> int:
    """Return how many bytes of a picture are sent. Raises OSError, and DirtyError."""
    descriptor = open_descriptor(location)
    try:
        return length_of(cleaned_of(location, descriptor))
    finally:
        os.close(descriptor)


def length_of(cleaned: Cleaned) -> int:
    return sum(piece.length for piece in cleaned.pieces)


def check(location: str) -> None:
    """Raise DirtyError if a picture cannot be cleaned; OSError if it cannot be read.

    A JPEG is not read as a whole, and a picture that passed is read again only once its stamp is another.
    """
    with open_file(location) as file:
        stamp = stamp_of(os.fstat(file.fileno()))
        with _lock:
            is_checked = _checked.get(location) == stamp
        if not is_checked:
            try:
                cleaning.check(file)
            except (ValueError, OverflowError, IndexError) as error:
                raise DirtyError(str(error)) from None
            _remember(_checked, location, stamp)


def is_sendable(location: str, *, is_cleaned: bool) -> bool:
    """Return whether a file can be sent: if it `is_cleaned`, its metadata must be removable.

    True also for a file that cannot be read: reading it for sending reports the error.
    """
    try:
        if is_cleaned:
            check(location)
    except DirtyError:
        return False
    except OSError:
        return True
    return True
