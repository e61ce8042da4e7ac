"""Flask application: one endpoint for each kind of address, behind the response cache."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from flask import Flask

from feedsvc import feeds
from feedsvc.access import TokenAuthorizer
from feedsvc.live import Live
from feedsvc.routes import COMBINATION_FORM
from feedsvc.web import metrics
from feedsvc.web.access_control import StatusAccess
from feedsvc.web.combination_form import FORM_ENDPOINT, FORM_METHODS, form_view
from feedsvc.web.document_endpoints import (
    PATH_CONVERTER,
    DocumentView,
    FilePathConverter,
    add_document_endpoints,
    add_endpoint,
)
from feedsvc.web.private_feeds import PRIVATE_ENDPOINT, PRIVATE_RULE, PrivateView
from feedsvc.web.request_stats import RequestStats
from feedsvc.web.response_cache import ResponseCache
from feedsvc.web.service_endpoints import MetricsSource, StatusSection, add_service_endpoints

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_NO_SECTIONS: Final[Mapping[str, StatusSection]] = MappingProxyType({})
_LOCAL_ONLY: Final = StatusAccess()


def create_app(
    live: Live,
    status_sections: Mapping[str, StatusSection] = _NO_SECTIONS,
    stats: RequestStats | None = None,
    metrics_source: MetricsSource | None = None,
    status_access: StatusAccess = _LOCAL_ONLY,
    *,
    token_authorizer: TokenAuthorizer | None = None,
    caches_responses: bool = True,
) -> Flask:
    """Return the Flask application that serves the current edition of `live`, mounted at the path of base_url.

    `status_sections` are additional sections of /status by name. `stats` counts the responses; None means a new
    RequestStats. `metrics_source` returns the counters of all processes added up, and the gauges by worker number; None
    means those of this process only. `status_access` decides which clients may read /status and /metrics, by default
    those on this machine. Requests for private feeds, too, take the client's address from X-Forwarded-For if their peer
    is one of its `trusted_proxies`. Without `token_authorizer`, there are no private feeds.

    With `caches_responses`, responses from the cache do not pass through Flask: no function registered with
    `before_request` or `after_request` runs for them. Raises PluginError for the first plug-in that cannot be loaded or
    used.
    """
    feeds.check_plugins()
    counted_stats = stats or RequestStats()

    def read_metrics() -> tuple[metrics.MetricValues, Mapping[str, metrics.MetricValues]]:
        return metrics.counters(live, counted_stats), {"": metrics.gauges(live)}

    app = Flask("feedsvc", static_folder=None, template_folder=None)
    # The edition redirects to the canonical path itself, from any other.
    app.url_map.strict_slashes = app.url_map.merge_slashes = False
    app.url_map.converters[PATH_CONVERTER] = FilePathConverter
    document_view = DocumentView(live)
    add_document_endpoints(app, live, counted_stats, document_view)
    add_endpoint(app, FORM_ENDPOINT, COMBINATION_FORM, form_view(live, document_view), FORM_METHODS)
    add_service_endpoints(app, live, metrics_source or read_metrics, status_sections, status_access)
    if token_authorizer:
        add_endpoint(app, PRIVATE_ENDPOINT, PRIVATE_RULE, PrivateView(live, token_authorizer, status_access.trusted_proxies))
    mounted = _MountMiddleware(app.wsgi_app, live)
    # mypy forbids the assignment that Flask's documentation recommends for middleware.
    app.wsgi_app = ResponseCache(mounted, live, counted_stats) if caches_responses else mounted  # type: ignore[method-assign]
    return app


class _MountMiddleware:
    """WSGI middleware that moves the path of base_url from the start of PATH_INFO to SCRIPT_NAME (PEP 3333).

    Other paths are unchanged. base_url is read for each request, because a new edition can change it.
    """

    def __init__(self, next_app: WSGIApplication, live: Live) -> None:
        self._next_app, self._live = next_app, live

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        mount = self._live.edition.publication.mount.encode().decode("latin-1")
        path: str = environ["PATH_INFO"]
        if mount and (path == mount or path.startswith(f"{mount}/")):
            environ = {**environ, "SCRIPT_NAME": environ.get("SCRIPT_NAME", "") + mount, "PATH_INFO": path[len(mount) :]}
        return self._next_app(environ, start_response)
