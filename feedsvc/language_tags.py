"""Language tags (RFC 5646) and the language ranges that match them (RFC 4647)."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=256)
def shorter_tags(language: str) -> tuple[str, ...]:
    """Return a language tag and all shorter tags that it begins with, the longest first: en-GB and en for en-GB.

    Letter case stays.
    """
    subtags = language.split("-")
    return tuple("-".join(subtags[:count]) for count in range(len(subtags), 0, -1))


@lru_cache(maxsize=256)
def language_ranges(language: str) -> tuple[str, ...]:
    """Return the language ranges, in lower case, that match a language tag (RFC 4647 section 3.3.1): en-gb and en for en-GB."""
    return shorter_tags(language.lower())


def is_range_of(name: str, language: str) -> bool:
    """Return whether the language range `name`, in any letter case, with hyphens or underscores, matches a language tag."""
    return name.replace("_", "-").lower() in language_ranges(language)


def is_same_tag(name: str, language: str) -> bool:
    """Return whether a name is another spelling of a language tag, or the tag: pt_br of pt-BR."""
    return name.replace("_", "-").lower() == language.lower()
