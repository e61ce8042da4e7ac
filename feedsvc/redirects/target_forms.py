"""Sample values for placeholders, so that the form of a pattern's target can be compared with those of places."""

from __future__ import annotations

from typing import Final

from feedsvc.redirects.patterns import RedirectPattern

SAMPLE: Final = "q7-sample"  # a name that no literal part of a pattern has
_SAMPLE_DIGITS: Final = {"year": "2026", "month": "01", "day": "02", "number": "2"}


def sample_target(pattern: RedirectPattern) -> str:
    """Return the target of a pattern with a sample value for each placeholder: a path, an absolute address or GONE."""
    parts = pattern.target_parts
    return "".join(part if isinstance(part, str) else _SAMPLE_DIGITS.get(part.name, SAMPLE) for part in parts)
