"""feedsvc: a folder of YAML articles becomes feeds that every reader accepts."""

from __future__ import annotations

from typing import Final

__version__: Final = "0.1.0"
