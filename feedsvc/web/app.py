"""Flask application: one endpoint for each kind of address, behind the response cache."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from flask import Flask
from werkzeug.routing import PathConverter

from feedsvc.access import TokenAuthorizer
from feedsvc.live import Live
from feedsvc.web import metrics
from feedsvc.web.access_control import StatusAccess
from feedsvc.web.combination_form import add_form_endpoint
from feedsvc.web.document_endpoints import add_document_endpoints
from feedsvc.web.private_feeds import add_private_endpoint
from feedsvc.web.request_stats import RequestStats
from feedsvc.web.response_cache import ResponseCache
from feedsvc.web.service_endpoints import MetricsSource, add_service_endpoints
from feedsvc.web.status import StatusSection

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

    `status_sections` are additional sections of /status by name. `stats` counts the responses, by default in a new RequestStats.
    `metrics_source` returns the arguments of `metrics.render_metrics`; by default, the metrics of this process only.
    `status_access` decides which clients may read /status and /metrics. Without `token_authorizer`, there are no private feeds.
    With `caches_responses`, responses from the cache do not pass through Flask: no function registered with `before_request` or
    `after_request` runs for them.
    """
    counted_stats = stats or RequestStats()

    def read_metrics() -> tuple[metrics.MetricValues, Mapping[str, metrics.MetricValues]]:
        return metrics.counters(live, counted_stats), {"": metrics.gauges(live)}

    app = Flask("feedsvc", static_folder=None, template_folder=None)
    # The edition redirects to the canonical path itself, from any other.
    app.url_map.strict_slashes = app.url_map.merge_slashes = False
    app.url_map.converters["file_path"] = _FilePathConverter
    add_document_endpoints(app, live, counted_stats)
    add_form_endpoint(app, live)
    add_service_endpoints(app, live, metrics_source or read_metrics, status_sections, status_access)
    if token_authorizer:
        add_private_endpoint(app, live, token_authorizer, status_access.trusted_proxies)
    mounted = _MountMiddleware(app.wsgi_app, live)
    # mypy forbids the assignment that Flask's documentation recommends for middleware.
    app.wsgi_app = ResponseCache(mounted, live, counted_stats) if caches_responses else mounted  # type: ignore[method-assign]
    return app


class _FilePathConverter(PathConverter):
    """Converter of URL rules for the path of a file. It accepts slashes and any other character, also line breaks."""

    regex = "(?s:.+?)"
    part_isolating = False  # the path may contain slashes; Werkzeug would conclude the contrary from the regex


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
