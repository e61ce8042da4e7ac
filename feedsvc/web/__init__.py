"""HTTP service: responds to requests from the current edition (a publication that is being served), in one process or several.

The input is requests and the live edition; the output is responses, metrics and status. `service`, `cli`, `wsgi.py` and
`flask.py` use it. `preview` uses `forwarding_header`, `is_local_host` and `is_loopback`, which distinguish local clients from
remote ones.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from feedsvc.web.access_control import StatusAccess, forwarding_header, is_local_host, is_loopback
    from feedsvc.web.access_log import LOG_FORMATS, AccessLog
    from feedsvc.web.app import create_app
    from feedsvc.web.blueprint import SiteViews, add_site_endpoints, site_views
    from feedsvc.web.document_endpoints import document_response
    from feedsvc.web.metrics import MetricValues, counters, gauges
    from feedsvc.web.rate_limit import PollLimit
    from feedsvc.web.request_stats import VIEW_BEACON, RequestStats
    from feedsvc.web.server import Server, end_sentence
    from feedsvc.web.service_endpoints import MetricsSource
    from feedsvc.web.sockets import listen, listen_unix, url_of
    from feedsvc.web.workers import Supervisor, Worker

__all__ = [
    "LOG_FORMATS",
    "VIEW_BEACON",
    "AccessLog",
    "MetricValues",
    "MetricsSource",
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
    "end_sentence",
    "forwarding_header",
    "gauges",
    "is_local_host",
    "is_loopback",
    "listen",
    "listen_unix",
    "site_views",
    "url_of",
]

# Imported on first use: the command line needs a few of these names, but not Flask, before it starts to read the content folder.
_MODULES: Final = {
    "AccessLog": "access_log",
    "LOG_FORMATS": "access_log",
    "MetricValues": "metrics",
    "MetricsSource": "service_endpoints",
    "PollLimit": "rate_limit",
    "RequestStats": "request_stats",
    "Server": "server",
    "SiteViews": "blueprint",
    "StatusAccess": "access_control",
    "Supervisor": "workers",
    "VIEW_BEACON": "request_stats",
    "Worker": "workers",
    "add_site_endpoints": "blueprint",
    "counters": "metrics",
    "create_app": "app",
    "document_response": "document_endpoints",
    "end_sentence": "server",
    "forwarding_header": "access_control",
    "gauges": "metrics",
    "is_local_host": "access_control",
    "is_loopback": "access_control",
    "listen": "sockets",
    "listen_unix": "sockets",
    "site_views": "blueprint",
    "url_of": "sockets",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
