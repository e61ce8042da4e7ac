"""Image variants: narrower copies of images for srcset, which phones load instead of the original.

A variant is made when it is first requested, and stored under the digest of its source. If an operator deletes the folder, the
variants are made again.
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

from feedsvc.content.images import (
    DecodeRequest,
    DecoderLostError,
    DecoderProcess,
    ImageChangedError,
    ReusedDecoderError,
    UndecodableError,
)
from feedsvc.content.media.image_facts import (
    FOREVER,
    VariantError,
    digest_of,
    facts_of,
    open_media,
    undecodable_until,
    verified_facts,
)
from feedsvc.content.media.thumbnail_failures import VariantFailure, VariantFailures
from feedsvc.content.media.thumbnail_queue import VariantQueue
from feedsvc.content.media.thumbnail_store import VARIANT_VERSION, VariantFolder
from feedsvc.errors import Problem
from feedsvc.model import MediaFile
from feedsvc.support.alerts import Alerts, unwritable_message
from feedsvc.support.completion import Completion
from feedsvc.support.file_descriptors import is_exhausted

_ALERT_NAME: Final = "pictures"
_MAX_TRIES: Final = 2  # attempts if a new child process ends for a reason other than the image
_LOCK_COUNT: Final = 16
_CLOSE_TIMEOUT: Final = 5.0  # seconds
_RETRY_DELAY: Final = 30.0  # seconds until another attempt if a variant could not be written
_FAILURES_FOLDER: Final = "failures"


class VariantStore:
    """Variants in one folder, made when needed. Threads may share the object, and processes may share the folder.

    `on_failure`, which the caller may set, is called in any thread after each new failure that `problems` can report.
    """

    def __init__(self, folder: Path, alerts: Alerts | None = None, *, is_one_shot: bool = False) -> None:
        """Load the stored failures from the folder. `alerts` gets an alert while variants cannot be written there.

        If `is_one_shot` (`build`), there is no alert: variants that cannot be written go to a temporary folder of this process.
        """
        self._store, self._alerts = VariantFolder(folder), alerts or Alerts()
        self._fallback: VariantFolder | None = None
        self._is_one_shot = is_one_shot
        self._failures = VariantFailures(folder / _FAILURES_FOLDER, VARIANT_VERSION)
        undecodable_until.update({failure.digest: failure.until for failure in self._failures.active()})
        self._lock_path = str(folder / ".megapixels")
        self._queue = VariantQueue(self._make_variants, self._complete_all, self._lock_path)
        self._digest_locks = tuple(threading.Lock() for _ in range(_LOCK_COUNT))
        self._lock = threading.Lock()
        self._completions: dict[tuple[str, int], Completion] = {}
        # Digest -> reason, and time (time.monotonic) from which on another attempt is due.
        self._write_errors: dict[str, tuple[str, float]] = {}
        self.on_failure: Callable[[], None] = lambda: None

    def find(self, media: MediaFile, digest: str, width: int) -> Path | None:
        """Return the path of the variant `width` pixels wide of the image with this digest, None if it is not made yet.

        Raises VariantError if the image has no variant of this width, for example because it is animated, damaged or missing,
        or if making or writing the variant failed and another attempt is not due yet. Also raises it if the image has another
        digest now, even if a variant of this digest is still stored. Raises OSError if this process has too many open files.
        """
        facts = verified_facts(media, digest)
        if width not in dict(facts.sizes):
            raise VariantError(f"'{media.path}' has no copy {width} pixels wide")
        path = self._find_stored(digest, width)
        if path:
            return path
        if failure := self._failure(digest):
            raise VariantError(f"'{media.path}' {failure.reason}")
        reason, until = self._write_errors.get(digest, ("", 0.0))
        if until > time.monotonic():
            raise VariantError(reason)
        return None

    def get_or_make(self, media: MediaFile, digest: str, width: int) -> Path:
        """Return the path of the variant `width` pixels wide of an image. If it is missing, first make all missing ones.

        `digest` is that of the image. Raises VariantError if the image has no such variant, has another digest now, cannot be
        decoded, or failed to be decoded before and no other attempt is due yet, or if the variant cannot be written. After an
        earlier failure to write, it is tried again at once. Raises OSError if this process has too many open files.
        """
        self._write_errors.pop(digest, None)  # the caller does not retry later
        path = self.find(media, digest, width)
        if path:
            return path
        with self._digest_locks[hash(digest) % _LOCK_COUNT]:  # two threads must not make the same variants
            if not self.find(media, digest, width):
                with DecoderProcess(self._lock_path) as child:
                    self._make_variants(child, media, digest)
        path = self.find(media, digest, width)
        if path is None:
            raise VariantError(f"'{media.path}' was changed meanwhile")
        return path

    def request(self, media: MediaFile, digest: str, width: int) -> Completion | None:
        """Queue the making of a variant that `find` did not find. Another thread makes it with all missing ones of its image.

        Return a Completion after which the caller shall call `find` again; it completes after a failure, too. Return None if the
        queue is full or no thread can start.
        """
        with self._lock:
            completion = self._completions.setdefault((digest, width), Completion())
        if self._queue.put(media, digest):
            return completion
        self._complete([(digest, width)])
        return None

    def make_missing(self, images: Sequence[tuple[MediaFile, str]], processes: int) -> Iterator[int]:
        """Make the missing variants of `images` (image and its digest) in up to `processes` child processes.

        Yield 1 for each finished image, in the given order. Failures are recorded, not raised; a later `find` raises them.
        """
        children = [DecoderProcess(self._lock_path) for _ in range(max(1, min(processes, len(images))))]
        idle_children = list(children)

        def work(image: tuple[MediaFile, str]) -> int:
            child = idle_children.pop()
            try:
                self._make_variants(child, *image)
            finally:
                idle_children.append(child)
            return 1

        threads = ThreadPoolExecutor(len(children), "feedsvc-copies")
        try:
            yield from threads.map(work, images)
        finally:
            threads.shutdown(cancel_futures=True)
            for child in children:
                child.close()

    def lacks_variants(self, media: MediaFile, digest: str) -> bool:
        """Return whether variants of an image are missing and may be made now; False for an image that can have none.

        They may not while a failure to make them lasts, as after an attempt to decode the image; failures to write do not
        count. `digest` is that of the image. Raises OSError if the image cannot be read.
        """
        return any(self._find_stored(digest, width) is None for width, _ in facts_of(media).sizes) and not self._failure(digest)

    def problems(self, media: Mapping[str, MediaFile]) -> tuple[Problem, ...]:
        """Return a warning for each file in `media` (files by path) of whose present bytes no variants can be made, sorted.

        Failures that last until the bytes change have one, and other failures for ten minutes. Failures to write have none,
        except with `is_one_shot`.
        """
        return tuple(
            sorted(
                _problem(failure) for failure in self._failures.active() if _has_failed_bytes(media.get(failure.path), failure)
            )
        )

    def sweep(self, digests: Iterable[str]) -> int:
        """Remove variants of images whose digests are not in `digests`, and all that another VARIANT_VERSION has made.

        Temporary files of killed writers are removed, too. Return the number of removed files. While another thread or process
        writes, remove nothing and return 0. Raises VariantError on an OSError.
        """
        return self._store.sweep(digests)

    def close(self) -> None:
        """Make no further requested variants, and wait a few seconds until those that are being made are stored.

        After it, this object writes nothing into its folder unless such a variant takes longer.
        """
        self._queue.close(_CLOSE_TIMEOUT)

    def _failure(self, digest: str) -> VariantFailure | None:
        failure = self._failures.load(digest)
        if failure is None:
            undecodable_until.pop(digest, None)  # expired, so it may be tried again
        elif digest not in undecodable_until:
            self._record_failure(failure)
        return failure

    def _record_failure(self, failure: VariantFailure) -> None:
        undecodable_until[failure.digest] = failure.until
        self.on_failure()

    def _make_variants(self, child: DecoderProcess, media: MediaFile, digest: str) -> None:
        """Make and store an image's missing variants. Record failures instead of raising them."""
        try:
            self._make_with_retries(child, media, digest)
        except UndecodableError as error:
            self._record_failure(self._failures.put(digest, media.path, str(error)))
        except DecoderLostError as error:
            self._postpone(media, digest, str(error))
        except ImageChangedError:
            self._write_errors[digest] = f"'{media.path}' was changed meanwhile", time.monotonic()
        except (VariantError, OSError) as error:
            self._write_errors[digest] = str(error), time.monotonic() + (0 if is_exhausted(error) else _RETRY_DELAY)
            if self._is_one_shot:
                self._postpone(media, digest, str(error))

    def _postpone(self, media: MediaFile, digest: str, reason: str) -> None:
        self._record_failure(self._failures.postpone(digest, media.path, f"has no narrower copies for now ({reason})"))

    def _make_with_retries(self, child: DecoderProcess, media: MediaFile, digest: str) -> None:
        remaining_tries = _MAX_TRIES
        while True:
            try:
                return self._make_once(child, media, digest)
            except ReusedDecoderError:  # the next child process is new
                continue
            except DecoderLostError:
                remaining_tries -= 1
                if not remaining_tries:
                    raise

    def _make_once(self, child: DecoderProcess, media: MediaFile, digest: str) -> None:
        facts = verified_facts(media, digest)

        def is_wanted() -> bool:
            return any(self._find_stored(digest, width) is None for width, _ in facts.sizes)

        with (
            open_media(media) as file,
            closing(child.make_variants(file, DecodeRequest(digest, facts.sizes), is_wanted)) as variants,
        ):
            for width, data in variants:
                self._store_variant(digest, width, data)
                self._complete([(digest, width)])

    def _complete_all(self, digest: str) -> None:
        self._complete([key for key in list(self._completions) if key[0] == digest])

    def _complete(self, keys: Iterable[tuple[str, int]]) -> None:
        with self._lock:
            completions = [self._completions.pop(key, None) for key in keys]
        for completion in completions:
            if completion:
                completion.complete()

    def _find_stored(self, digest: str, width: int) -> Path | None:
        return self._store.find(digest, width) or (self._fallback.find(digest, width) if self._fallback else None)

    def _store_variant(self, digest: str, width: int, data: bytes) -> None:
        try:
            self._store.put(digest, width, data)
        except VariantError as error:
            if self._is_one_shot:
                return self._fallback_store().put(digest, width, data)
            message = unwritable_message(
                "narrower pictures", self._store.folder, error, "the pictures themselves are sent instead"
            )
            self._alerts.raise_alert(_ALERT_NAME, message, f"narrower pictures are written to {self._store.folder} again")
            raise
        return self._alerts.clear(_ALERT_NAME)

    def _fallback_store(self) -> VariantFolder:
        with self._lock:
            if self._fallback is None:
                self._fallback_folder = tempfile.TemporaryDirectory(prefix="feedsvc-pictures-")  # removed when this process ends
                self._fallback = VariantFolder(Path(self._fallback_folder.name))
            return self._fallback


def _problem(failure: VariantFailure) -> Problem:
    hint = "pages show the picture itself; save it anew with an image editor, or with fewer pixels"
    if failure.until < FOREVER:
        hint = "pages show the picture itself, and it is tried again later"
    return Problem(path=failure.path, message=f"'{failure.path}' {failure.reason}", hint=hint, rule="no-variants")


def _has_failed_bytes(media: MediaFile | None, failure: VariantFailure) -> bool:
    """Return whether a file still has the bytes of which no variants could be made. False for None and an unreadable file."""
    try:
        return media is not None and digest_of(media) == failure.digest
    except OSError:
        return False
