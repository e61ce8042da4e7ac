"""Flask endpoints for operators: health checks, /status and /metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from flask import Flask, Response, request

from feedsvc.live import Live
from feedsvc.web import metrics, responses
from feedsvc.web.access_control import StatusAccess
from feedsvc.web.document_endpoints import CompleteResponse, ViewFunction, add_endpoint
from feedsvc.web.status import StatusSection, render_status

MetricsSource = Callable[[], tuple[metrics.MetricValues, Mapping[str, metrics.MetricValues]]]
_NO_STORE: Final = {"Cache-Control": "no-store"}
_FORBIDDEN_MESSAGE: Final = (
    "/status and /metrics answer only requests from this machine to 127.0.0.1 or localhost.\n"
    "Start the server with --open-status ADDRESS to allow another client. If a proxy forwards that client's requests, name the\n"
    "proxy with --trusted-proxy, too. ADDRESS is unix for programs that open the unix socket of the server.\n"
)


def add_service_endpoints(
    app: Flask,
    live: Live,
    metrics_source: MetricsSource,
    status_sections: Mapping[str, StatusSection],
    status_access: StatusAccess,
) -> None:
    """Add /healthz, /readyz (503 if no edition can be built), /status and /metrics to `app`. No cache stores their responses.

    Clients that `status_access` does not allow get a 403 from /status and /metrics. `status_sections` are additional sections of
    /status by name; `metrics_source` returns the counters of all processes added up, and the gauges by worker number.
    """

    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain", headers=_NO_STORE)

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

    def status() -> Response:
        return _if_allowed(status_access, lambda: render_status(live, live.clock(), status_sections), "application/json")

    def prometheus_metrics() -> Response:
        return _if_allowed(status_access, lambda: metrics.render_metrics(*metrics_source()), metrics.MEDIA_TYPE)

    for endpoint, view in {"healthz": healthz, "readyz": readyz, "status": status, "metrics": prometheus_metrics}.items():
        add_endpoint(app, endpoint, f"/{endpoint}", _for_retrieval(view))


def _for_retrieval(view: Callable[[], Response]) -> ViewFunction:
    """Return the view function that calls `view` for GET and HEAD, and responds with 204 (OPTIONS) or 405 to other methods."""

    def answer() -> Response:
        if request.method in ("GET", "HEAD"):
            return view()
        response = responses.other_method_response((request.method, request.environ))
        return CompleteResponse(response.status, response.headers, (response.body,))

    return answer


def _if_allowed(access: StatusAccess, render: Callable[[], bytes], media_type: str) -> Response:
    if not access.allows(request.environ):
        return Response(_FORBIDDEN_MESSAGE, status=403, mimetype="text/plain", headers=_NO_STORE)
    return Response(render(), content_type=media_type, headers=_NO_STORE)
