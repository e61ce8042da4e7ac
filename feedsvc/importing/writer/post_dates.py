"""Dates of a post as an article file may have them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from feedsvc.importing.source import SourcePost

_YEARS: Final = range(1900, 9999)


def valid_date(date: datetime | None) -> datetime | None:
    """Return a date in whole seconds, with a zone of whole minutes; None if it is missing or not in the years 1900 to 9998."""
    if date is None or date.year not in _YEARS:
        return None
    offset = date.utcoffset()
    if offset is None or offset.total_seconds() % 60:  # before 1900 or so, zones had seconds
        date = date.astimezone(UTC)
    return date.replace(microsecond=0)


def publication_date(post: SourcePost, fallback: datetime) -> datetime:
    """Return the date that the article gets: that of the post, else that of its last change, else `fallback`, in whole seconds.

    A date outside of the years 1900 to 9998 counts as missing.
    """
    return valid_date(post.published) or valid_date(post.updated) or fallback.replace(microsecond=0)
