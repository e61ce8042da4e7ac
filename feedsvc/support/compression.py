"""Content codings (RFC 9110 section 8.4.1).

Only this module imports libdeflate (gzip, RFC 1952), brotli (RFC 7932) and zstd (RFC 8878).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import brotli  # type: ignore[import-untyped]
import deflate

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MIN_SIZE: Final = 200  # bytes; for less, a coding's header is larger than the gain


# By their names in HTTP; the coding that makes feeds and pages smallest is first. The levels are the highest ones that are worth
# their time: above them, each coding takes ten times as long to save a few per cent. Results have no time stamp and no file name.
CODINGS: Final[Mapping[str, Callable[[bytes], bytes]]] = MappingProxyType(
    {
        "br": lambda body: bytes(brotli.compress(body, quality=5)),
        "zstd": lambda body: zstd.compress(body, level=9),
        "gzip": lambda body: bytes(deflate.gzip_compress(body, 6)),
    }
)


def compress(body: bytes, name: str) -> bytes:
    """Return the body in the coding `name` of CODINGS; b"" if the body is below MIN_SIZE or would not become smaller."""
    compressed = CODINGS[name](body) if len(body) >= MIN_SIZE else b""
    return compressed if len(compressed) < len(body) else b""
