"""Limit of S3 for keys: 1,024 bytes (Amazon S3 User Guide, "Naming Amazon S3 objects"). Longer keys are not uploaded."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Final

from feedsvc.export.layout import file_name

_MAX_KEY_LENGTH: Final = 1024  # bytes
_LOG: Final = logging.getLogger(__name__)


class KeyLimit:
    """Filter of paths by the length of their keys. It logs each path that is left out once."""

    def __init__(self, key_of: Callable[[str], str]) -> None:
        """Take the function that returns the key of an object by its name."""
        self._key_of = key_of
        self._reported: set[str] = set()

    def without_long_keys(self, paths: Iterable[str]) -> list[str]:
        """Return the paths whose objects have keys of at most 1,024 bytes, each once.

        Log a warning about each of the others that was not logged before.
        """
        lengths = {path: len(self._key_of(file_name(path)).encode()) for path in paths}
        for path, length in lengths.items():
            if length > _MAX_KEY_LENGTH and path not in self._reported:
                self._reported.add(path)
                _LOG.warning(
                    "feedsvc: %s is not uploaded: its key has %s bytes, and S3 allows %s; give it a shorter name, or "
                    "upload below a shorter prefix",
                    *(path, f"{length:,}", f"{_MAX_KEY_LENGTH:,}"),
                )
        return [path for path, length in lengths.items() if length <= _MAX_KEY_LENGTH]
