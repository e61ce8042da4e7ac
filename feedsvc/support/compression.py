"""Content codings (RFC 9110 section 8.4.1): bytes made smaller.

The only room with libdeflate (gzip, RFC 1952), brotli (RFC 7932) and zstd (RFC 8878).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import brotli  # type: ignore[import-untyped]
import deflate

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SMALLEST: Final = 200  # bytes; below it a coding's own header eats the gain


@dataclass(frozen=True, kw_only=True, slots=True)
class Coding:
    """`compress` gives the same bytes for the same bytes: no time stamp, no name."""

    compress: Callable[[bytes], bytes]


def _gzip(body: bytes) -> bytes:
    return bytes(deflate.gzip_compress(body, 6))


def _brotli(body: bytes) -> bytes:
    made: bytes = brotli.compress(body, quality=5)
    return made


def _zstd(body: bytes) -> bytes:
    return zstd.compress(body, level=9)


# By the name that HTTP has for it, the one that makes feeds and pages smallest first. The levels are those up to which
# another millisecond still buys bytes: above them each coding takes ten times as long for a few parts in a hundred.
CODINGS: Final[Mapping[str, Coding]] = MappingProxyType(
    {"br": Coding(compress=_brotli), "zstd": Coding(compress=_zstd), "gzip": Coding(compress=_gzip)}
)


def compressed(body: bytes, name: str) -> bytes:
    """The body in a coding of CODINGS, b"" where that gains nothing."""
    made = CODINGS[name].compress(body) if len(body) >= SMALLEST else b""
    return made if len(made) < len(body) else b""
