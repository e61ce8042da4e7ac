"""Flask endpoints for operators: health checks, /status as JSON, and /metrics."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from flask import Flask, Response, request

from feedsvc import __version__
from feedsvc.errors import Problem
from feedsvc.live import Live
from feedsvc.support.date_formats import rfc3339
from feedsvc.web import metrics, responses
from feedsvc.web.access_control import StatusAccess
from feedsvc.web.document_endpoints import CompleteResponse, ViewFunction, add_endpoint

# Function that returns an additional section of the status.
StatusSection = Callable[[], Mapping[str, Any]]
MetricsSource = Callable[[], tuple[metrics.MetricValues, Mapping[str, metrics.MetricValues]]]
_NO_STORE: Final = {"Cache-Control": "no-store"}
_FORBIDDEN_MESSAGE: Final = (
    "/status and /metrics answer only requests from this machine to 127.0.0.1 or localhost.\n"
    "Start the server with --open-status ADDRESS to allow another client. If a proxy forwards that client's requests, name the\n"
    "proxy with --trusted-proxy, too. ADDRESS is unix for programs that open the unix socket of the server.\n"
)

_KINDS: Final = ("category", "author", "custom", "language", "tag")


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
        return _text_response("ok\n")

    def readyz() -> Response:
        # Also ready if the content folder is missing: the last edition is served. If several replicas share a network mount, all
        # of them would be taken out of service otherwise.
        try:
            live.current(live.clock())
        except Exception:
            app.logger.exception("feedsvc: no edition can be built from the content folder, so /readyz answers 503")
            return _text_response(
                "No edition can be built from the content folder. The log of the server contains the reason.\n", 503
            )
        return _text_response("ok\n")

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


def _text_response(text: str, status: int = 200) -> Response:
    return Response(text, status=status, mimetype="text/plain", headers=_NO_STORE)


def _if_allowed(access: StatusAccess, render: Callable[[], bytes], media_type: str) -> Response:
    if not access.allows(request.environ):
        return _text_response(_FORBIDDEN_MESSAGE, 403)
    return Response(render(), content_type=media_type, headers=_NO_STORE)


def render_status(live: Live, now: datetime, sections: Mapping[str, StatusSection]) -> bytes:
    """Render /status as JSON: the edition, counts, alerts, problems, the next change that readers see and the last reload.

    `sections` adds further keys: each value is the result of the function. An edition that is due at `now` is built first.
    """
    catalog, edition = live.current(now).catalog, live.edition
    kinds, next_change = [ref.kind for ref in catalog.listings], catalog.next_visible_change
    status: dict[str, Any] = {
        "version": __version__,
        "edition": {"number": edition.number, "since": rfc3339(edition.since)},
        "articles": {
            "loaded": len(edition.content.articles),
            "visible": len(catalog.visible),
            "withdrawn": len(catalog.withdrawn),
        },
        "listings": {kind: kinds.count(kind) for kind in _KINDS},
        "next_change": rfc3339(next_change) if next_change else None,
        "last_reload": {
            "at": rfc3339(live.last_reload.began_at),
            "duration_seconds": round(live.last_reload.seconds, 4),
            "changed_articles": live.last_reload.changed_articles,
        },
        "alerts": live.alerts.active,
        "problems": _problems(edition.content.problems, edition.content.last_valid_paths),
        **{name: render_section() for name, render_section in sections.items()},
    }
    return json.dumps(status, ensure_ascii=False, indent=2, default=_json_value).encode() + b"\n"


def _json_value(value: object) -> str:
    return rfc3339(value) if isinstance(value, datetime) else str(value)


def _problems(problems: Iterable[Problem], last_valid_paths: frozenset[str]) -> list[dict[str, Any]]:
    """Return problems as dictionaries. `serving_last_valid` is True if the problem's path is in `last_valid_paths`.

    `last_valid_paths` are the files that have an error now and are served in their last valid version (docs/architecture.md).
    """
    return [
        {**asdict(problem), "severity": problem.severity, "serving_last_valid": problem.path in last_valid_paths}
        for problem in problems
    ]
