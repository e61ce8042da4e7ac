"""Views: how often each article is read. WSGI middleware, counter, store and reports.

Input: requests of readers. Output: numbers of views by article and UTC day. A service adds the middleware to its application,
the command line prints reports.
"""

from feedsvc.audience.counter import VIEWS_FILE, ViewCounter, open_view_store, report_totals_since
from feedsvc.audience.middleware import ViewsMiddleware
from feedsvc.audience.most_read import MostReadArticles
from feedsvc.audience.report import REPORT_FORMATTERS, report
from feedsvc.audience.visitors import Visitors

__all__ = [
    "REPORT_FORMATTERS",
    "VIEWS_FILE",
    "MostReadArticles",
    "ViewCounter",
    "ViewsMiddleware",
    "Visitors",
    "open_view_store",
    "report",
    "report_totals_since",
]
