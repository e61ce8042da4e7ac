"""The folder in which narrower copies are kept; safe in threads and between processes that share it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from feedsvc.content.file_signature import Stamp, stamp_of
from feedsvc.content.images.decoder_process import DIGITS
from feedsvc.content.media.image_facts import RenditionError
from feedsvc.support.file_descriptors import is_exhausted
from feedsvc.support.state_folder import folder_at, is_file, open_lock, replace_file

RECIPE: Final = 3  # counted up when the same picture shall give other bytes

_OURS: Final = re.compile(r"(?P<digest>[0-9a-f]{16})/(?:\.new-.+|[0-9]+-(?P<recipe>[0-9]+)-[0-9a-f]{16})")


class CopyStore:
    """Each copy has the name DIGEST/WIDTH-RECIPE-SUM, with the digest of its source and the sum of its own bytes."""

    def __init__(self, folder: Path) -> None:
        # Copies are sent by paths without links, as media are.
        self.folder = Path(os.path.realpath(folder))
        # Digest and width -> where the copy is, and its stamp when its sum was right.
        self._sound: dict[tuple[str, int], tuple[Path, Stamp]] = {}

    def find(self, digest: str, width: int) -> Path | None:
        """Return a copy's path, None if there is none or it is damaged.

        It is read through once, then known by the file's size and time. Raises OSError if too many files are open.
        """
        key = (digest, width)
        with suppress(OSError):
            if key in self._sound and _stamp(self._sound[key][0]) == self._sound[key][1]:
                return self._sound[key][0]
        for path in sorted((self.folder / digest).glob(f"{width}-{RECIPE}-*")):
            try:
                stamp = _stamp(path)
                if is_file(path) and path.name.endswith(f"-{_sum(path.read_bytes())}"):
                    self._sound[key] = (path, stamp)
                    return path
            except OSError as error:
                if is_exhausted(error):
                    raise
        return None

    def put(self, digest: str, width: int, data: bytes) -> None:
        """Write a copy whole or not at all. Raises RenditionError."""
        path = self.folder / digest / f"{width}-{RECIPE}-{_sum(data)}"
        with self._locked(fcntl.LOCK_SH):
            folder_at(path.parent)
            replace_file(path, data)
            self._sound[digest, width] = (path, _stamp(path))

    def sweep(self, keep: Iterable[str]) -> int:
        """Remove the copies of pictures with other digests than these, those of former recipes and what killed writers left.

        How many files went; none while anybody is writing. Raises RenditionError if they may not be removed.
        """
        kept = frozenset(keep)
        with self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB) as alone:
            gone = [path for path in self.folder.glob("*/*") if alone and self._is_refuse(path, kept)]
            for path in gone:
                path.unlink()
                with suppress(OSError):
                    path.parent.rmdir()  # once the last one in it went
            return len(gone)

    def _is_refuse(self, path: Path, kept: frozenset[str]) -> bool:
        ours = _OURS.fullmatch(path.relative_to(self.folder).as_posix())
        return ours is not None and bool(is_file(path)) and (ours["digest"] not in kept or ours["recipe"] != str(RECIPE))

    @contextmanager
    def _locked(self, how: int) -> Iterator[bool]:
        """Writers share the lock; who has it alone knows that a temporary file is nobody's. False if it is not to be had now."""
        try:
            folder_at(self.folder)
            with open(open_lock(self.folder / ".lock"), "ab") as lock:
                yield _is_locked(lock.fileno(), how)
        except OSError as error:
            raise RenditionError(f"{error.filename or self.folder} cannot be changed ({error.strerror})") from None


def _is_locked(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how)
    except BlockingIOError:
        return False
    return True


def _stamp(file: Path | str | int) -> Stamp:
    return stamp_of(os.stat(file))


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:DIGITS]
