"""Read counts: how often each article is read. WSGI middleware, counters, stores and reports.

In come requests of readers; out come numbers of reads by article and UTC day. Only the command line imports this package; it adds
the middleware to a server.
"""

from feedsvc.audience.counter import ReadCounter
from feedsvc.audience.databases import open_store, report_totals_since
from feedsvc.audience.middleware import ReadCountMiddleware
from feedsvc.audience.report import REPORT_FORMATTERS, report
from feedsvc.audience.visitors import Visitors

__all__ = [
    "REPORT_FORMATTERS",
    "ReadCountMiddleware",
    "ReadCounter",
    "Visitors",
    "open_store",
    "report",
    "report_totals_since",
]
