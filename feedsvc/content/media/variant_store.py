"""Image variants: narrower copies of images for srcset, which phones load instead of the original.

A variant is made when it is first requested, in a child process, and stored under the digest of its image.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path
from typing import Final

from feedsvc.content.media.decoder_process import (
    CHANGED,
    DONE,
    UNDECODABLE,
    UNWRITABLE,
    DecodeRequest,
    DecodeResult,
    DecoderPool,
    DecoderProcess,
)
from feedsvc.content.media.image_facts import ImageFacts, digest_of, facts_of
from feedsvc.content.media.variant_files import VariantFiles
from feedsvc.errors import Problem
from feedsvc.model import MediaFile
from feedsvc.support.alerts import Alerts, unwritable_message
from feedsvc.support.file_lock import FileLock
from feedsvc.support.state_folder import open_lock_file

_ALERT_KIND: Final = "pictures"
_MAX_QUEUED: Final = 1000  # images
_WRITE_RETRY_DELAY: Final = 30.0  # seconds until another attempt if a variant could not be written
_RETRY_DELAY: Final = 600.0  # seconds until another attempt if the image is not known to be the cause


@dataclass(frozen=True, slots=True)
class _Failure:
    """Failure to make variants of an image.

    `path` is relative to the content folder; `reason` completes a sentence that begins with `path`. `until` is in seconds of
    time.monotonic, infinite if the failure lasts as long as the bytes stay the same. A failure to write is an alert instead of a
    problem.
    """

    path: str
    reason: str
    until: float = inf
    is_problem: bool = True

    @property
    def is_active(self) -> bool:
        return self.until > time.monotonic()


class VariantStore:
    """Variants in one folder, made when needed. Threads may share the object, and processes may share the folder.

    Large images are decoded one at a time.
    """

    def __init__(self, folder: Path, alerts: Alerts | None = None) -> None:
        """Load the stored failures from the folder. `alerts` gets an alert while variants cannot be written there."""
        self._files, self._alerts = VariantFiles(folder), alerts or Alerts()
        # The caller may set it. Called in any thread after each new failure that `problems` can report.
        self.on_failure: Callable[[], None] = lambda: None
        self._failures: dict[str, _Failure] = {}
        for digest in self._files.failed_digests():
            self._failure(digest)
        self._pools = {is_large: DecoderPool(1) for is_large in (False, True)}
        self._queued: set[str] = set()  # digests of images that wait or are being decoded
        self._maker_lock = FileLock(partial(open_lock_file, self._files.folder / ".lock"))
        self._lock = threading.RLock()
        self._is_closed = False

    def find(self, digest: str, width: int) -> Path | None:
        """Return the path of the variant `width` pixels wide of the image with this digest, None if it is not made yet.

        Raises OSError if this process has too many open files.
        """
        return self._files.find(digest, width)

    def request(self, media: MediaFile) -> None:
        """Have the missing variants of an image made, without waiting.

        Nothing happens if the image can have none, is queued already, failed before and no other attempt is due yet, if 1,000
        images are queued, or while another process makes variants in the same folder. Raises OSError if the image cannot be read.
        """
        facts = facts_of(media)
        if not self._lacks_variants(facts):
            return
        with self._lock:
            if facts.digest in self._queued or len(self._queued) >= _MAX_QUEUED or not self._may_make():
                return
            self._queued.add(facts.digest)
        try:
            future = self._pools[facts.is_large].submit(self._request_for(media, facts))
        except RuntimeError:  # the system starts no more threads
            self._end(facts.digest)
            return
        future.add_done_callback(partial(self._finish, media, facts.digest))

    def make(self, media: MediaFile) -> None:
        """Make the missing variants of an image, and wait. Do nothing if the image can have none or failed before.

        Raises OSError if the image cannot be read.
        """
        facts = facts_of(media)
        if self._lacks_variants(facts):
            with DecoderProcess() as decoder:
                self._record(media, facts.digest, decoder.make(self._request_for(media, facts)))

    def make_missing(self, images: Sequence[MediaFile], processes: int) -> Iterator[int]:
        """Make the missing variants of `images` in up to `processes` child processes, and one for large images.

        Yield 1 for each finished image. Failures are recorded, not raised. Raises OSError if an image cannot be read.
        """
        pools = {False: DecoderPool(processes), True: DecoderPool(1)}
        try:
            jobs = [
                (media, facts.digest, pools[facts.is_large].submit(self._request_for(media, facts)))
                for media, facts in ((media, facts_of(media)) for media in images)
            ]
            for media, digest, future in jobs:
                self._record(media, digest, future.result())
                yield 1
        finally:
            for pool in pools.values():
                pool.close()

    def lacks_variants(self, media: MediaFile) -> bool:
        """Return whether variants of an image are missing and may be made now. Raises OSError if the image cannot be read."""
        return self._lacks_variants(facts_of(media))

    def problems(self, media: Mapping[str, MediaFile]) -> tuple[Problem, ...]:
        """Return a warning for each file in `media` (files by path) of whose present bytes no variants can be made, sorted.

        Failures that last until the bytes change have one, and other failures for ten minutes. Failures to write have none.
        """
        failures = [(digest, failure) for digest, failure in list(self._failures.items()) if failure.is_active]
        return tuple(
            sorted(
                _problem(failure)
                for digest, failure in failures
                if failure.is_problem and _has_digest(media.get(failure.path), digest)
            )
        )

    def close(self) -> None:
        """Make no further requested variants. After it, this object writes nothing into its folder."""
        with self._lock:
            self._is_closed = True
        for pool in self._pools.values():
            pool.close()

    def _lacks_variants(self, facts: ImageFacts) -> bool:
        return any(self.find(facts.digest, width) is None for width, _ in facts.sizes) and not self._failure(facts.digest)

    def _request_for(self, media: MediaFile, facts: ImageFacts) -> DecodeRequest:
        return DecodeRequest(media.location, facts.digest, facts.sizes, str(self._files.folder))

    def _may_make(self) -> bool:
        """Return whether this process makes variants: of several with one folder, only one does at a time, until it has no more.

        Without locks, or if the lock cannot be written, each does.
        """
        if self._is_closed:
            return False
        with suppress(OSError):
            return self._maker_lock.acquire()
        return True

    def _finish(self, media: MediaFile, digest: str, future: Future[DecodeResult]) -> None:
        try:
            if not self._is_closed:
                self._record(media, digest, future.result())
        finally:
            self._end(digest)

    def _end(self, digest: str) -> None:
        with self._lock:
            self._queued.discard(digest)
            if not self._queued:
                self._maker_lock.release()

    def _record(self, media: MediaFile, digest: str, result: DecodeResult) -> None:
        """Record the result of decoding an image: a failure, and whether variants can be written."""
        kind, reason = result
        if kind == DONE:
            self._alerts.clear(_ALERT_KIND)
        elif kind == UNWRITABLE:
            effect = "the pictures themselves are sent instead"
            message = unwritable_message("narrower pictures", self._files.folder, reason, effect)
            self._alerts.raise_alert(_ALERT_KIND, message, f"narrower pictures are written to {self._files.folder} again")
            self._fail(digest, _Failure(media.path, reason, time.monotonic() + _WRITE_RETRY_DELAY, is_problem=False))
        elif kind == UNDECODABLE:
            self._files.write_failure(digest, media.path, reason)
            self._fail(digest, _Failure(media.path, reason))
        elif kind != CHANGED:
            until = time.monotonic() + _RETRY_DELAY
            self._fail(digest, _Failure(media.path, f"has no narrower copies for now ({reason})", until))

    def _fail(self, digest: str, failure: _Failure) -> None:
        self._failures[digest] = failure
        if failure.is_problem:
            self.on_failure()

    def _failure(self, digest: str) -> _Failure | None:
        """Return the active failure of the image with this digest, also one that another process has stored; else None."""
        if digest not in self._failures and (record := self._files.read_failure(digest)):
            self._fail(digest, _Failure(*record))
        failure = self._failures.get(digest)
        return failure if failure and failure.is_active else None


def _problem(failure: _Failure) -> Problem:
    hint = "pages show the picture itself; save it anew with an image editor, or with fewer pixels"
    if failure.until < inf:
        hint = "pages show the picture itself, and it is tried again later"
    return Problem(path=failure.path, message=f"'{failure.path}' {failure.reason}", hint=hint, rule="no-variants")


def _has_digest(media: MediaFile | None, digest: str) -> bool:
    """Return whether a file has the bytes with this digest. False for None and an unreadable file."""
    try:
        return media is not None and digest_of(media) == digest
    except OSError:
        return False
