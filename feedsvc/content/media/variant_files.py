"""Files of image variants in the state folder, and records of images of which none can be made. Processes may share the folder.

A variant is DIGEST/WIDTH-VERSION-CHECKSUM: digest of the image's bytes, checksum of the variant's bytes. If an operator deletes
the folder, the variants are made again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Final

from feedsvc.content.file_signature import FileSignature, signature_of
from feedsvc.content.media.image_facts import short_digest
from feedsvc.support.file_descriptors import is_exhausted
from feedsvc.support.state_folder import ensure_folder, is_file, replace_file

_LIBRARY: Final = "pyvips-binary"
VARIANT_VERSION: Final = 4  # increment if the same image shall give other bytes
_FAILURES: Final = "failures"


def write_variant(folder: Path, digest: str, width: int, data: bytes) -> None:
    """Write a variant of the image with this digest atomically. Raises OSError."""
    path = folder / digest / f"{width}-{VARIANT_VERSION}-{short_digest(data)}"
    ensure_folder(folder)
    ensure_folder(path.parent)
    replace_file(path, data)


class VariantFiles:
    """Variants in one folder."""

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
                if is_file(path) and path.name.endswith(f"-{short_digest(path.read_bytes())}"):
                    self._verified[key] = (path, signature)
                    return path
            except OSError as error:
                if is_exhausted(error):
                    raise
        return None

    def write_failure(self, digest: str, path: str, reason: str) -> None:
        """Record that no variants can be made of an image, until it or pyvips changes. Errors are ignored.

        `path` is that of the image in the content folder; `reason` completes a sentence that begins with it.
        """
        with suppress(OSError):
            ensure_folder(self.folder / _FAILURES)
            replace_file(self._failure_file(digest), json.dumps(_failure_record(digest, path, reason)).encode())

    def read_failure(self, digest: str) -> tuple[str, str] | None:
        """Return `path` and `reason` of `write_failure`; None without a valid record of this pyvips version."""
        with suppress(OSError, ValueError, TypeError, KeyError):
            record = json.loads(self._failure_file(digest).read_bytes())
            if record == _failure_record(digest, record["path"], record["reason"]):
                return str(record["path"]), str(record["reason"])
        return None

    def failed_digests(self) -> Iterator[str]:
        """Yield the digests of the images that have a record."""
        with suppress(OSError):
            yield from (name.partition("-")[0] for name in os.listdir(self.folder / _FAILURES))

    def _failure_file(self, digest: str) -> Path:
        return self.folder / _FAILURES / f"{digest}-{VARIANT_VERSION}.json"


def _failure_record(digest: str, path: str, reason: str) -> dict[str, str]:
    version = ""
    with suppress(metadata.PackageNotFoundError):
        version = metadata.version(_LIBRARY)
    checksum = short_digest(json.dumps([digest, path, reason, version]).encode())
    return {"path": path, "reason": reason, "checksum": checksum}


def _signature(file: Path) -> FileSignature:
    return signature_of(os.stat(file))
