"""Tokens of private feeds: their store in SQLite or PostgreSQL, their limits, and the decision on a request.

Input: a token and a time. Output: whether the token's holder may fetch a feed, and the id of that feed. `web` calls it for each
request; the command line adds, lists and revokes tokens. A token is stored only as a digest, so it cannot be shown again.
"""

from typing import TYPE_CHECKING

from feedsvc.access.authorizer import AccessDecision, Outcome, TokenAuthorizer, open_token_store
from feedsvc.access.tokens import (
    DEFAULT_LIMIT,
    MAX_LIMIT,
    Token,
    TokenState,
    check_name,
    hide_tokens,
    log_path,
    new_token,
    token_digest,
)

if TYPE_CHECKING:
    from feedsvc.access.store import TokenStore as TokenStore

__all__ = [
    "DEFAULT_LIMIT",
    "MAX_LIMIT",
    "AccessDecision",
    "Outcome",
    "Token",
    "TokenAuthorizer",
    "TokenState",
    "check_name",
    "hide_tokens",
    "log_path",
    "new_token",
    "open_token_store",
    "token_digest",
]
