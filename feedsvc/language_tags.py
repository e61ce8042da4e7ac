"""Language tags (RFC 5646) and the language ranges that match them (RFC 4647)."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=256)
def language_ranges(language: str) -> tuple[str, ...]:
    """Return the language ranges, in lower case, that match a language tag (RFC 4647 section 3.3.1): en-gb and en for en-GB."""
    subtags = language.lower().split("-")
    return tuple("-".join(subtags[:count]) for count in range(len(subtags), 0, -1))
