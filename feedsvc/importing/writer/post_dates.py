"""Dates of a post as an article file may have them, and what they mean for its state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from feedsvc.importing.source import Omission, PostState, SourcePost
from feedsvc.importing.writer.base import ARTICLES, ImportBase
from feedsvc.importing.writer.post_ids import source_key

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


def with_final_states(posts: Iterable[SourcePost | Omission], base: ImportBase, now: datetime) -> Iterator[SourcePost | Omission]:
    """Yield the posts, each scheduled one as published, or as a draft after its omission if its date is not later than `now`.

    Nothing becomes public that was not public at the source. A post that an earlier import scheduled here stays published.
    """
    for post in posts:
        if not isinstance(post, SourcePost) or post.state is not PostState.SCHEDULED:
            yield post
        elif (post.published and post.published > now) or _is_public_here(base, post):
            yield replace(post, state=PostState.PUBLISHED)
        else:
            reason = "it was still scheduled at the source though its date has come, so it is a draft"
            yield Omission(post.place, f"post '{post.title}': publication", reason)
            yield replace(post, state=PostState.DRAFT)


def _is_public_here(base: ImportBase, post: SourcePost) -> bool:
    """Return whether the last import wrote the post, and not as a draft."""
    line = base.get(ARTICLES, source_key(post))
    return bool(line) and " status=" not in line[1]
