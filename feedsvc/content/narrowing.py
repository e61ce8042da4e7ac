"""Which narrower copies a picture has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

WIDTHS: Final = (320, 640, 960, 1280, 1920)

_CLOSEST: Final = 95  # per cent of the picture's width; a copy nearer to it would save nothing

# Media type -> Pillow's format and how to save. AVIF is tiled by the number of threads: one, for the same bytes everywhere.
TYPES: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "image/avif": ("AVIF", {"quality": 65, "max_threads": 1}),
    "image/gif": ("GIF", {"optimize": True}),
    "image/jpeg": ("JPEG", {"quality": 80, "progressive": True, "optimize": True}),
    "image/png": ("PNG", {"optimize": True}),
    "image/webp": ("WEBP", {"quality": 80}),
}


def widths(width: int) -> tuple[int, ...]:
    """The widths that a picture of this width is worth having copies of, narrowest first."""
    return tuple(one for one in WIDTHS if one * 100 <= width * _CLOSEST)
