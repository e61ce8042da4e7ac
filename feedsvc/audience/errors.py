"""What can go wrong with a database of reads, told to whoever can mend it. Never a password, never a traceback."""

from __future__ import annotations

import re
from typing import Final

from feedsvc.errors import FeedsvcError

_GRANTS: Final = (
    "let an owner of the database run: GRANT USAGE ON SCHEMA public TO the_role; "
    "GRANT SELECT, INSERT, UPDATE ON feedsvc_views, feedsvc_views_writers TO the_role "
    "(and, until the tables are there, GRANT CREATE ON SCHEMA public TO the_role)"
)
# The first pattern that is found counts; of PostgreSQL's faults the SQLSTATE stands before the text.
_ADVICE: Final = (
    (r"^53100|disk is full|no space left|disk quota", "make room on its disk"),
    (r"not a database|malformed", "move that file away and a new one is made; or give another with --state or --database"),
    (r"^42703|no such column|has no column", "another program or version made the table feedsvc_views; rename that table"),
    (r"^3F000|no schema has been selected", "make the schema that its search_path names, or correct the search_path"),
    (r"^42501|permission denied for", _GRANTS),
    (r"^25006|read-only transaction", "that server takes no writes; name the primary one"),
    (r"readonly|read-only|unable to open|permission denied|file exists|not a directory", "let feedsvc write in that folder"),
    (r"locked", "another program keeps that file locked; end it or wait"),
    (r"password|pg_hba|authentication|role .* does not exist", "correct user and password in FEEDSVC_DATABASE"),
    (r"^3D000|database .* does not exist", "make that database, or correct its name in FEEDSVC_DATABASE"),
    (r"resolve|translate host|getaddrinfo|name or service|idna|label", "correct the host in FEEDSVC_DATABASE"),
    (r"refused|time(d )?out|unreachable|no answer|closed the connection", "see that it runs and can be reached from here"),
)
_ROWS_FAULT: Final = frozenset({"22", "23", "54"})  # classes of SQLSTATE: data, integrity, a limit of the program
# Classes of the DB API, of whichever library: SQLAlchemy's take long to import, and a file of the state folder needs none.
_ROWS_ERRORS: Final = frozenset({"DataError", "IntegrityError"})


class UnavailableError(FeedsvcError):
    """The database does not do what was asked now, and may later."""


class RefusedError(UnavailableError):
    """The database works, and does not take this row for what it holds."""


def unavailable(where: str, error: Exception) -> UnavailableError:
    """The fault as a sentence: where, why, and what to do about it as far as that is known."""
    cause = getattr(error, "orig", None) or error
    reason = " ".join(str(cause).strip().partition("\n")[0].split()) or type(cause).__name__
    told = f"{getattr(cause, 'sqlstate', None) or ''} {reason}".strip()
    advice = next((f"; {what}" for pattern, what in _ADVICE if re.search(pattern, told, re.IGNORECASE)), "")
    kind = RefusedError if _is_the_rows_own(error) else UnavailableError
    return kind(f"the database of reads cannot be used: {where}: {reason}{advice}")


def _is_the_rows_own(error: Exception) -> bool:
    state = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    return type(error).__name__ in _ROWS_ERRORS or isinstance(error, OverflowError | UnicodeError) or state[:2] in _ROWS_FAULT
