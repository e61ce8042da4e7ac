"""Narrower copies of pictures, for srcset: what a phone loads instead of the original.

Made on first need, a copy is kept by the content of its source; an operator who deletes the folder loses only the time to
make them again.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Final

from feedsvc.content.images.decoder_pool import ChangedError, Child, LostError, UndecodableError, UsedError
from feedsvc.content.images.decoder_process import Request
from feedsvc.content.media.image_facts import FOR_EVER, RenditionError, claimed, digest, facts, failed, opened
from feedsvc.content.media.thumbnail_failures import CopyFailures, Failure
from feedsvc.content.media.thumbnail_queue import CopyQueue
from feedsvc.content.media.thumbnail_store import RECIPE, CopyStore
from feedsvc.errors import Problem
from feedsvc.model import MediaFile
from feedsvc.support.alerts import Troubles, unwritable
from feedsvc.support.completion import Completion
from feedsvc.support.file_descriptors import is_exhausted

_NAME: Final = "pictures"
_TRIES: Final = 2  # where a new child ends for no fault of the picture
_TURNS: Final = 16
_PAUSE: Final = 30.0  # seconds until a copy is made again that could not be written
_FAILURES: Final = "failures"


class Renditions:
    """The copies kept in one folder; safe in threads and between processes that share it."""

    def __init__(self, folder: Path, troubles: Troubles | None = None, *, once: bool = False) -> None:
        """`once` is for a process that needs each copy now: it keeps elsewhere what the folder does not take, until it ends."""
        self._store, self._troubles = CopyStore(folder), troubles or Troubles()
        self._spare: CopyStore | None = None
        self._once = once
        self._failures = CopyFailures(folder / _FAILURES, RECIPE)
        failed.update({failure.digest: failure.until for failure in self._failures.now()})
        self._locks = str(folder / ".megapixels")
        self._queue = CopyQueue(self._make, self._wake, self._locks)
        self._turns = tuple(threading.Lock() for _ in range(_TURNS))
        self._lock = threading.Lock()
        self._awaited: dict[tuple[str, int], Completion] = {}
        self._unkept: dict[str, tuple[str, float]] = {}  # digest -> why copies are not there, and until when
        self.on_failure: Callable[[], None] = lambda: None

    def find(self, media: MediaFile, digest: str, width: int) -> Path | None:
        """The copy, `width` pixels wide, of the picture whose bytes have this digest; None if it is still to be made.

        Raises RenditionError for a width that it has not, for a picture that moves, is damaged, gone or does not have these
        bytes (even where a copy of such bytes is still kept), if it was tried in vain, and if the disk did not take it.
        """
        known = claimed(media, digest)
        if width not in dict(known.sizes):
            raise RenditionError(f"'{media.path}' has no copy {width} pixels wide")
        found = self._found(digest, width)
        if found:
            return found
        if failure := self._failure(digest):
            raise RenditionError(f"'{media.path}' {failure.reason}")
        reason, until = self._unkept.get(digest, ("", 0.0))
        if until > time.monotonic():
            raise RenditionError(reason)
        return None

    def file(self, media: MediaFile, digest: str, width: int) -> Path:
        """As `find`, but made now if it is not there yet."""
        self._unkept.pop(digest, None)  # the caller asks but once
        found = self.find(media, digest, width)
        if found:
            return found
        with self._turns[hash(digest) % _TURNS]:  # nothing is made twice at once
            if not self.find(media, digest, width):
                with Child(self._locks) as child:
                    self._make(child, media, digest)
        found = self.find(media, digest, width)
        if found is None:
            raise RenditionError(f"'{media.path}' was changed meanwhile")
        return found

    def order(self, media: MediaFile, digest: str, width: int) -> Completion | None:
        """Have the copy made that `find` did not find, by another thread; complete once it is worth another look.

        None if too many pictures wait.
        """
        with self._lock:
            awaited = self._awaited.setdefault((digest, width), Completion())
        if self._queue.put(media, digest):
            return awaited
        self._complete([(digest, width)])
        return None

    def make(self, pictures: Sequence[tuple[MediaFile, str]], processes: int) -> Iterator[int]:
        """Make what is missing of the copies of pictures with their digests, in so many processes at once.

        Yields 1 for each picture that is done. What cannot be made or written is found out by `file`.
        """
        children = [Child(self._locks) for _ in range(max(1, min(processes, len(pictures))))]
        free = list(children)

        def work(picture: tuple[MediaFile, str]) -> int:
            child = free.pop()
            try:
                self._make(child, *picture)
            finally:
                free.append(child)
            return 1

        threads = ThreadPoolExecutor(len(children))
        try:
            yield from threads.map(work, pictures)
        finally:
            threads.shutdown(cancel_futures=True)
            for child in children:
                child.close()

    def lacks(self, media: MediaFile, digest: str) -> bool:
        """Return whether copies of a picture are still to be made."""
        return any(self._found(digest, width) is None for width, _ in facts(media).sizes) and not self._failure(digest)

    def problems(self, media: Mapping[str, MediaFile]) -> tuple[Problem, ...]:
        """Return what kept copies of these files, by their paths, from being made."""
        return tuple(sorted(_problem(failure) for failure in self._failures.now() if _has(media.get(failure.path), failure)))

    def sweep(self, keep: Iterable[str]) -> int:
        """See `CopyStore.sweep`."""
        return self._store.sweep(keep)

    def _failure(self, digest: str) -> Failure | None:
        failure = self._failures.look(digest)
        if failure is None:
            failed.pop(digest, None)  # it may be tried again
        elif digest not in failed:
            self._note(failure)
        return failure

    def _note(self, failure: Failure) -> None:
        failed[failure.digest] = failure.until
        self.on_failure()

    def _make(self, child: Child, media: MediaFile, digest: str) -> None:
        """Make and keep what is missing of a picture's copies; remember what cannot be made."""
        try:
            self._tried(child, media, digest)
        except UndecodableError as error:
            self._note(self._failures.put(digest, media.path, str(error)))
        except LostError as error:
            self._postpone(media, digest, str(error))
        except ChangedError:
            self._unkept[digest] = f"'{media.path}' was changed meanwhile", time.monotonic()
        except (RenditionError, OSError) as error:
            self._unkept[digest] = str(error), time.monotonic() + (0 if is_exhausted(error) else _PAUSE)
            if self._once:
                self._postpone(media, digest, str(error))

    def _postpone(self, media: MediaFile, digest: str, reason: str) -> None:
        self._note(self._failures.postpone(digest, media.path, f"has no narrower copies for now ({reason})"))

    def _tried(self, child: Child, media: MediaFile, digest: str) -> None:
        left = _TRIES
        while True:
            try:
                return self._try(child, media, digest)
            except UsedError:  # the next child is new
                continue
            except LostError:
                left -= 1
                if not left:
                    raise

    def _try(self, child: Child, media: MediaFile, digest: str) -> None:
        known = claimed(media, digest)

        def is_wanted() -> bool:
            return any(self._found(digest, width) is None for width, _ in known.sizes)

        with opened(media) as file, closing(child.copies(file, Request(digest, known.sizes), is_wanted)) as copies:
            for width, data in copies:
                self._keep(digest, width, data)
                self._complete([(digest, width)])

    def _wake(self, digest: str) -> None:
        self._complete([key for key in list(self._awaited) if key[0] == digest])

    def _complete(self, keys: Iterable[tuple[str, int]]) -> None:
        with self._lock:
            done = [self._awaited.pop(key, None) for key in keys]
        for completion in done:
            if completion:
                completion.complete()

    def _found(self, digest: str, width: int) -> Path | None:
        return self._store.find(digest, width) or (self._spare.find(digest, width) if self._spare else None)

    def _keep(self, digest: str, width: int, data: bytes) -> None:
        try:
            self._store.put(digest, width, data)
        except RenditionError as error:
            if self._once:
                return self._kept_elsewhere().put(digest, width, data)
            sentence = unwritable("narrower pictures", self._store.folder, error, "the pictures themselves are sent instead")
            self._troubles.come(_NAME, sentence, f"narrower pictures are written to {self._store.folder} again")
            raise
        return self._troubles.end(_NAME)

    def _kept_elsewhere(self) -> CopyStore:
        with self._lock:
            if self._spare is None:
                self._elsewhere = tempfile.TemporaryDirectory(prefix="feedsvc-pictures-")  # removed when this process ends
                self._spare = CopyStore(Path(self._elsewhere.name))
            return self._spare


def _problem(failure: Failure) -> Problem:
    hint = "pages show the picture itself; save it anew with an image editor, or with fewer pixels"
    if failure.until < FOR_EVER:
        hint = "pages show the picture itself, and it is tried again later"
    return Problem(path=failure.path, message=f"'{failure.path}' {failure.reason}", hint=hint, severity="warning")


def _has(media: MediaFile | None, failure: Failure) -> bool:
    """Return whether a file still has the bytes that failed."""
    try:
        return media is not None and digest(media) == failure.digest
    except OSError:
        return False
