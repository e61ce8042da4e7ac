"""The WSGI application: documents at once, what is no document through Flask."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from http import HTTPStatus
from time import perf_counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, request

from feedsvc import uris
from feedsvc.errors import TextLostError
from feedsvc.live.live import Live
from feedsvc.publication.document import Answer, Document, Pending, Redirect
from feedsvc.publication.publication import Publication
from feedsvc.support.file_descriptors import budget, is_exhausted, limit
from feedsvc.web import metrics, responses
from feedsvc.web.access_control import Door
from feedsvc.web.deferred_requests import wait_for
from feedsvc.web.media_files import Files
from feedsvc.web.open_files import OpenFiles
from feedsvc.web.repeated import REPEATS, Repeated
from feedsvc.web.request_stats import MEDIA, OTHER, REDIRECT, Labels, Traffic, labels_of
from feedsvc.web.response_cache import Second, Told
from feedsvc.web.responses import Headers
from feedsvc.web.status import Addition, status

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Measured = Callable[[], tuple[metrics.Numbers, Mapping[str, metrics.Numbers]]]
_LOG: Final = logging.getLogger(__name__)
_MOST_WAIT: Final = 5.0  # seconds that a request waits for a file to be closed
_RETRY_SECONDS: Final = 5
_UNKEPT: Final = {"Cache-Control": "no-store"}
_PATIENCE: Final = 5.0  # seconds that a request waits for a file that is being made
_ASK_AGAIN: Final = 5  # seconds, the Retry-After of one that waited in vain
_HEALTH: Final = ("/healthz", "/readyz")  # answered even where no edition can be had
_NOTHING: Final[Mapping[str, Addition]] = MappingProxyType({})
_SHUT: Final = Door()
_REFUSAL: Final = (
    "This is told to the machine itself only, asked for at 127.0.0.1 or localhost; --open-status ADDRESS tells others, too.\n"
    "Behind a proxy, --trusted-proxy has to name it.\n"
)
_STATUS: Final = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class Documents:
    """WSGI middleware that answers every address of the current edition and passes on the rest.

    Each request takes the edition once and sees no other. The site is mounted at base_url's path.
    """

    def __init__(self, rest: WSGIApplication, live: Live, traffic: Traffic) -> None:
        self._rest, self._live, self._traffic = rest, live, traffic
        self._files = Files(live.modified, OpenFiles(budget(limit()).files))
        self._second = Second(live, live.clock())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        began, now = perf_counter(), self._live.clock()
        told = self._second.again(environ, now)
        if told is None:
            try:
                return self._answer(environ, start_response, began, now)
            except TextLostError:  # the watching thread reads the article again at once
                return self._unavailable(start_response, "This page is being made again; ask again in a moment.", began, 1)
            except Exception as error:
                if not is_exhausted(error):
                    raise
                return self._exhausted(start_response, error, began)
        line, headers, body, labels, status = told
        self._traffic.count(labels, status, perf_counter() - began, again=1)
        start_response(line, headers if REPEATS in environ else [*headers])
        return body

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse, began: float, now: datetime) -> Iterable[bytes]:
        try:
            second = self._now(now)
        except Exception:
            if not environ["PATH_INFO"].endswith(_HEALTH):
                raise
            return self._passed_on(environ, start_response, uris.mount(self._live.base_url()), began)
        edition = second.publication
        found, asked = _find(environ, edition), (environ["REQUEST_METHOD"], environ)
        if isinstance(found, Document):
            made, labels = responses.answer(found, asked, now, edition.next_change), labels_of(found)
            if found.kept.has_grown:
                edition.weigh(found.path)
            second.keep(environ, Told(_STATUS[made.status], Repeated(made.headers), (made.body,), labels, made.status))
            self._traffic.count(labels, made.status, perf_counter() - began)
            return _send(start_response, made.status, made.headers, (made.body,))
        if isinstance(found, Redirect | Pending):
            made, label = _short(found, asked, now, edition)
            self._traffic.count(label, made.status, perf_counter() - began)
            return _send(start_response, made.status, made.headers, (made.body,))
        sent = self._files.answer(found, asked, now, edition.next_change) if found else None
        if sent:
            if sent.awaited is not None:
                wait_for(environ, sent.awaited, _MOST_WAIT)
            self._traffic.count(MEDIA, sent.status, perf_counter() - began)
            return _send(start_response, sent.status, sent.headers, sent.body(environ.get("wsgi.file_wrapper")))
        return self._passed_on(environ, start_response, edition.mount, began)

    def _exhausted(self, start_response: StartResponse, error: Exception, began: float) -> Iterable[bytes]:
        """Answer 503: a 404 or a 500 would say more than is known, and a cache may keep a 404."""
        _LOG.warning("feedsvc: no file descriptor is left, of %d (%s); 503 is answered meanwhile", limit(), error)
        return self._unavailable(start_response, "This server has too many files open; ask again in a moment.", began)

    def _unavailable(
        self, start_response: StartResponse, sentence: str, began: float, retry: int = _RETRY_SECONDS
    ) -> Iterable[bytes]:
        made = responses.unavailable(sentence, retry)
        self._traffic.count(OTHER, made.status, perf_counter() - began)
        return _send(start_response, made.status, made.headers, (made.body,))

    def _now(self, now: datetime) -> Second:
        second = self._second
        if not second.holds(now):
            second = self._second = Second(self._live, now)
        return second

    def _passed_on(self, environ: WSGIEnvironment, start_response: StartResponse, mount: str, began: float) -> Iterable[bytes]:
        """What is below the mount is told to the rest (PEP 3333: SCRIPT_NAME)."""
        path = _path(environ)
        if path.startswith(f"{mount}/"):
            environ["SCRIPT_NAME"], environ["PATH_INFO"] = _wsgi(mount), _wsgi(path[len(mount) :])

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            self._traffic.count(OTHER, int(status[:3]), perf_counter() - began)
            return start_response(status, headers, *error)

        return self._rest(environ, start)


def _find(environ: WSGIEnvironment, edition: Publication) -> Answer | None:
    """What the address leads to."""
    path, mount = _path(environ), edition.mount
    if not path.startswith(f"{mount}/"):
        return Redirect(target="/") if path == mount else None
    return edition.at(path[len(mount) :])


def _short(
    found: Redirect | Pending, asked: tuple[str, WSGIEnvironment], now: datetime, edition: Publication
) -> tuple[responses.Response, Labels]:
    """The answer of an address without a document or file, and how it is counted.

    A request waits for a file that is being made; 503 once that takes too long. Raises Suspended, for the server.
    """
    if isinstance(found, Redirect):
        location = uris.rooted(edition.catalog.site.base_url, found.target)
        made = responses.redirect(location, asked, now, edition.next_change, is_permanent=found.is_permanent)
        return made, REDIRECT
    return _unavailable(found, asked), MEDIA


def _unavailable(found: Pending, asked: tuple[str, WSGIEnvironment]) -> responses.Response:
    method, environ = asked
    if method not in ("GET", "HEAD"):
        return responses.refuse(asked)
    if found.completion:
        wait_for(environ, found.completion, _PATIENCE)
    return responses.unavailable("This picture is still being made; ask again in a moment.", _ASK_AGAIN)


def _path(environ: WSGIEnvironment) -> str:
    """The decoded path; bytes that are no UTF-8 become what no address has (PEP 3333: WSGI text is latin-1)."""
    path: str = environ.get("PATH_INFO", "")
    return path if path.isascii() else path.encode("latin-1").decode(errors="replace")


def _wsgi(text: str) -> str:
    return text.encode().decode("latin-1")


def _send(start_response: StartResponse, status: int, headers: Headers, body: Iterable[bytes]) -> Iterable[bytes]:
    start_response(_STATUS[status], [*headers])
    return body


def application(
    live: Live,
    additions: Mapping[str, Addition] = _NOTHING,
    traffic: Traffic | None = None,
    measured: Measured | None = None,
    door: Door = _SHUT,
) -> WSGIApplication:
    """What a WSGI server runs: the documents of the live edition before the Flask application.

    `additions` are what optional parts tell on /status; `measured` gives the arguments of `metrics.metrics`, where more is to
    be told than of this process; `door` is who may read both.
    """
    own = traffic or Traffic()

    def alone() -> tuple[metrics.Numbers, Mapping[str, metrics.Numbers]]:
        return metrics.counts(live, own), {"": metrics.gauges(live)}

    return Documents(flask_app(live, measured or alone, additions, door).wsgi_app, live, own)


def flask_app(live: Live, measured: Measured, additions: Mapping[str, Addition] = _NOTHING, door: Door = _SHUT) -> Flask:
    """Everything that is not a document."""
    app = Flask("feedsvc", static_folder=None, template_folder=None)

    @app.get("/healthz")
    def alive() -> Response:
        return Response("ok\n", mimetype="text/plain", headers=_UNKEPT)

    @app.get("/readyz")
    def ready() -> Response:
        # A content folder that is away makes nobody unready: what was read last is served, and of replicas on one network
        # mount none would be left.
        try:
            live.current(live.clock())
        except Exception:
            app.logger.exception("feedsvc: no edition can be made")
            return Response("There is no edition; the log says why.\n", status=503, mimetype="text/plain", headers=_UNKEPT)
        return Response("ok\n", mimetype="text/plain", headers=_UNKEPT)

    @app.get("/status")
    def tell_status() -> Response:
        return _to_whom_it_may_concern(door, lambda: status(live, live.clock(), additions), "application/json")

    @app.get("/metrics")
    def tell_metrics() -> Response:
        return _to_whom_it_may_concern(door, lambda: metrics.metrics(*measured()), metrics.MEDIA_TYPE)

    app.after_request(_sort_allowed)

    @app.errorhandler(404)
    def missing(_: Exception) -> Response:
        now = live.clock()
        edition = live.current(now)
        # Errors are not conditional: only GET's headers count, whatever was asked.
        made = responses.answer(edition.missing(), ("GET", {}), now, edition.next_change)
        return Response(made.body, status=404, headers=[*made.headers])

    return app


def _sort_allowed(response: Response) -> Response:
    """Give Allow the order that it has elsewhere: Flask has a set of methods."""
    if "Allow" in response.headers:
        response.headers["Allow"] = ", ".join(sorted(response.allow))
    return response


def _to_whom_it_may_concern(door: Door, make: Callable[[], bytes], media_type: str) -> Response:
    if not door.admits(request.environ):
        return Response(_REFUSAL, status=403, mimetype="text/plain", headers=_UNKEPT)
    return Response(make(), content_type=media_type, headers=_UNKEPT)
