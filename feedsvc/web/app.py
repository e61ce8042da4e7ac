"""WSGI application: middleware serves documents and media; Flask serves everything else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from http import HTTPStatus
from time import perf_counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response
from flask import request as flask_request

from feedsvc import uris
from feedsvc.errors import TextUnavailableError
from feedsvc.live import Live
from feedsvc.publication import Document, PendingFile, Publication, Redirect, Resource
from feedsvc.support.file_descriptors import budget, current_limit, is_exhausted
from feedsvc.web import metrics, responses
from feedsvc.web.access_control import StatusAccess
from feedsvc.web.deferred_requests import wait_for
from feedsvc.web.media_files import MediaResponder
from feedsvc.web.open_files import OpenFiles
from feedsvc.web.request_stats import MEDIA, OTHER, REDIRECT, Labels, RequestStats, labels_of
from feedsvc.web.response_cache import CachedResponse, ResponseMicrocache
from feedsvc.web.responses import Headers
from feedsvc.web.reusable_headers import HEAD_REUSE_KEY, ReusableHeaders
from feedsvc.web.status import StatusSection, render_status

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MetricsSource = Callable[[], tuple[metrics.MetricValues, Mapping[str, metrics.MetricValues]]]
_LOG: Final = logging.getLogger(__name__)
_OPEN_FILE_WAIT_SECONDS: Final = 5.0  # seconds that a request waits until another open file is closed
_RETRY_SECONDS: Final = 5
_NO_STORE: Final = {"Cache-Control": "no-store"}
_PENDING_WAIT_SECONDS: Final = 5.0  # seconds that a request waits for an image that is being created
_PENDING_RETRY_SECONDS: Final = 5  # seconds: Retry-After if the image does not exist after the wait
_HEALTH_PATHS: Final = ("/healthz", "/readyz")  # answered even if no edition can be built
_NO_SECTIONS: Final[Mapping[str, StatusSection]] = MappingProxyType({})
_LOCAL_ONLY: Final = StatusAccess()
_FORBIDDEN_MESSAGE: Final = (
    "/status and /metrics answer only requests from this machine to 127.0.0.1 or localhost.\n"
    "Start the server with --open-status ADDRESS to allow another client. If a proxy forwards that client's requests, name the\n"
    "proxy with --trusted-proxy, too.\n"
)
_STATUS_LINES: Final = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class DocumentMiddleware:
    """WSGI middleware that answers every address of the current edition and delegates other addresses to `next_app`.

    A request uses one edition throughout. The site is mounted at the path of base_url.
    """

    def __init__(self, next_app: WSGIApplication, live: Live, stats: RequestStats) -> None:
        self._next_app, self._live, self._stats = next_app, live, stats
        self._media = MediaResponder(live.last_modified, OpenFiles(budget(current_limit()).files))
        self._microcache = ResponseMicrocache(live, live.clock())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_time, now = perf_counter(), self._live.clock()
        cached = self._microcache.get(environ, now)
        if cached is None:
            try:
                return self._respond(environ, start_response, start_time, now)
            except TextUnavailableError:  # the watcher thread reads the article again at once
                return self._unavailable(
                    start_response, "This page is being rendered again. Try again in a moment.", start_time, 1
                )
            except Exception as error:
                if not is_exhausted(error):
                    raise
                return self._descriptors_exhausted(start_response, error, start_time)
        status_line, headers, body, labels, status = cached
        self._stats.count(labels, status, perf_counter() - start_time, cache_hits=1)
        start_response(status_line, headers if HEAD_REUSE_KEY in environ else [*headers])
        return body

    def _respond(
        self, environ: WSGIEnvironment, start_response: StartResponse, start_time: float, now: datetime
    ) -> Iterable[bytes]:
        try:
            microcache = self._current_microcache(now)
        except Exception:
            if not environ["PATH_INFO"].endswith(_HEALTH_PATHS):
                raise
            return self._delegate(environ, start_response, uris.mount_path(self._live.base_url()), start_time)
        edition = microcache.publication
        resource, request = _resolve(environ, edition), (environ["REQUEST_METHOD"], environ)
        if isinstance(resource, Document):
            response, labels = responses.respond(resource, request, now, edition.next_change), labels_of(resource)
            if resource.derived_data.has_grown:
                edition.update_size(resource.path)
            reusable_headers = ReusableHeaders(response.headers)
            cached = CachedResponse(_STATUS_LINES[response.status], reusable_headers, (response.body,), labels, response.status)
            microcache.put(environ, cached)
            self._stats.count(labels, response.status, perf_counter() - start_time)
            return _send(start_response, response.status, response.headers, (response.body,))
        if isinstance(resource, Redirect | PendingFile):
            response, labels = _redirect_or_pending(resource, request, now, edition)
            self._stats.count(labels, response.status, perf_counter() - start_time)
            return _send(start_response, response.status, response.headers, (response.body,))
        file_response = self._media.respond(resource, request, now, edition.next_change) if resource else None
        if file_response:
            if file_response.wait_condition is not None:
                wait_for(environ, file_response.wait_condition, _OPEN_FILE_WAIT_SECONDS)
            self._stats.count(MEDIA, file_response.status, perf_counter() - start_time)
            return _send(
                start_response, file_response.status, file_response.headers, file_response.body(environ.get("wsgi.file_wrapper"))
            )
        return self._delegate(environ, start_response, edition.mount, start_time)

    def _descriptors_exhausted(self, start_response: StartResponse, error: Exception, start_time: float) -> Iterable[bytes]:
        """Respond with 503: a 404 or 500 would be wrong, and a cache may store a 404."""
        _LOG.warning(
            "feedsvc: all %d file descriptors are in use (%s); requests get status 503 until one is free", current_limit(), error
        )
        return self._unavailable(start_response, "This server has too many open files. Try again in a moment.", start_time)

    def _unavailable(
        self, start_response: StartResponse, sentence: str, start_time: float, retry_after: int = _RETRY_SECONDS
    ) -> Iterable[bytes]:
        response = responses.unavailable_response(sentence, retry_after)
        self._stats.count(OTHER, response.status, perf_counter() - start_time)
        return _send(start_response, response.status, response.headers, (response.body,))

    def _current_microcache(self, now: datetime) -> ResponseMicrocache:
        microcache = self._microcache
        if not microcache.is_current(now):
            microcache = self._microcache = ResponseMicrocache(self._live, now)
        return microcache

    def _delegate(
        self, environ: WSGIEnvironment, start_response: StartResponse, mount: str, start_time: float
    ) -> Iterable[bytes]:
        """Call the next application with the path below the mount; SCRIPT_NAME holds the mount (PEP 3333)."""
        path = _decoded_path(environ)
        if path.startswith(f"{mount}/"):
            environ["SCRIPT_NAME"], environ["PATH_INFO"] = _wsgi_text(mount), _wsgi_text(path[len(mount) :])

        def start_counted_response(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            self._stats.count(OTHER, int(status[:3]), perf_counter() - start_time)
            return start_response(status, headers, *error)

        return self._next_app(environ, start_counted_response)


def _resolve(environ: WSGIEnvironment, edition: Publication) -> Resource | None:
    """Return the edition's resource at the requested path, None if there is none. The mount without a slash is a redirect."""
    path, mount = _decoded_path(environ), edition.mount
    if not path.startswith(f"{mount}/"):
        return Redirect(target="/") if path == mount else None
    return edition.resolve(path[len(mount) :])


def _redirect_or_pending(
    resource: Redirect | PendingFile, request: tuple[str, WSGIEnvironment], now: datetime, edition: Publication
) -> tuple[responses.Response, Labels]:
    """Return the response for a redirect or a pending file, and the labels by which it is counted.

    A pending file is an image variant that is being created. The request waits for it: SuspendRequest is raised, and the server
    calls the application again later. If the request may not wait (any longer), the response is 503.
    """
    if isinstance(resource, Redirect):
        location = uris.root_relative(edition.catalog.site.base_url, resource.target)
        response = responses.redirect_response(location, request, now, edition.next_change, is_permanent=resource.is_permanent)
        return response, REDIRECT
    return _pending_response(resource, request), MEDIA


def _pending_response(file: PendingFile, request: tuple[str, WSGIEnvironment]) -> responses.Response:
    method, environ = request
    if method not in ("GET", "HEAD"):
        return responses.other_method_response(request)
    if file.completion:
        wait_for(environ, file.completion, _PENDING_WAIT_SECONDS)
    return responses.unavailable_response("This image is still being created. Try again in a moment.", _PENDING_RETRY_SECONDS)


def _decoded_path(environ: WSGIEnvironment) -> str:
    """Return the request's path as text. WSGI has its bytes as latin-1 (PEP 3333).

    Bytes that are not UTF-8 become U+FFFD, which matches no address.
    """
    path: str = environ.get("PATH_INFO", "")
    return path if path.isascii() else path.encode("latin-1").decode(errors="replace")


def _wsgi_text(text: str) -> str:
    return text.encode().decode("latin-1")


def _send(start_response: StartResponse, status: int, headers: Headers, body: Iterable[bytes]) -> Iterable[bytes]:
    start_response(_STATUS_LINES[status], [*headers])
    return body


def application(
    live: Live,
    status_sections: Mapping[str, StatusSection] = _NO_SECTIONS,
    stats: RequestStats | None = None,
    metrics_source: MetricsSource | None = None,
    status_access: StatusAccess = _LOCAL_ONLY,
) -> WSGIApplication:
    """Return the WSGI application for a server: the documents of the live edition in front of the Flask application.

    `status_sections` are additional sections of /status by name. `metrics_source` returns the arguments of
    `metrics.render_metrics`; by default, the metrics of this process only. `stats` counts the responses. `status_access` decides
    which clients may read /status and /metrics.
    """
    counted_stats = stats or RequestStats()

    def read_metrics() -> tuple[metrics.MetricValues, Mapping[str, metrics.MetricValues]]:
        return metrics.counters(live, counted_stats), {"": metrics.gauges(live)}

    return DocumentMiddleware(
        flask_app(live, metrics_source or read_metrics, status_sections, status_access).wsgi_app, live, counted_stats
    )


def flask_app(
    live: Live,
    metrics_source: MetricsSource,
    status_sections: Mapping[str, StatusSection] = _NO_SECTIONS,
    status_access: StatusAccess = _LOCAL_ONLY,
) -> Flask:
    """Return the Flask application for health checks, /status, /metrics and the 404 page. Parameters as in `application`."""
    app = Flask("feedsvc", static_folder=None, template_folder=None)

    @app.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain", headers=_NO_STORE)

    @app.get("/readyz")
    def readyz() -> Response:
        # Also ready if the content folder is missing: the last edition is served. If several replicas share a network mount, all
        # of them would be taken out of service otherwise.
        try:
            live.current(live.clock())
        except Exception:
            app.logger.exception("feedsvc: no edition can be built from the content folder, so /readyz answers 503")
            return Response(
                "No edition can be built from the content folder. The log of the server contains the reason.\n",
                status=503,
                mimetype="text/plain",
                headers=_NO_STORE,
            )
        return Response("ok\n", mimetype="text/plain", headers=_NO_STORE)

    @app.get("/status")
    def status() -> Response:
        return _if_allowed(status_access, lambda: render_status(live, live.clock(), status_sections), "application/json")

    @app.get("/metrics")
    def prometheus_metrics() -> Response:
        return _if_allowed(status_access, lambda: metrics.render_metrics(*metrics_source()), metrics.MEDIA_TYPE)

    app.after_request(_sort_allow_header)

    @app.errorhandler(404)
    def not_found(_: Exception) -> Response:
        now = live.clock()
        edition = live.current(now)
        # Error responses are not conditional, so the request's method and headers are not used.
        response = responses.respond(edition.not_found_page(), ("GET", {}), now, edition.next_change)
        return Response(response.body, status=404, headers=[*response.headers])

    return app


def _sort_allow_header(response: Response) -> Response:
    """Sort the methods in Allow, as in responses of documents: Flask has a set of methods, without order."""
    if "Allow" in response.headers:
        response.headers["Allow"] = ", ".join(sorted(response.allow))
    return response


def _if_allowed(access: StatusAccess, render: Callable[[], bytes], media_type: str) -> Response:
    if not access.allows(flask_request.environ):
        return Response(_FORBIDDEN_MESSAGE, status=403, mimetype="text/plain", headers=_NO_STORE)
    return Response(render(), content_type=media_type, headers=_NO_STORE)
