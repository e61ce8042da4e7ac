"""Errors of databases, as messages for the operator, without passwords or tracebacks."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from feedsvc.errors import FeedsvcError


class StoredData(NamedTuple):
    """Data in a database: their `name` in messages, and the names of their `tables`."""

    name: str
    tables: tuple[str, ...]


READS: Final = StoredData("reads", ("feedsvc_views", "feedsvc_views_writers"))
TOKENS: Final = StoredData("tokens", ("feedsvc_tokens",))
_GRANT_ADVICE: Final = (
    "let an owner of the database run: GRANT USAGE ON SCHEMA public TO the_role; "
    "GRANT SELECT, INSERT, UPDATE ON {tables} TO the_role "
    "(and, until the tables exist, GRANT CREATE ON SCHEMA public TO the_role)"
)
# The first pattern that matches is used. For PostgreSQL, SQLSTATE precedes the text.
_ADVICE: Final = (
    (r"^53100|disk is full|no space left|disk quota", "free space on its disk"),
    (
        r"not a database|malformed",
        "move that file away, and feedsvc creates a new one; or give another with --state or --database",
    ),
    (r"^42703|no such column|has no column", "another program or version created the table {table}; rename that table"),
    (r"^3F000|no schema has been selected", "create the schema that its search_path names, or correct the search_path"),
    (r"^42501|permission denied for", _GRANT_ADVICE),
    (r"^25006|read-only transaction", "that server is read-only; give the address of the primary server"),
    (
        r"readonly|read-only|unable to open|permission denied|file exists|not a directory",
        "give feedsvc the permission to write in that folder",
    ),
    (r"locked", "another program has locked that file; end it or wait"),
    (r"password|pg_hba|authentication|role .* does not exist", "correct user and password in FEEDSVC_DATABASE"),
    (r"^3D000|database .* does not exist", "create that database, or correct its name in FEEDSVC_DATABASE"),
    (r"resolve|translate host|getaddrinfo|name or service|idna|label", "correct the host in FEEDSVC_DATABASE"),
    (
        r"refused|time(d )?out|unreachable|no answer|closed the connection",
        "check that the server runs and can be reached from this machine",
    ),
)
_ROW_SQLSTATE_CLASSES: Final = frozenset({"22", "23", "54"})  # classes of SQLSTATE: data exception, integrity, program limit
# Names of DB API classes, of any library: importing SQLAlchemy is slow and unnecessary for a file of the state folder.
_ROW_ERROR_CLASSES: Final = frozenset({"DataError", "IntegrityError"})


class UnavailableError(FeedsvcError):
    """Raised if a database cannot do an operation. The same operation may succeed later."""


class RowRefusedError(UnavailableError):
    """Raised if the database works, but refuses a row because of the row's values."""


def unavailable_error(location: str, error: Exception, data: StoredData = READS) -> UnavailableError:
    """Return an error whose message has the name of `data`, the location of their database, the reason in `error`, and advice.

    The advice is left out if the reason is not a known one. The result is a RowRefusedError if `error` is about the values of a
    row, else only an UnavailableError.
    """
    cause = getattr(error, "orig", None) or error
    reason = " ".join(str(cause).strip().partition("\n")[0].split()) or type(cause).__name__
    text = f"{getattr(cause, 'sqlstate', None) or ''} {reason}".strip()
    advice = next((advice_text for pattern, advice_text in _ADVICE if re.search(pattern, text, re.IGNORECASE)), "")
    kind = RowRefusedError if _is_row_error(error) else UnavailableError
    advice = f"; {advice.format(table=data.tables[0], tables=', '.join(data.tables))}" if advice else ""
    return kind(f"the database of {data.name} cannot be used: {location}: {reason}{advice}")


def _is_row_error(error: Exception) -> bool:
    state = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    return (
        type(error).__name__ in _ROW_ERROR_CLASSES
        or isinstance(error, OverflowError | UnicodeError)
        or state[:2] in _ROW_SQLSTATE_CLASSES
    )
