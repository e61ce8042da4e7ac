"""Flask endpoints of everything that an edition publishes: pages, feeds, articles, media files, sitemaps and the 404 page.

Every endpoint has the same view function. The URL rules only classify paths; `Publication.resolve` decides what is at a path.
"""

from __future__ import annotations

import codecs
import logging
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, abort, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import PathConverter

from feedsvc.access import hide_tokens
from feedsvc.errors import PluginError, TextUnavailableError
from feedsvc.live import Edition, Live
from feedsvc.publication import UNCOUNTED_READS, Document, FileResource, Publication, Redirect, Resource
from feedsvc.routes import COMBINATION_FORM, MOST_READ_PATH
from feedsvc.support.file_descriptors import is_exhausted
from feedsvc.url_rules import URL_RULES
from feedsvc.web import responses
from feedsvc.web.media_files import MediaResponder
from feedsvc.web.request_stats import MEDIA, OTHER, REDIRECT, Labels, RequestStats, labels_of
from feedsvc.web.response_cache import STORE_KEY, CachedResponse
from feedsvc.web.responses import Headers

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Werkzeug encodes the host of each request; Python would import this codec then, which takes a file descriptor.
codecs.lookup("idna")
_LOG: Final = logging.getLogger(__name__)
# Key in the environ: the path, without a slash at its end, at which another program's application has the site.
PREFIX_KEY: Final = "feedsvc.prefix"
# Name in the rules of `url_rules`. An application that has feedsvc's rules may have a converter of any other name.
PATH_CONVERTER: Final = "feedsvc_path"
RETRIEVAL_METHODS: Final = ("GET", "HEAD", "OPTIONS")
_RETRY_SECONDS: Final = 5
_LOGGED_FAULTS: Final[set[str]] = set()  # keys of PluginErrors
_PLUGIN_RETRY_SECONDS: Final = 300  # until the operator has corrected the plug-in
_STATUS_LINES: Final = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_INTERNAL_ERROR_MESSAGE: Final = "The server could not answer this request. Its log contains the reason.\n"


class FilePathConverter(PathConverter):
    """Converter of URL rules for the path of a file, not empty. It accepts slashes and any other character, also line breaks."""

    regex = "(?s:.+?)"
    part_isolating = False  # the path may contain slashes; Werkzeug would conclude the contrary from the regex


class CompleteResponse(Response):
    """Response whose headers and body are complete: Werkzeug adds and removes no headers. For HEAD, `body` is not sent."""

    default_mimetype = None

    def __init__(self, status: int, headers: Headers, body: Iterable[bytes]) -> None:
        super().__init__(body, status=_STATUS_LINES[status], headers=[*headers], direct_passthrough=True)

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Any:  # noqa: ARG002 - Werkzeug's signature
        return self.headers

    def get_app_iter(self, environ: WSGIEnvironment) -> Any:
        return () if environ["REQUEST_METHOD"] == "HEAD" else self.response


# View function. The values of the URL rule are ignored: `path_below` has the path.
ViewFunction = Callable[..., Response]


def add_document_endpoints(app: Flask, live: Live, stats: RequestStats, view: DocumentView) -> None:
    """Add an endpoint for each kind of address, handlers of all errors, and a function that counts every response in `stats`.

    `view` must be the DocumentView of `live`. Paths without a URL rule get the response to an old address or a file of root/,
    else the 404 page.
    """
    for endpoint, rules in URL_RULES.items():
        for rule in rules:
            add_endpoint(app, endpoint, rule, view)
    app.before_request(_note_start)
    app.after_request(lambda response: _count(response, stats))
    app.register_error_handler(404, lambda _: view.unmatched_response() or not_found_response(live))
    app.register_error_handler(
        405, lambda error: _service_response(app, error) or view.unmatched_response() or not_found_response(live)
    )
    app.register_error_handler(TextUnavailableError, text_unavailable_response)
    app.register_error_handler(PluginError, plugin_failed_response)
    app.register_error_handler(Exception, internal_error_response)


def add_endpoint(app: Flask, endpoint: str, rule: str, view: ViewFunction, methods: Collection[str] = RETRIEVAL_METHODS) -> None:
    """Make `view` the view function of an endpoint, and add a URL rule of the endpoint for `methods`.

    Requests with other methods may match another rule; if none does, `view` has to refuse them.
    """
    app.add_url_rule(rule, endpoint, view, provide_automatic_options=False, methods=methods)


def _service_response(app: Flask, error: MethodNotAllowed) -> Any:
    """Return the response to a method without a URL rule, by the view function of its path; None if documents have the path."""
    method = "POST" if "POST" in (error.valid_methods or ()) else "GET"
    endpoint, _ = app.url_map.bind_to_environ(request.environ).match(method=method)
    return None if endpoint in URL_RULES else app.view_functions[endpoint]()


class DocumentView:
    """View function of all endpoints in URL_RULES. A request is answered from one edition, even if a new one comes meanwhile."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._media = MediaResponder(live.last_modified)

    def __call__(self, **_: str) -> Response:
        """Return the response to Flask's current request.

        Values from the URL rule are ignored, because `Publication.resolve` parses the path itself. Raises NotFound if there is
        nothing at the path, and TextUnavailableError, PluginError or OSError if the document cannot be rendered or sent.
        """
        return self.response() or abort(404)

    def unmatched_response(self) -> Response | None:
        """Return the response to Flask's current request if no URL rule matches it but something is at its path, else None.

        The requests concerned have methods other than RETRIEVAL_METHODS, or the paths of old addresses and of files in folders
        of root/ other than .well-known.
        """
        return self.response() if request.routing_exception else None

    def response(self) -> Response | None:
        """Return the response to Flask's current request, None if nothing is at its path."""
        self._live.current(self._live.clock())
        edition, environ = self._live.edition, request.environ
        publication, exchange = edition.publication, (request.method, environ)
        resource = _resolve(publication, environ)
        # A document that was rendered just now may be dated a second after the request came. Its response is no older.
        now, next_change = self._live.clock(), publication.next_change
        match resource:
            case Document():
                return _document_response(resource, responses.respond(resource, exchange, now, next_change), edition)
            case Redirect(is_permanent=is_permanent):
                location = resource.location(publication.catalog.site.base_url)
                redirect = responses.redirect_response(location, exchange, now, next_change, is_permanent=is_permanent)
                return complete_response(redirect, REDIRECT)
            case FileResource():
                file = self._media.respond(resource, exchange, now, next_change)
                g.feedsvc_labels = MEDIA
                return file and CompleteResponse(file.status, file.headers, file.body_iterable(environ.get("wsgi.file_wrapper")))
        return None


def _document_response(document: Document, response: responses.Response, edition: Edition) -> Response:
    labels = labels_of(document)
    if document.derived_data.has_grown:
        edition.publication.update_size(document.path)
    store = request.environ.get(STORE_KEY)
    # Combinations, the only documents below COMBINATION_FORM, are too many to be stored.
    if store and not document.path.startswith(COMBINATION_FORM):
        status, headers, body = response
        store(edition, CachedResponse(_STATUS_LINES[status], headers, (body,), labels, status))
    return complete_response(response, labels)


def _resolve(publication: Publication, environ: WSGIEnvironment) -> Resource | None:
    """Return the publication's resource at the path of a request, None if there is none.

    At /views.json, it is the answer that reads are not counted. If the request has a query and redirects.yaml has a rule for
    this path and query, the resource is that of the rule. At the path of base_url without its trailing slash, it is that of a
    rule for "/" and the query, else a redirect to the front page.
    """
    path = path_below(environ, publication.mount)
    if path is None:
        return None
    if path == MOST_READ_PATH:  # reads are counted in front of the application, or not at all
        return UNCOUNTED_READS
    query = environ.get("QUERY_STRING", "")
    if query and (resource := publication.resolve_query(path or "/", query)):
        return resource
    return publication.resolve(path) if path else Redirect(target="/")


def path_below(environ: WSGIEnvironment, mount: str) -> str | None:
    """Return the request's path relative to base_url, whose path is `mount`: "" for `mount` itself, None for a path outside.

    In the application of another program, PREFIX_KEY is in the environ, and that prefix stands for `mount`: a proxy may have
    removed a part of the path. WSGI has the bytes of a path as latin-1 (PEP 3333). Bytes that are not UTF-8 become U+FFFD, which
    matches no address.
    """
    prefix = environ.get(PREFIX_KEY)
    path: str = ("" if prefix is not None else environ.get("SCRIPT_NAME", "")) + environ.get("PATH_INFO", "")
    path = path if path.isascii() else path.encode("latin-1").decode(errors="replace")
    top = mount if prefix is None else prefix
    if path == top:
        return ""
    return path[len(top) :] if path.startswith(f"{top}/") else None


def document_response(document: Document, now: datetime) -> Response:
    """Return the response to Flask's current request with a document that no publication has."""
    return complete_response(responses.respond(document, (request.method, request.environ), now, None), OTHER)


def complete_response(response: responses.Response, labels: Labels) -> CompleteResponse:
    """Return Flask's response, which is counted by `labels`."""
    g.feedsvc_labels = labels
    return CompleteResponse(response.status, response.headers, (response.body,))


def _note_start() -> None:
    g.feedsvc_start_time = perf_counter()


def _count(response: Response, stats: RequestStats) -> Response:
    stats.count(g.get("feedsvc_labels", OTHER), response.status_code, perf_counter() - g.feedsvc_start_time)
    return response


def not_found_response(live: Live) -> Response:
    """Return the 404 page for Flask's current request, never a 304. For a combination, it says which name is unknown."""
    now = live.clock()
    publication = live.current(now)
    # Error responses are not conditional, so the request's method and headers are not used.
    page = publication.not_found_page_at(path_below(request.environ, publication.mount) or "/")
    return complete_response(responses.respond(page, ("GET", {}), now, publication.next_change), OTHER)


def text_unavailable_response(_: Exception) -> Response:
    # The watcher thread reads the article again at once.
    return _unavailable("This page is being rendered again. Try again in a moment.", 1)


def plugin_failed_response(error: Exception) -> Response:
    """Return a 503 with Retry-After, because the address stays valid. Log a PluginError, once per plug-in and kind of fault."""
    if isinstance(error, PluginError) and error.key not in _LOGGED_FAULTS:
        _LOGGED_FAULTS.add(error.key)
        _LOG.error("feedsvc: %s", error)
    return _unavailable("This feed cannot be rendered at this moment. Try again later.", _PLUGIN_RETRY_SECONDS)


def internal_error_response(error: Exception) -> Response | HTTPException:
    """Return an HTTPException unchanged, a 503 if no file descriptor is left, and a 500 for any other error, which is logged.

    The 503 has Retry-After. It is not a 404, which a cache could store, and not a 500, after which clients do not try again.
    """
    if isinstance(error, HTTPException):
        return error
    if response := exhausted_response(error):
        return response
    _LOG.error("feedsvc: no response to %s %s", request.method, hide_tokens(request.path), exc_info=error)
    return Response(_INTERNAL_ERROR_MESSAGE, status=500, mimetype="text/plain", headers={"Cache-Control": "no-store"})


def exhausted_response(error: Exception) -> Response | None:
    """Log a warning and return a 503 if an error means that no file descriptor is left, else return None."""
    if not is_exhausted(error):
        return None
    _LOG.warning("feedsvc: all file descriptors are in use (%s); requests get status 503 until one is free", error)
    return _unavailable("This server has too many open files. Try again in a moment.", _RETRY_SECONDS)


def _unavailable(sentence: str, retry_after: int) -> Response:
    return complete_response(responses.text_response(503, f"{sentence}\n", retry_after), OTHER)
