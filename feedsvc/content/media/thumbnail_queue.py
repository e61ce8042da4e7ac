"""Queue of images whose variants a serving process has to make, and its worker threads."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from feedsvc.content.images import DecoderProcess
from feedsvc.model import MediaFile

_LOG: Final = logging.getLogger(__name__)
_THREADS: Final = 2  # so that a small image does not wait for a large one
_MAX_WAITING: Final = 1000  # images
_IDLE_TIMEOUT: Final = 10.0  # seconds until a thread without work ends with its child process

Work = Callable[[DecoderProcess, MediaFile, str], None]


class VariantQueue:
    """Queue that calls `work` for each image, in up to two threads, each with a child process.

    A thread without work for ten seconds ends with its child process. A later image starts a new one.
    """

    def __init__(self, work: Work, on_done: Callable[[str], None], lock_path: str) -> None:
        """Start empty. `work` is called with a child process, an image and its digest; after it, even if it fails, `on_done`.

        `on_done` gets the digest; then the image can be put again. `lock_path` is the lock file for DecoderProcess.
        """
        self._work, self._on_done, self._lock_path = work, on_done, lock_path
        self._condition = threading.Condition()
        self._waiting: deque[tuple[MediaFile, str]] = deque()
        self._digests: set[str] = set()  # of images that wait or are being processed
        self._thread_count, self._idle_count, self._is_closed = 0, 0, False

    def put(self, media: MediaFile, digest: str) -> bool:
        """Add an image, unless one with its digest waits or is being processed.

        Return False if it cannot be added, because 1,000 images wait, no thread can start or the queue is closed. Else return
        True, also for an image that was in the queue already.
        """
        with self._condition:
            if digest in self._digests:
                return True
            if self._is_closed or len(self._waiting) >= _MAX_WAITING:
                return False
            self._digests.add(digest)
            self._waiting.append((media, digest))
            if self._thread_count < _THREADS and self._idle_count < len(self._waiting):
                try:
                    threading.Thread(target=self._run, name="feedsvc-copies", daemon=True).start()
                except RuntimeError:  # the system starts no more threads
                    self._waiting.pop()
                    self._digests.discard(digest)
                    return False
                self._thread_count += 1
            self._condition.notify()
            return True

    def close(self, timeout: float) -> None:
        """Remove the images that wait, and wait at most `timeout` seconds for the threads to finish theirs and end."""
        with self._condition:
            self._is_closed = True
            removed = [digest for _, digest in self._waiting]
            self._waiting.clear()
            self._digests.difference_update(removed)
            self._condition.notify_all()
        for digest in removed:
            self._on_done(digest)
        with self._condition:
            self._condition.wait_for(lambda: not self._thread_count, timeout)

    def _run(self) -> None:
        with DecoderProcess(self._lock_path) as child:
            while (image := self._next_image()) is not None:
                media, digest = image
                try:
                    self._work(child, media, digest)
                except Exception:  # noqa: BLE001 - one image must not end the thread
                    _LOG.exception("the narrower copies of %s could not be made", media.path)
                finally:
                    with self._condition:
                        self._digests.discard(digest)
                    self._on_done(digest)

    def _next_image(self) -> tuple[MediaFile, str] | None:
        """Wait for the next image and return it; None, so that this thread ends, after ten seconds without one or `close`."""
        with self._condition:
            self._idle_count += 1
            self._condition.wait_for(lambda: self._waiting or self._is_closed, _IDLE_TIMEOUT)
            self._idle_count -= 1
            if self._waiting:
                return self._waiting.popleft()
            self._thread_count -= 1
            self._condition.notify_all()
            return None
