"""Tokens of private feeds: their store in SQLite or PostgreSQL, their limits, and the decision on a request.

Input: a token and a time. Output: whether the token's holder may fetch a feed, and the id of that feed. `web` calls it for each
request; the command line adds, lists and revokes tokens. A token is stored only as a digest, so it cannot be shown again.
"""

from feedsvc.access.authorizer import AccessDecision, Outcome, TokenAuthorizer
from feedsvc.access.store import TOKENS_FILE, TokenStore, open_token_store
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

__all__ = [
    "DEFAULT_LIMIT",
    "MAX_LIMIT",
    "TOKENS_FILE",
    "AccessDecision",
    "Outcome",
    "Token",
    "TokenAuthorizer",
    "TokenState",
    "TokenStore",
    "check_name",
    "hide_tokens",
    "log_path",
    "new_token",
    "open_token_store",
    "token_digest",
]
