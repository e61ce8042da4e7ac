"""Media of a source: files from its hosts or from a folder, in media/ of the newsroom, the same bytes once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count, islice
from pathlib import Path
from typing import Final, NamedTuple

from feedsvc.content.media import IMAGE_TYPES, MediaFolder
from feedsvc.errors import FeedsvcError
from feedsvc.importing.source import Omission
from feedsvc.importing.writer.base import IMPORT_FOLDER, MEDIA, ImportBase
from feedsvc.importing.writer.media_names import depends_on_media_type, media_name, numbered
from feedsvc.importing.writer.media_search import find_renamed
from feedsvc.importing.writer.media_sources import MediaOrigin, MediumMissingError
from feedsvc.support.atomic_write import write_atomically
from feedsvc.support.digest import file_sha256, sha256

_PARTS_FOLDER: Final = f"{IMPORT_FOLDER}/parts"
_THREADS: Final = 4  # files that are fetched at the same time
_BATCH: Final = 32  # files that are fetched before the next ones are begun, so that few wait for their place in media/
_BATCHES_PER_FLUSH: Final = 10
_IGNORE_ALL: Final = b"# Beginnings of files that an import fetches. They are of no use to anybody else.\n*\n"


class _Fetched(NamedTuple):
    """Result of one fetch: `file` is the path of the file in the folder of parts, `media_type` what the server said, or "".

    `reason` says why there is no file; it is "" if there is one.
    """

    address: str
    file: Path
    media_type: str
    reason: str


class MediaLibrary:
    """Files that an import put into media/: their paths by their addresses at the source."""

    def __init__(self, root: Path, base: ImportBase) -> None:
        self._root, self._base = root, base
        self._media = MediaFolder(root)
        self._paths: dict[str, str] = {}
        self._paths_by_digest: dict[str, str] = {}
        self._expected: set[str] = set()
        missing: dict[str, str] = {}
        for address in base.keys(MEDIA):
            path, digest = base.get(MEDIA, address)
            if (root / path).is_file():
                self._paths[address] = path
                self._paths_by_digest[digest] = path
            else:
                missing[digest] = path
        self._find_missing({digest: path for digest, path in missing.items() if digest not in self._paths_by_digest})

    def _find_missing(self, missing: Mapping[str, str]) -> None:
        """Add the files that an editor renamed; others are fetched again. `missing` are the former paths by digest."""
        self._paths_by_digest |= find_renamed(self._root, missing, {*self._paths.values()})
        for address in self._base.keys(MEDIA):
            _, digest = self._base.get(MEDIA, address)
            if address not in self._paths and (path := self.path_of_digest(digest)):
                self._paths[address] = path
                self._base.put(MEDIA, address, path, digest)

    def path_of(self, address: str) -> str:
        """Return the path ("media/photo.jpg") of the file with this address, "" if there is none. Fragments are ignored."""
        return self._paths.get(address.partition("#")[0], "")

    def is_there(self, address: str) -> bool:
        """Return whether the file with this address is in media/, or in a dry run in a folder on this machine.

        False if it is unknown, or if a dry run only expects that it can be fetched.
        """
        return bool(self.path_of(address)) and address.partition("#")[0] not in self._expected

    def path_of_digest(self, digest: str) -> str:
        """Return the path in media/ of a file that an import put there and whose SHA-256 is this (hexadecimal); "" if none is."""
        return self._paths_by_digest.get(digest, "")

    def expect(self, address: str, path: str, digest: str = "") -> None:
        """Give the file with this address a path for a dry run; no file is written. Without a digest, it is yet to be fetched."""
        self._paths[address] = path
        if digest:
            self._paths_by_digest[digest] = path
        else:
            self._expected.add(address)

    def missing(self, addresses: Iterable[str]) -> list[str]:
        """Return the addresses whose `path_of` is "", each once, without fragments."""
        return [address for address in dict.fromkeys(name.partition("#")[0] for name in addresses) if address not in self._paths]

    def replaced(self, addresses: Iterable[str], origin: MediaOrigin) -> list[str]:
        """Return the addresses with a file in media/ of which `origin` has other bytes on this machine now, each once.

        Files of an origin that must be fetched are not compared, nor are those that `origin` lacks.
        """
        known = dict.fromkeys(name.partition("#")[0] for name in addresses if self.path_of(name))
        return [address for address in known if self._is_replaced(address, origin)]

    def _is_replaced(self, address: str, origin: MediaOrigin) -> bool:
        try:
            file = origin.find(address) if origin.has(address) else None
            if file is None:
                return False
            there, here = file.stat(), (self._root / self._paths[address]).stat()
            if there.st_size == here.st_size and there.st_mtime_ns <= here.st_mtime_ns:
                return False
            with open(file, "rb") as stream:
                return file_sha256(stream).hex() != self._base.get(MEDIA, address)[1]
        except (MediumMissingError, OSError):
            return False

    def fetch(self, addresses: Iterable[str], origin: MediaOrigin) -> Iterator[Omission | None]:
        """Fetch files, put them into media/ and their lines into the base. Yield for each None, or an omission with the reason.

        Files are fetched as the generator is consumed, several at once. No file in media/ is replaced: a name in use gets a
        number, and a file with the same bytes that an import put there already is used again. A killed process leaves
        beginnings of files, which the next call goes on with. Raises FeedsvcError if a file cannot be read or written on this
        machine.
        """
        parts = self._root / _PARTS_FOLDER
        waiting = iter(addresses)
        with _explaining_errors(self._root), ThreadPoolExecutor(_THREADS, "feedsvc-fetch") as pool:
            parts.mkdir(parents=True, exist_ok=True)
            write_atomically(parts / ".gitignore", _IGNORE_ALL)
            for number in count(1):
                if not (batch := [*islice(waiting, _BATCH)]):
                    break
                yield from map(self._place, pool.map(lambda address: _fetch(address, parts, origin), batch))
                if number % _BATCHES_PER_FLUSH == 0:
                    self._base.flush()
            with suppress(OSError):
                (parts / ".gitignore").unlink()
                parts.rmdir()  # fails, and rightly so, if a file's beginning is left

    def _place(self, fetched: _Fetched) -> Omission | None:
        if fetched.reason:
            return Omission(fetched.address, "file", fetched.reason)
        with open(fetched.file, "rb") as file:
            digest = file_sha256(file).hex()
        try:
            path = self._paths_by_digest.get(digest) or self._move(fetched)
        except ValueError as error:
            fetched.file.unlink(missing_ok=True)
            return Omission(fetched.address, "file", str(error))
        fetched.file.unlink(missing_ok=True)
        self._paths[fetched.address] = self._paths_by_digest[digest] = path
        self._base.put(MEDIA, fetched.address, path, digest)
        return None

    def _move(self, fetched: _Fetched) -> str:
        """Move a file to an unused name in media/, and return its path. Raises ValueError if the file cannot be used there.

        If media/ has the same file by that name, return its path, and leave the fetched one where it is.
        """
        wanted = media_name(fetched.address, fetched.file, fetched.media_type)
        for number in count(1):
            path = numbered(wanted, number)
            target = self._root / path
            if not os.path.lexists(target):
                break
            if is_same_file(target, fetched.file):
                return path  # of an import that was killed, or put there by somebody
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(fetched.file, target)
        try:
            self._check(path)
        except ValueError:
            os.replace(target, fetched.file)
            raise
        return path

    def _check(self, path: str) -> None:
        """Raise ValueError, with the message that `check` would have, if an article cannot show or offer the file."""
        file = self._media.sendable_file(path, keep_metadata=False)
        if file.type in IMAGE_TYPES:
            self._media.image_size(path)


def _fetch(address: str, parts: Path, origin: MediaOrigin) -> _Fetched:
    file = parts / sha256(address).hex()[:32]
    # Complete, of an import that was killed. The media type that the server said then is not known any more.
    if file.is_file() and not depends_on_media_type(address, file):
        return _Fetched(address, file, "", "")
    try:
        return _Fetched(address, file, origin.get(address, file), "")
    except MediumMissingError as error:
        return _Fetched(address, file, "", str(error))


def is_same_file(one: Path, other: Path) -> bool:
    """Return whether two files have the same bytes, False if one cannot be read."""
    try:
        if one.stat().st_size != other.stat().st_size:
            return False
        with open(one, "rb") as first, open(other, "rb") as second:
            return file_sha256(first) == file_sha256(second)
    except OSError:
        return False


@contextmanager
def _explaining_errors(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FeedsvcError(
            f"{error.filename or root} cannot be written ({error.strerror}); what is there stays, and the next import goes on "
            "from there"
        ) from None
