"""Read counts: how often each article is read. WSGI middleware, counters, stores and reports.

Input: requests of readers. Output: numbers of reads by article and UTC day. A service adds the middleware to its application,
the command line prints reports.
"""

from feedsvc.audience.counter import ReadCounter
from feedsvc.audience.databases import READS_FILE, open_store, report_totals_since
from feedsvc.audience.middleware import ReadCountMiddleware
from feedsvc.audience.most_read import MostReadArticles
from feedsvc.audience.report import REPORT_FORMATTERS, report
from feedsvc.audience.visitors import Visitors

__all__ = [
    "READS_FILE",
    "REPORT_FORMATTERS",
    "MostReadArticles",
    "ReadCountMiddleware",
    "ReadCounter",
    "Visitors",
    "open_store",
    "report",
    "report_totals_since",
]
