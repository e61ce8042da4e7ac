"""Rows of the table of tokens, the same in SQLite and PostgreSQL, and the rules for names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from feedsvc.access.tokens import Token, from_microseconds, to_microseconds
from feedsvc.errors import FeedsvcError

COLUMN_COUNT: Final = 10


def to_row(token: Token) -> tuple[Any, ...]:
    """Return the ten values of a token's row, in the order of the columns. Moments are microseconds since 1970 or None."""
    return (
        token.digest,
        token.name,
        token.feed,
        to_microseconds(token.created_at),
        _optional_microseconds(token.expires_at),
        _optional_microseconds(token.revoked_at),
        token.hourly_limit,
        _optional_microseconds(token.last_used_at),
        token.fetches,
        token.full_at,
    )


def read_row(row: Sequence[Any]) -> Token:
    """Return the token of a row with the values of `to_row`. Raises OverflowError for an impossible moment."""
    digest, name, feed, created, expires, revoked_at, hourly_limit, used, fetches, full_at = row
    return Token(
        digest=bytes(digest),
        name=name,
        feed=feed,
        created_at=from_microseconds(created),
        expires_at=_optional_moment(expires),
        revoked_at=_optional_moment(revoked_at),
        hourly_limit=hourly_limit,
        last_used_at=_optional_moment(used),
        fetches=fetches,
        full_at=full_at,
    )


def find_by_name(name: str, tokens: Iterable[Token]) -> Token | None:
    """Return the token with exactly this name that is not revoked, but perhaps expired; None if there is none."""
    return next((token for token in tokens if token.name == name and token.revoked_at is None), None)


def check_free_name(token: Token, tokens: Iterable[Token]) -> None:
    """Raise FeedsvcError if a token that is not revoked has the same name as `token`."""
    if other := find_by_name(token.name, tokens):
        message = f"there is a token named '{token.name}' already, for the feed '{other.feed}'"
        raise FeedsvcError(f"{message}; choose another name, or end it first with feedsvc token revoke")


def _optional_microseconds(moment: datetime | None) -> int | None:
    return to_microseconds(moment) if moment else None


def _optional_moment(microseconds: int | None) -> datetime | None:
    return from_microseconds(microseconds) if microseconds is not None else None
