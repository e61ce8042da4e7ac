"""Pictures that wait for their narrower copies in a serving process, and the threads that have them made."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from feedsvc.content.images.decoder_pool import Child
from feedsvc.model import MediaFile

_LOG: Final = logging.getLogger(__name__)
_THREADS: Final = 2  # a small picture does not wait for a large one
_MOST: Final = 1000  # pictures that wait
_IDLE: Final = 10.0  # seconds until a child without work is ended

Work = Callable[[Child, MediaFile, str], None]


class CopyQueue:
    """Calls `work` for each picture once, in threads with a child process each; neither lives while there is nothing to do."""

    def __init__(self, work: Work, done: Callable[[str], None], locks: str) -> None:
        """`done` is called with a picture's digest once it can be put again."""
        self._work, self._done, self._locks = work, done, locks
        self._changed = threading.Condition()
        self._waiting: deque[tuple[MediaFile, str]] = deque()
        self._digests: set[str] = set()  # of pictures that wait or are at work
        self._threads, self._idle = 0, 0

    def put(self, media: MediaFile, digest: str) -> bool:
        """Add a picture, if it is not there yet. Return False if too many wait."""
        with self._changed:
            if digest in self._digests:
                return True
            if len(self._waiting) >= _MOST:
                return False
            self._digests.add(digest)
            self._waiting.append((media, digest))
            if self._threads < _THREADS and self._idle < len(self._waiting):
                try:
                    threading.Thread(target=self._run, name="copies", daemon=True).start()
                except RuntimeError:  # the system starts no more threads
                    self._waiting.pop()
                    self._digests.discard(digest)
                    return False
                self._threads += 1
            self._changed.notify()
            return True

    def _run(self) -> None:
        with Child(self._locks) as child:
            while (following := self._following()) is not None:
                media, digest = following
                try:
                    self._work(child, media, digest)
                except Exception:  # noqa: BLE001 - whatever it is, the thread goes on with the next picture
                    _LOG.exception("the narrower copies of %s could not be made", media.path)
                finally:
                    with self._changed:
                        self._digests.discard(digest)
                    self._done(digest)

    def _following(self) -> tuple[MediaFile, str] | None:
        """The picture whose turn it is; None after a while without any."""
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._waiting, _IDLE)
            self._idle -= 1
            if self._waiting:
                return self._waiting.popleft()
            self._threads -= 1
            return None
