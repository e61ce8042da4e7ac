"""Service: all that serves one content folder in one process, except the server that accepts connections.

Input: settings. Output: a WSGI application with its edition, watcher, read counts, private feeds and notifications of hubs.
The command line runs it on feedsvc's own server, `wsgi` on another server, and `flask`, without counts and notifications, in
another application.
"""

from feedsvc.service.newsroom import LiveNewsroom, open_live, open_newsroom, require_usable_state_folder
from feedsvc.service.service import Service, ServiceConfig, with_own_environ

__all__ = [
    "LiveNewsroom",
    "Service",
    "ServiceConfig",
    "open_live",
    "open_newsroom",
    "require_usable_state_folder",
    "with_own_environ",
]
