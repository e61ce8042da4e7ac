"""Preview of drafts and problems for editors: WSGI middleware with a panel, and a stream of events that reload open pages.

Input: requests of editors, and the live edition. Output: pages with a panel. The command line adds the middleware to a server.
"""

from feedsvc.preview.events import EventStreams
from feedsvc.preview.middleware import PreviewMiddleware
from feedsvc.preview.panel import label_counts

__all__ = [
    "EventStreams",
    "PreviewMiddleware",
    "label_counts",
]
