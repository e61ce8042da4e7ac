"""Views: how often each article is read. WSGI middleware, counter and store.

Input: requests of readers. Output: numbers of views by article and UTC day. A service adds the middleware to its application,
the command line prints them.
"""

from feedsvc.audience.counter import VIEWS_FILE, ViewCounter, report_totals_since
from feedsvc.audience.middleware import ViewsMiddleware
from feedsvc.audience.most_read import MostReadArticles
from feedsvc.audience.visitors import Visitors

__all__ = [
    "VIEWS_FILE",
    "MostReadArticles",
    "ViewCounter",
    "ViewsMiddleware",
    "Visitors",
    "report_totals_since",
]
