"""Read counts of articles: WSGI middleware, counters and reports.

In come requests of readers; out come counts by article and day. Only the command line imports this package; it adds the
middleware to a server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from feedsvc.audience.counter import ReadCounter
from feedsvc.audience.middleware import ReadCountMiddleware
from feedsvc.audience.readonly import report_totals_since
from feedsvc.audience.report import REPORT_FORMATTERS, report
from feedsvc.audience.sqlite_store import SqliteReadStore
from feedsvc.audience.visitors import Visitors

if TYPE_CHECKING:
    from feedsvc.audience.store import DatabaseReadStore

__all__ = [
    "REPORT_FORMATTERS",
    "DatabaseReadStore",
    "ReadCountMiddleware",
    "ReadCounter",
    "SqliteReadStore",
    "Visitors",
    "report",
    "report_totals_since",
]


def __getattr__(name: str) -> Any:
    """Import DatabaseReadStore on first use: SQLAlchemy takes a quarter of a second, and only a named database needs it."""
    if name == "DatabaseReadStore":
        from feedsvc.audience.store import DatabaseReadStore  # noqa: PLC0415

        return DatabaseReadStore
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
