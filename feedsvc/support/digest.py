"""Digests of bytes and texts, the same in every process and on every machine. A text is encoded as UTF-8.

BLAKE2b is for values that only feedsvc compares. SHA-256 is for values that others see or that name files: entity tags, names of
image variants and of files in the state folder. Changing a stored or public value is a breaking change.
"""

from __future__ import annotations

import hashlib
from io import BufferedIOBase, RawIOBase


def blake2b(data: bytes | str, *, size: int = 16, key: bytes = b"") -> bytes:
    """Return the BLAKE2b digest, `size` bytes, of bytes or a UTF-8 text. With a `key`, only those who know it can compute it."""
    return hashlib.blake2b(data.encode() if isinstance(data, str) else data, digest_size=size, key=key).digest()


def sha256(data: bytes | str) -> bytes:
    """Return the SHA-256 digest, 32 bytes, of bytes or of a text in UTF-8."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).digest()


def file_sha256(file: BufferedIOBase | RawIOBase) -> bytes:
    """Return the SHA-256 digest of an open file from its position to its end."""
    return hashlib.file_digest(file, "sha256").digest()
