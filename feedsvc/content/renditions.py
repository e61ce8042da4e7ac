"""Narrower copies of pictures, for srcset: what a phone loads instead of the original.

Made on first need, a copy is kept by the content of its source; whoever deletes the folder loses only the time to make
them again.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import Final

from feedsvc.content import narrowing
from feedsvc.content.safe_open import open_file
from feedsvc.content.stamps import Stamp, size_of, stamp_of
from feedsvc.errors import FeedsvcError
from feedsvc.model import MediaFile
from feedsvc.state import folder_at, is_file, open_lock, set_aside
from feedsvc.troubles import Troubles, unwritable

_NAME: Final = "pictures"
_RECIPE: Final = 1  # counted up when the same picture shall give other bytes
_LARGEST: Final = 64 * 1024 * 1024  # bytes of a source
_AT_ONCE: Final = 4  # a picture of 90 million pixels takes a third of a gigabyte while it is worked on
_OURS: Final = re.compile(r"(?P<digest>[0-9a-f]{16})/(?:\.new-.+|[0-9]+-(?P<recipe>[0-9]+)-[0-9a-f]{16})")

_Key = tuple[str, int]
# Location -> its stamp when the bytes were read, their digest, whether copies can be made.
_known: Final[dict[str, tuple[Stamp, str, bool]]] = {}


class RenditionError(FeedsvcError):
    """There is no narrower copy: the picture, its width or the disk does not allow it."""


def digest(file: MediaFile) -> str:
    """16 hex digits that stand for the file's bytes. Raises OSError if they cannot be read."""
    return _facts(file)[1]


def can_size(media: MediaFile) -> bool:
    """Whether copies can be made, by the look of its first bytes: not of what moves, is damaged, gone or over 64 MiB."""
    try:
        return media.type in narrowing.TYPES and _facts(media)[2]
    except OSError:
        return False


class Renditions:
    """The copies kept in one folder; safe in threads and between processes that share it."""

    def __init__(self, folder: Path, troubles: Troubles | None = None) -> None:
        # Copies are sent by paths without links, as media are.
        self._folder, self._troubles = Path(os.path.realpath(folder)), troubles or Troubles()
        self._sound: dict[_Key, tuple[Path, Stamp]] = {}
        self._turns = tuple(threading.Lock() for _ in range(_AT_ONCE))

    def file(self, media: MediaFile, digest: str, width: int) -> Path:
        """The copy, one of its `widths` wide, of the picture whose bytes have this digest.

        Raises RenditionError for another width, for a picture that moves, is damaged, gone or does not have these bytes (even
        where a copy of such bytes is still kept), and if a copy that is not there yet cannot be written.
        """
        _claim(media, digest)
        key = (digest, width)
        if found := self._found(key):
            return found
        # One copy always waits for the same turn: none is made twice at once, and few at a time.
        with self._turns[hash(key) % _AT_ONCE]:
            return self._found(key) or self._keep(key, _narrowed(media, digest, width))

    def sweep(self, keep: Iterable[str]) -> int:
        """Remove the copies of pictures with other digests than these, those of former recipes and what killed writers left.

        How many files went; none while anybody is writing. Raises RenditionError if they may not be removed.
        """
        kept = frozenset(keep)
        with self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB) as alone:
            gone = [path for path in self._folder.glob("*/*") if alone and self._is_refuse(path, kept)]
            for path in gone:
                path.unlink()
                with suppress(OSError):
                    path.parent.rmdir()  # once the last one in it went
            return len(gone)

    def _is_refuse(self, path: Path, kept: frozenset[str]) -> bool:
        ours = _OURS.fullmatch(path.relative_to(self._folder).as_posix())
        return ours is not None and bool(is_file(path)) and (ours["digest"] not in kept or ours["recipe"] != str(_RECIPE))

    def _found(self, key: _Key) -> Path | None:
        """A name ends in the sum of its bytes: they are read through once, then known by the file's size and time."""
        with suppress(OSError):
            if key in self._sound and _stamp(self._sound[key][0]) == self._sound[key][1]:
                return self._sound[key][0]
        for path in sorted((self._folder / key[0]).glob(f"{key[1]}-{_RECIPE}-*")):
            with suppress(OSError):
                stamp = _stamp(path)
                if is_file(path) and path.name.endswith(f"-{_sum(path.read_bytes())}"):
                    self._sound[key] = (path, stamp)
                    return path
        return None

    def _keep(self, key: _Key, data: bytes) -> Path:
        path = self._folder / key[0] / f"{key[1]}-{_RECIPE}-{_sum(data)}"
        try:
            with self._locked(fcntl.LOCK_SH):
                folder_at(path.parent)
                if is_file(path) is False:
                    set_aside(path)
                _replace(path, data)
                self._sound[key] = (path, _stamp(path))
        except RenditionError as error:
            sentence = unwritable("narrower pictures", self._folder, error, "the pictures themselves are sent instead")
            self._troubles.come(_NAME, sentence, f"narrower pictures are written to {self._folder} again")
            raise
        self._troubles.end(_NAME)
        return path

    @contextmanager
    def _locked(self, how: int) -> Iterator[bool]:
        """Writers share the lock; who has it alone knows that a temporary file is nobody's. False if it is not to be had now."""
        try:
            folder_at(self._folder)
            with open(open_lock(self._folder / ".lock"), "ab") as lock:
                yield _is_locked(lock.fileno(), how)
        except OSError as error:
            raise RenditionError(f"{error.filename or self._folder} cannot be changed ({error.strerror})") from None


def _is_locked(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how)
    except BlockingIOError:
        return False
    return True


def _replace(path: Path, data: bytes) -> None:
    """Whole or not at all."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with open(descriptor, "wb") as new:
            new.write(data)
            os.fchmod(new.fileno(), 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _stamp(file: Path | str | int) -> Stamp:
    return stamp_of(os.stat(file))


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _facts(file: MediaFile) -> tuple[Stamp, str, bool]:
    """Threads that ask at once may look twice, and see the same."""
    known = _known.get(file.location)
    if known is None or known[0] != _stamp(file.location):
        with open_file(file.location) as opened:
            stamp, tag = _stamp(opened.fileno()), hashlib.file_digest(opened, "sha256").hexdigest()[:16]
            known = _known[file.location] = (stamp, tag, size_of(stamp) <= _LARGEST and _can_narrow(opened, file.type))
    return known


def _can_narrow(opened: BufferedReader, media_type: str) -> bool:
    from feedsvc.content import pillow  # noqa: PLC0415 - a site without pictures need not wait for it

    return pillow.can_narrow(opened, media_type)


def _claim(media: MediaFile, digest: str) -> None:
    """A withdrawn picture's copies must not be had under another's name."""
    try:
        current = _facts(media)[1]
    except OSError as error:
        raise RenditionError(f"'{media.path}' cannot be read ({error.strerror})") from None
    if current != digest:
        raise RenditionError(f"'{media.path}' has other bytes by now")


def _narrowed(media: MediaFile, digest: str, width: int) -> bytes:
    """The copy's bytes, made of bytes that cannot change meanwhile."""
    from feedsvc.content import pillow  # noqa: PLC0415 - as above

    try:
        with open_file(media.location) as opened:
            data = opened.read(_LARGEST)
        if _sum(data) != digest:
            raise RenditionError(f"'{media.path}' is too large, or has other bytes by now")
        return pillow.narrow(data, media.type, width)
    except OSError as error:
        raise RenditionError(f"'{media.path}' cannot be made narrower ({error.strerror or error})") from None
    except ValueError as error:
        raise RenditionError(f"'{media.path}' {error}") from None
