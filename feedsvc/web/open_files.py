"""Open files that responses are sent from. Their number is limited, so that descriptors remain for other uses."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from io import BufferedReader, FileIO, RawIOBase

from feedsvc.content.media import CleanFile, CleanPieces

FilePieces = CleanPieces | None  # None: the whole file, unchanged


class OpenFiles:
    """Files that are open for responses, at most `limit`. Thread-safe.

    As a WaitCondition, it calls a callback once, when a file may be opened.
    """

    def __init__(self, limit: int) -> None:
        self._free = limit
        self._lock = threading.Lock()
        # A set in insertion order: the callback that has waited longest comes first.
        self._callbacks: dict[Callable[[], None], None] = {}

    def acquire(self, descriptor: int, pieces: FilePieces = None) -> OpenFile | None:
        """Return a file on a copy of the descriptor, counted until the file is closed; None if `limit` files are open.

        With `pieces`, the file consists of only those pieces. Raises OSError if the descriptor cannot be copied.
        """
        with self._lock:
            if self._free <= 0:
                return None
            self._free -= 1
        try:
            return OpenFile(_raw_file(os.dup(descriptor), pieces), self._release)
        except OSError:
            self._release()
            raise

    def subscribe(self, callback: Callable[[], None]) -> bool:
        """Register a callback and return True. If a file may be opened now, return False without registering it.

        The thread that closes an open file calls the callback, once. `acquire` may still return None then.
        """
        with self._lock:
            if self._free > 0:
                return False
            self._callbacks[callback] = None
            return True

    def unsubscribe(self, callback: Callable[[], None]) -> None:
        with self._lock:
            self._callbacks.pop(callback, None)

    def _release(self) -> None:
        with self._lock:
            self._free += 1
            # One for each free place: the request of an earlier callback may have ended meanwhile.
            callbacks = [callback for callback, _ in zip(self._callbacks, range(self._free), strict=False)]
            for callback in callbacks:
                del self._callbacks[callback]
        for callback in callbacks:
            callback()


class OpenFile(BufferedReader):
    """File that OpenFiles counts until it is closed, by its user or by the garbage collector."""

    def __init__(self, file: RawIOBase, release: Callable[[], None]) -> None:
        self._release: Callable[[], None] | None = release
        super().__init__(file)

    def close(self) -> None:
        release, self._release = self._release, None
        try:
            super().close()
        finally:
            if release is not None:
                release()


def _raw_file(descriptor: int, pieces: FilePieces) -> RawIOBase:
    return FileIO(descriptor, "rb") if pieces is None else CleanFile(descriptor, pieces)


def open_reader(descriptor: int, pieces: FilePieces) -> BufferedReader:
    """Return a file on a copy of the descriptor, only its `pieces` if given. OpenFiles does not count it. Raises OSError."""
    return BufferedReader(_raw_file(os.dup(descriptor), pieces))


def read_part(descriptor: int, start: int, length: int, pieces: FilePieces = None) -> bytes:
    """Return `length` bytes from offset `start` (of `pieces` joined, if given), fewer if the file ends before. Raises OSError."""
    if pieces is not None:
        with open_reader(descriptor, pieces) as file:
            file.seek(start)
            return file.read(length)
    blocks, remaining = [], length
    while remaining and (block := os.pread(descriptor, remaining, start + length - remaining)):
        blocks.append(block)
        remaining -= len(block)
    return blocks[0] if len(blocks) == 1 else b"".join(blocks)
