"""Databases that the operator names by a URL: engines of SQLAlchemy for PostgreSQL and SQLite, their transactions and errors.

In comes a file or a URL; out come transactions, and errors as messages for the operator. `audience` and `access` use it, each
with tables of its own. SQLAlchemy is imported on first use: it takes a quarter of a second and 28 MB, and need not be installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from feedsvc.database.errors import READS, TOKENS, RowRefusedError, StoredData, UnavailableError, unavailable_error

if TYPE_CHECKING:
    from sqlalchemy import Connection as Connection

    from feedsvc.database.engines import WRITE_OPTION, database_url, engine, location, read_only_engine, transaction

__all__ = [
    "READS",
    "TOKENS",
    "WRITE_OPTION",
    "RowRefusedError",
    "StoredData",
    "UnavailableError",
    "database_url",
    "engine",
    "location",
    "read_only_engine",
    "transaction",
    "unavailable_error",
]

_ENGINE_NAMES: Final = ("WRITE_OPTION", "database_url", "engine", "location", "read_only_engine", "transaction")


def __getattr__(name: str) -> Any:
    if name in _ENGINE_NAMES:
        return getattr(import_module(f"{__name__}.engines"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
