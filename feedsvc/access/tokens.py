"""Tokens of private feeds: their form, their digests, when they end, and the limit of fetches. This module does no I/O."""

from __future__ import annotations

import base64
import re
import secrets
import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final

from feedsvc.errors import FeedsvcError
from feedsvc.support.digest import sha256

DEFAULT_LIMIT: Final = 60  # fetches an hour: enough for several devices that poll every few minutes
MAX_LIMIT: Final = 100_000
MAX_NAME_LENGTH: Final = 64  # characters
_TOKEN_BYTES: Final = 20  # 160 random bits, 32 characters
_TOKEN: Final = re.compile(r"[a-z2-7]{32}")
# In a text that is logged, another spelling is hidden, too: a person can guess the token from it.
_TOKEN_IN_TEXT: Final = re.compile(r"[a-z2-7]{32,}", re.IGNORECASE)
_PRIVATE_PATH: Final = re.compile(r"/private/.*", re.DOTALL | re.IGNORECASE)
_HIDDEN_TOKEN: Final = "(token)"  # noqa: S105 - not a token
_UNKNOWN_PATH: Final = "/private/(unknown)"
_NAME: Final = re.compile(r"[^\W_][\w .@+-]*")
_HOUR: Final = 3_600_000_000  # microseconds
_MAX_SKEW: Final = 300_000_000  # microseconds by which the clocks of two servers may differ
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class TokenState(Enum):
    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """Record of a token, without the token itself. `digest` is SHA-256 of it; `feed` is the id of its feed in feeds.yaml.

    Of the tokens that are not revoked, no two have the same `name`. `fetches` counts the admitted requests.
    `hourly_limit` of them are allowed at once, and as many in each further hour; `full_at` is the moment, in microseconds since
    1970, from which on all are allowed at once again.
    """

    digest: bytes
    name: str
    feed: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    hourly_limit: int = DEFAULT_LIMIT
    last_used_at: datetime | None = None
    fetches: int = 0
    full_at: int = 0

    def state(self, now: datetime) -> TokenState:
        """Return the state at a moment: REVOKED whatever the moment, else EXPIRED at and after `expires_at`, else ACTIVE."""
        if self.revoked_at is not None:
            return TokenState.REVOKED
        return TokenState.EXPIRED if self.expires_at is not None and now >= self.expires_at else TokenState.ACTIVE

    def after_fetch(self, now: datetime) -> tuple[Token, int]:
        """Return the record after a fetch, and 0. Above the limit, return this record and the seconds until the next fetch.

        This is the generic cell rate algorithm: one number instead of a count for each minute. If `full_at` is more than an
        hour and 5 minutes after `now`, the clock was set back since the last fetch, and the token would be limited for too
        long. Then return a record with `full_at` an hour after `now`, and the seconds until the next fetch from then on.
        """
        moment, interval = to_microseconds(now), _HOUR // self.hourly_limit
        if self.full_at > moment + _HOUR + _MAX_SKEW:
            return replace(self, full_at=moment + _HOUR), -(-interval // 1_000_000)
        full_at = max(self.full_at, moment) + interval
        excess = full_at - moment - _HOUR
        if excess > 0:
            return self, -(-excess // 1_000_000)
        return replace(self, full_at=full_at, fetches=self.fetches + 1, last_used_at=now), 0


def new_token() -> str:
    """Return a random token of 32 characters: lower-case letters and digits, so that no program changes or escapes it."""
    return base64.b32encode(secrets.token_bytes(_TOKEN_BYTES)).decode().lower()


def token_digest(token: str) -> bytes | None:
    """Return the digest under which a token is stored, None if the text has not the form of a token.

    A slow hash as for passwords is not needed: nobody can try 2^160 tokens.
    """
    return sha256(token) if _TOKEN.fullmatch(token) else None


def check_name(name: str) -> str:
    """Return the name of a token in Unicode form NFC. Raises FeedsvcError if it is not allowed.

    In NFC, a name has at most 64 characters: letters and digits of any script, spaces and . @ + - _. The first is a
    letter or digit, the last is no space. A run of 32 or more letters a to z, in either case, and digits 2 to 7 is not
    allowed, because it looks like a token. Whether a token has the name already is not checked.
    """
    normal = unicodedata.normalize("NFC", name)
    is_valid = _NAME.fullmatch(normal) and normal == normal.strip() and normal.isprintable() and len(normal) <= MAX_NAME_LENGTH
    if not is_valid or _TOKEN_IN_TEXT.search(normal):
        raise FeedsvcError(
            f"the name {name!r} is not allowed: begin with a letter or digit, then use letters, digits, spaces and . @ + - _, "
            f"at most {MAX_NAME_LENGTH} characters, such as: alice@example.org"
        )
    return normal


def hide_tokens(text: str) -> str:
    """Return a path or a header for a log, with "(token)" in place of each run of 32 or more letters a to z and digits 2 to 7.

    Letter case is ignored. A text that begins with /private/ becomes /private/(unknown).
    """
    return _UNKNOWN_PATH if _PRIVATE_PATH.fullmatch(text) else _TOKEN_IN_TEXT.sub(_HIDDEN_TOKEN, text)


def log_path(name: str, suffix: str) -> str:
    """Return the path to log for a private feed: /private/NAME/feed.SUFFIX, with the name of the token, not the token.

    For an unknown token, `name` is "" and the result is /private/(unknown).
    """
    return f"/private/{name}/feed.{suffix}" if name else _UNKNOWN_PATH


def to_microseconds(moment: datetime) -> int:
    """Return the whole microseconds from 1970 to a moment, which has a zone."""
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(microseconds: int) -> datetime:
    """Return the moment so many microseconds after 1970. Raises OverflowError for one that no datetime can have."""
    return _EPOCH + timedelta(microseconds=microseconds)
