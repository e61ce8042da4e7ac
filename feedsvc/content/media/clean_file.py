"""Images without their metadata, as clients receive them. All other media files are sent unchanged.

No cleaned copy is written. An image is sent as pieces of its file. The list of pieces is computed once for each signature.
"Clean" means without metadata, except orientation, ICC profile and rights.
"""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from itertools import accumulate
from typing import Final, NamedTuple

from feedsvc.content import images
from feedsvc.content.file_signature import FileSignature, signature_of, size_and_mtime
from feedsvc.content.images import MetadataError, Piece, check_removable_metadata, find_clean_pieces
from feedsvc.content.safe_open import open_descriptor, open_file
from feedsvc.support.bounded_cache import BoundedCache

_MAX_CACHED_FILES: Final = 20_000  # entries of each cache; most have some hundred bytes

# Keys of both caches are locations. `_cleanable_cache` has the signature of an image at its last successful check.
_pieces_cache: Final[BoundedCache[str, CleanPieces]] = BoundedCache(_MAX_CACHED_FILES)
_cleanable_cache: Final[BoundedCache[str, FileSignature]] = BoundedCache(_MAX_CACHED_FILES)


class CleanPieces(NamedTuple):
    """Pieces that form an image without its metadata, and the signature that its file had before they were computed."""

    signature: FileSignature
    pieces: tuple[Piece, ...]


class UncleanableError(Exception):
    """Raised if metadata cannot be removed from an image, because it is damaged, too complex or of no known format.

    `is_intact`: it is an AVIF, of which no metadata is removed, and has some.
    """

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.is_intact = isinstance(reason, MetadataError)


class CleanFile(io.RawIOBase):
    """Read-only, seekable file of an image without its metadata: its pieces (`Piece`), one after another.

    Pieces are ranges of the open image file, new bytes or zeros. Reading ends early, without an error, if the image file was
    changed after the pieces were computed, because the pieces do not fit the new bytes.
    """

    def __init__(self, descriptor: int, cleaned: CleanPieces) -> None:
        """Take ownership of the descriptor of the open image file: closing this file closes it."""
        self._descriptor = -1
        super().__init__()
        self._descriptor, self._pieces = descriptor, cleaned.pieces
        self._starts = [0, *accumulate(piece.length for piece in cleaned.pieces)]
        self._position = 0
        self._size_and_mtime = size_and_mtime(cleaned.signature)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def fileno(self) -> int:
        raise io.UnsupportedOperation("the file has other bytes than are read")

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._position = max(0, offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._starts[-1]}[whence])
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read into the buffer from at most one piece. Return the number of bytes; 0 at the end, or if the file changed."""
        index = bisect_right(self._starts, self._position) - 1
        if index >= len(self._pieces):
            return 0
        data = self._pieces[index].read(self._descriptor, self._position - self._starts[index], len(buffer))
        if size_and_mtime(signature_of(os.fstat(self._descriptor))) != self._size_and_mtime:
            return 0
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        super().close()
        if descriptor >= 0:
            os.close(descriptor)


def is_cleaned_type(media_type: str) -> bool:
    """Return whether files of this media type are sent without their metadata, unless the site keeps metadata.

    These types are JPEG, PNG, GIF, WebP and AVIF.
    """
    return media_type in images.IMAGE_TYPES


def open_clean(location: str) -> io.BufferedReader:
    """Open an image to read it without its metadata. `location` is its absolute path, as `MediaFile.location`.

    Reading ends early, without an error, if the file is changed after it was opened. Raises OSError if it cannot be opened or
    read, UncleanableError if its metadata cannot be removed.
    """
    descriptor = open_descriptor(location)
    try:
        return io.BufferedReader(CleanFile(descriptor, clean_pieces(location, descriptor)))
    except BaseException:
        os.close(descriptor)
        raise


def clean_pieces(location: str, descriptor: int) -> CleanPieces:
    """Return the pieces that form an image without its metadata. `descriptor` is that of its open file, and stays open.

    The position in the file may change. `location`, the absolute path, is the key of the cached pieces, which are computed
    again if the file's signature changed. Raises OSError, or UncleanableError if metadata cannot be removed.
    """
    signature = signature_of(os.fstat(descriptor))
    cleaned = _pieces_cache.get(location)
    if cleaned is None or cleaned.signature != signature:
        with open(descriptor, "rb", closefd=False) as file:
            try:
                pieces = tuple(find_clean_pieces(file).items)
            except (ValueError, OverflowError, IndexError) as error:
                raise UncleanableError(error) from None
        cleaned = CleanPieces(signature, pieces)
        _pieces_cache.put(location, cleaned)
    return cleaned


def clean_length(location: str) -> int:
    """Return the size in bytes of the image at an absolute path without its metadata. Raises OSError or UncleanableError."""
    descriptor = open_descriptor(location)
    try:
        return pieces_length(clean_pieces(location, descriptor))
    finally:
        os.close(descriptor)


def pieces_length(cleaned: CleanPieces) -> int:
    return sum(piece.length for piece in cleaned.pieces)


def check_cleanable(location: str) -> None:
    """Raise UncleanableError if metadata cannot be removed from an image, OSError if it cannot be read.

    A JPEG is read only in part. An image that passed is not read again until its signature changes.
    """
    with open_file(location) as file:
        signature = signature_of(os.fstat(file.fileno()))
        if _cleanable_cache.get(location) != signature:
            try:
                check_removable_metadata(file)
            except (ValueError, OverflowError, IndexError) as error:
                raise UncleanableError(error) from None
            _cleanable_cache.put(location, signature)


def is_sendable(location: str, *, is_cleaned: bool) -> bool:
    """Return False only for an image whose metadata must be removed (`is_cleaned`) and cannot be.

    Pass `is_cleaned` only for an image. Return True for an unreadable or missing file, too: the error is reported when the file
    is read for sending.
    """
    try:
        if is_cleaned:
            check_cleanable(location)
    except UncleanableError:
        return False
    except OSError:
        return True
    return True
