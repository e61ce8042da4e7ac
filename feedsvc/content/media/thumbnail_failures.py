"""Failures to make variants of images. If the image is the cause, the failure is stored, so that it is not tried again."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from feedsvc.content.media.image_facts import FOREVER
from feedsvc.support.digest import sha256
from feedsvc.support.state_folder import ensure_folder, replace_file

LIBRARY: Final = "pyvips-binary"
_RETRY_DELAY: Final = 600.0  # seconds until another attempt if the image is not known to be the cause


@dataclass(frozen=True, kw_only=True, slots=True)
class VariantFailure:
    """Failure to make variants of the image with this digest.

    `path` is relative to the content folder; `reason` completes a sentence that begins with `path`. `until` is in seconds of
    time.monotonic, FOREVER if the failure lasts as long as the bytes stay the same.
    """

    digest: str
    path: str
    reason: str
    until: float = FOREVER


class VariantFailures:
    """Failures by digest of the image, in memory and as files in a folder, which the constructor loads.

    Files that another VARIANT_VERSION or version of pyvips wrote are ignored. Threads may share the object, and processes may
    share the folder.
    """

    def __init__(self, folder: Path, version: int) -> None:
        self._folder, self._suffix = folder, f"-{version}.json"
        self._failures: dict[str, VariantFailure] = {}
        self._lock = threading.Lock()
        with suppress(OSError):
            for name in os.listdir(folder):
                self.load(name.removesuffix(self._suffix))

    def get(self, digest: str) -> VariantFailure | None:
        """Return the failure of the image with this digest from memory; None if it has none or its failure has expired."""
        failure = self._failures.get(digest)
        return failure if failure and (failure.until > time.monotonic()) else None

    def load(self, digest: str) -> VariantFailure | None:
        """Return the failure of the image with this digest; None if it has none or its failure has expired.

        If memory has none, not even an expired one, first load one that another process may have stored.
        """
        if digest not in self._failures:
            with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
                values = json.loads((self._folder / f"{digest}{self._suffix}").read_bytes())
                if values == _to_json(digest, values["path"], values["reason"]):
                    self._set(VariantFailure(digest=digest, path=str(values["path"]), reason=str(values["reason"])))
        return self.get(digest)

    def put(self, digest: str, path: str, reason: str) -> VariantFailure:
        """Store and return a failure that lasts until the image or pyvips changes; only in memory if it cannot be written.

        `path` is that of the image in the content folder; `reason` completes a sentence that begins with it.
        """
        failure = self._set(VariantFailure(digest=digest, path=path, reason=reason))
        data = json.dumps(_to_json(digest, path, reason)).encode()
        with suppress(OSError):
            ensure_folder(self._folder)
            replace_file(self._folder / f"{digest}{self._suffix}", data)
        return failure

    def postpone(self, digest: str, path: str, reason: str) -> VariantFailure:
        """Keep a failure in memory for ten minutes, and return it. Use it if the image may not be the cause.

        `path` is that of the image in the content folder; `reason` completes a sentence that begins with it.
        """
        return self._set(VariantFailure(digest=digest, path=path, reason=reason, until=time.monotonic() + _RETRY_DELAY))

    def active(self) -> Iterator[VariantFailure]:
        """Yield the failures in memory that have not expired."""
        with self._lock:
            digests = list(self._failures)
        yield from (failure for digest in digests if (failure := self.get(digest)))

    def _set(self, failure: VariantFailure) -> VariantFailure:
        with self._lock:
            self._failures[failure.digest] = failure
        return failure


def _to_json(digest: str, path: str, reason: str) -> dict[str, str]:
    """Return the stored form of a failure. By its checksum, `load` ignores damaged files and those of other pyvips versions."""
    checksum = sha256(json.dumps([digest, path, reason, _library_version()])).hex()
    return {"path": path, "reason": reason, "checksum": checksum}


def _library_version() -> str:
    try:
        return metadata.version(LIBRARY)
    except metadata.PackageNotFoundError:
        return ""
