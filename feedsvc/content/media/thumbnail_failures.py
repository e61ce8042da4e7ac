"""Pictures of which no narrower copies could be made, remembered in the state folder so that they are not tried again."""

from __future__ import annotations

import hashlib
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

from feedsvc.content.media.image_facts import FOR_EVER
from feedsvc.support.state_folder import folder_at, replace_file

LIBRARY: Final = "pyvips-binary"
_POSTPONED: Final = 600.0  # seconds until a picture is tried again that nothing is known against


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """`path` is relative to the content folder; `reason` ends a sentence that begins with it.

    `until` is in seconds of time.monotonic; FOR_EVER if it lasts for these bytes.
    """

    digest: str
    path: str
    reason: str
    until: float = FOR_EVER


class CopyFailures:
    """The failures of one recipe and library; safe in threads, and shared by processes with the same folder."""

    def __init__(self, folder: Path, recipe: int) -> None:
        self._folder, self._ending = folder, f"-{recipe}.json"
        self._known: dict[str, Failure] = {}
        self._lock = threading.Lock()
        with suppress(OSError):
            for name in os.listdir(folder):
                self.look(name.removesuffix(self._ending))

    def of(self, digest: str) -> Failure | None:
        failure = self._known.get(digest)
        return failure if failure and (failure.until > time.monotonic()) else None

    def look(self, digest: str) -> Failure | None:
        """Return the failure as `of` does, and also one that another process wrote down."""
        if digest not in self._known:
            with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
                stated = json.loads((self._folder / f"{digest}{self._ending}").read_bytes())
                if stated == _stated(digest, stated["path"], stated["reason"]):
                    self._note(Failure(digest=digest, path=str(stated["path"]), reason=str(stated["reason"])))
        return self.of(digest)

    def put(self, digest: str, path: str, reason: str) -> Failure:
        """Remember a failure for as long as bytes and library stay the same; in memory, if the disk does not take it."""
        failure = self._note(Failure(digest=digest, path=path, reason=reason))
        stated = json.dumps(_stated(digest, path, reason)).encode()
        with suppress(OSError):
            folder_at(self._folder)
            replace_file(self._folder / f"{digest}{self._ending}", stated)
        return failure

    def postpone(self, digest: str, path: str, reason: str) -> Failure:
        """Remember, in memory, a failure that may have come from elsewhere; it lasts for ten minutes."""
        return self._note(Failure(digest=digest, path=path, reason=reason, until=time.monotonic() + _POSTPONED))

    def now(self) -> Iterator[Failure]:
        """All that last."""
        with self._lock:
            digests = list(self._known)
        yield from (failure for digest in digests if (failure := self.of(digest)))

    def _note(self, failure: Failure) -> Failure:
        with self._lock:
            self._known[failure.digest] = failure
        return failure


def _stated(digest: str, path: str, reason: str) -> dict[str, str]:
    """A failure as it is written down, with a checksum: a damaged file, or one of another picture, counts for nothing."""
    checksum = hashlib.sha256(json.dumps([digest, path, reason, _library()]).encode()).hexdigest()
    return {"path": path, "reason": reason, "checksum": checksum}


def _library() -> str:
    try:
        return metadata.version(LIBRARY)
    except metadata.PackageNotFoundError:
        return ""
