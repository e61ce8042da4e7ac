"""Folder of image variants in the state folder. Threads and processes may share it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from feedsvc.content.file_signature import FileSignature, signature_of
from feedsvc.content.images import DIGEST_LENGTH
from feedsvc.content.media.image_facts import VariantError
from feedsvc.support.digest import sha256
from feedsvc.support.file_descriptors import is_exhausted
from feedsvc.support.file_lock import lock, try_lock
from feedsvc.support.state_folder import ensure_folder, is_file, open_lock_file, replace_file

VARIANT_VERSION: Final = 3  # increment if the same image shall give other bytes

_VARIANT_PATH: Final = re.compile(r"(?P<digest>[0-9a-f]{16})/(?:\.new-.+|[0-9]+-(?P<version>[0-9]+)-[0-9a-f]{16})")


class VariantFolder:
    """Variants as files DIGEST/WIDTH-VERSION-CHECKSUM: digest of the image's bytes, checksum of the variant's bytes."""

    def __init__(self, folder: Path) -> None:
        # Variants, like media, are opened by paths without symbolic links.
        self.folder = Path(os.path.realpath(folder))
        # Digest and width -> path of the variant, and its signature when its checksum was right.
        self._verified: dict[tuple[str, int], tuple[Path, FileSignature]] = {}

    def find(self, digest: str, width: int) -> Path | None:
        """Return the path of an image's variant, or None if the variant is missing or damaged. `digest` is that of the image.

        The variant's file is read once to verify its checksum, then again only if its signature changes. Raises OSError if this
        process has too many open files.
        """
        key = (digest, width)
        with suppress(OSError):
            if key in self._verified and _signature(self._verified[key][0]) == self._verified[key][1]:
                return self._verified[key][0]
        for path in sorted((self.folder / digest).glob(f"{width}-{VARIANT_VERSION}-*")):
            try:
                signature = _signature(path)
                if is_file(path) and path.name.endswith(f"-{_checksum(path.read_bytes())}"):
                    self._verified[key] = (path, signature)
                    return path
            except OSError as error:
                if is_exhausted(error):
                    raise
        return None

    def put(self, digest: str, width: int, data: bytes) -> None:
        """Write a variant of the image with this digest atomically; first wait for a running `sweep`. Raises VariantError."""
        path = self.folder / digest / f"{width}-{VARIANT_VERSION}-{_checksum(data)}"
        with self._open_lock_file() as lock_file:
            lock(lock_file, is_shared=True)
            ensure_folder(path.parent)
            replace_file(path, data)
            self._verified[digest, width] = (path, _signature(path))

    def sweep(self, digests: Iterable[str]) -> int:
        """Remove variants of images whose digests are not in `digests`, and all that another VARIANT_VERSION has made.

        Temporary files of killed writers are removed, too. Return the number of removed files. While another thread or process
        writes, remove nothing and return 0. Raises VariantError on an OSError.
        """
        used_digests = frozenset(digests)
        with self._open_lock_file() as lock_file:
            is_locked = try_lock(lock_file)  # then no writer runs, so each temporary file is a leftover
            garbage = [path for path in self.folder.glob("*/*") if is_locked and self._is_garbage(path, used_digests)]
            for path in garbage:
                path.unlink()
                with suppress(OSError):
                    path.parent.rmdir()  # fails until the folder is empty
            return len(garbage)

    def _is_garbage(self, path: Path, used_digests: frozenset[str]) -> bool:
        match = _VARIANT_PATH.fullmatch(path.relative_to(self.folder).as_posix())
        if match is None or not is_file(path):
            return False
        return match["digest"] not in used_digests or match["version"] != str(VARIANT_VERSION)

    @contextmanager
    def _open_lock_file(self) -> Iterator[int]:
        """Open the lock file: `put` locks it shared, `sweep` exclusive. Raises VariantError for an OSError in the block."""
        try:
            ensure_folder(self.folder)
            with open(open_lock_file(self.folder / ".lock"), "ab") as lock_file:
                yield lock_file.fileno()
        except OSError as error:
            raise VariantError(f"{error.filename or self.folder} cannot be changed ({error.strerror})") from None


def _signature(file: Path | str | int) -> FileSignature:
    return signature_of(os.stat(file))


def _checksum(data: bytes) -> str:
    return sha256(data).hex()[:DIGEST_LENGTH]
