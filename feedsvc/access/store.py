"""Stores of tokens: what all of them can do, and which one belongs to a state folder or a database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from feedsvc.access.sqlite_store import SqliteTokenStore
from feedsvc.access.tokens import Token
from feedsvc.errors import FeedsvcError

TOKENS_FILE: Final = "tokens.sqlite"


class TokenStore(Protocol):
    """Store of tokens. Thread-safe; several processes may share it. Its methods raise UnavailableError if it cannot be used.

    It is TokensDamagedError, a subclass, while the stored tokens are damaged and the operator has done nothing about it.
    """

    @property
    def location(self) -> str:
        """Location for messages, without password."""

    def fetch(self, digest: bytes, now: datetime) -> tuple[Token, int] | None:
        """Count a fetch with the token of this digest. Return its record, and the seconds to wait if it is above the limit or 0.

        None if there is no such token; then nothing is written. A fetch with a token that has ended, or above the limit, is not
        counted. For a token that has ended, the seconds are 0, so the caller must check `Token.state`.
        """

    def tokens(self) -> Sequence[Token]:
        """Return all tokens, also those that have ended, in the order of their creation."""

    def add(self, token: Token) -> None:
        """Store a new token, durably. Raises FeedsvcError if another token that is not revoked has the same name.

        An expired token has its name until it is revoked.
        """

    def revoke(self, name: str, now: datetime) -> Token | None:
        """Revoke the token with this name, durably, and return its record as it was before.

        None if no token has it that is not revoked. An expired token is revoked, too, which frees its name.
        """

    def check(self) -> None:
        """Raise UnavailableError if the store cannot be used. A store in which no token was ever added can be used."""

    def close(self) -> None: ...


def open_token_store(state_folder: Path, database: str = "") -> TokenStore:
    """Return the store in a database (URL, if not ""), else in the state folder. Nothing is opened yet.

    Raises FeedsvcError if the URL is invalid or of an unsupported database, or if a package for it is missing.
    """
    if not database:
        return SqliteTokenStore(state_folder / TOKENS_FILE)
    try:
        from feedsvc.access.postgres_store import PostgresTokenStore, sqlite_file  # noqa: PLC0415 - imports SQLAlchemy
    except ImportError as error:
        message = f"--database needs the package {error.name}; install it with: pip install 'feedsvc[postgres]'"
        raise FeedsvcError(message) from None
    file = sqlite_file(database)
    return SqliteTokenStore(file, is_shared=True) if file else PostgresTokenStore(database)
