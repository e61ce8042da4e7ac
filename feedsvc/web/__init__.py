"""HTTP service: responds to requests from the current edition (a publication that is being served), in one process or several.

The input is requests and the live edition; the output is responses, metrics and status. `service`, `cli`, `wsgi.py` and
`flask.py` use it. `preview` uses `forwarding_header`, `is_local_host` and `is_loopback`, which distinguish local clients from
remote ones. Flask takes 0.2 seconds to import: the command line imports this package in its functions.
"""

from feedsvc.web.access_control import StatusAccess, forwarding_header, is_local_host, is_loopback
from feedsvc.web.access_log import AccessLog
from feedsvc.web.app import create_app
from feedsvc.web.blueprint import SiteViews, add_site_endpoints, site_views
from feedsvc.web.document_endpoints import document_response
from feedsvc.web.metrics import counters, gauges
from feedsvc.web.rate_limit import PollLimit
from feedsvc.web.request_stats import VIEW_BEACON, RequestStats
from feedsvc.web.server import Server
from feedsvc.web.sockets import listen, listen_unix, url_of
from feedsvc.web.workers import Supervisor, Worker

__all__ = [
    "VIEW_BEACON",
    "AccessLog",
    "PollLimit",
    "RequestStats",
    "Server",
    "SiteViews",
    "StatusAccess",
    "Supervisor",
    "Worker",
    "add_site_endpoints",
    "counters",
    "create_app",
    "document_response",
    "forwarding_header",
    "gauges",
    "is_local_host",
    "is_loopback",
    "listen",
    "listen_unix",
    "site_views",
    "url_of",
]
