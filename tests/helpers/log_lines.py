"""Lines of the log of a command."""

from __future__ import annotations

import re
from typing import Final

_TIME_AND_LEVEL: Final = re.compile(
    r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (DEBUG|INFO|WARNING|ERROR|CRITICAL) ", flags=re.MULTILINE
)


def without_times(text: str) -> str:
    """Return the log without the time and level at the beginning of its lines."""
    return _TIME_AND_LEVEL.sub("", text)
