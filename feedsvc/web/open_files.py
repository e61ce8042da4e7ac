"""Files that answers are sent from while they stay open: few enough that no other part runs out of descriptors."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from io import BufferedReader, FileIO, RawIOBase

from feedsvc.content.media.clean_file import Cleaned, CleanFile

Pieces = Cleaned | None  # None: all bytes of a file, as they are


class OpenFiles:
    """Counts such files, `most` at once. An Awaitable: it calls back when one may be opened. Safe in threads."""

    def __init__(self, most: int) -> None:
        self._free = most
        self._lock = threading.Lock()
        # Keys only, the one that has waited longest first.
        self._callbacks: dict[Callable[[], None], None] = {}

    def hold(self, descriptor: int, pieces: Pieces = None) -> HeldFile | None:
        """Return a file on a copy of the descriptor, which is counted until it is closed; None if too many are open.

        Of `pieces` only, if there are any. Raises OSError if the descriptor cannot be copied.
        """
        with self._lock:
            if self._free <= 0:
                return None
            self._free -= 1
        try:
            return HeldFile(_file(os.dup(descriptor), pieces), self._release)
        except OSError:
            self._release()
            raise

    def subscribe(self, callback: Callable[[], None]) -> bool:
        """Call `callback` once when a file was closed. Return False if one may be opened now."""
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
            # As many as there is room for: one that was called before may have gone meanwhile.
            due = [callback for callback, _ in zip(self._callbacks, range(self._free), strict=False)]
            for callback in due:
                del self._callbacks[callback]
        for callback in due:
            callback()


class HeldFile(BufferedReader):
    """A file that is counted as open until it is closed, by whoever closes it, the garbage collector included."""

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


def _file(descriptor: int, pieces: Pieces) -> RawIOBase:
    return FileIO(descriptor, "rb") if pieces is None else CleanFile(descriptor, pieces)


def reader(descriptor: int, pieces: Pieces) -> BufferedReader:
    """Return a file on a copy of the descriptor, of the pieces only if there are any. Raises OSError."""
    return BufferedReader(_file(os.dup(descriptor), pieces))


def read_part(descriptor: int, start: int, length: int, pieces: Pieces = None) -> bytes:
    """Return `length` bytes from `start`; fewer only where the file ends before. Raises OSError."""
    if pieces is not None:
        with reader(descriptor, pieces) as file:
            file.seek(start)
            return file.read(length)
    parts, left = [], length
    while left and (part := os.pread(descriptor, left, start + length - left)):
        parts.append(part)
        left -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
