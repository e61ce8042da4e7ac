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

    While the stored tokens are damaged, and until the operator restores them or begins anew, the error is of the subclass
    TokensDamagedError.
    """

    @property
    def location(self) -> str:
        """Location for messages, without password."""

    def fetch(self, digest: bytes, now: datetime) -> tuple[Token, int] | None:
        """Count a fetch with the token of this digest. Return its record, and 0 or, above the limit, the seconds to wait.

        None if there is no such token. A fetch with a token that has ended, or above the limit, is not counted. For a token
        that has ended, the seconds are 0, too, so the caller must check `Token.state` of the record.
        """

    def tokens(self) -> Sequence[Token]:
        """Return the records of all tokens, also of ended ones, in the order of their creation."""

    def add(self, token: Token) -> None:
        """Store a new token, durably. Raises FeedsvcError if a token that is not revoked, but perhaps expired, has its name."""

    def revoke(self, name: str, now: datetime) -> Token | None:
        """Revoke the token with this name that is not revoked yet, durably, and return its record as it was before.

        None if there is no such token. An expired token is revoked, too, after which another one can have its name.
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
