"""Flask endpoint of the form on /subscribe/: POST /feed/ redirects to the combination that a reader chose (303).

A request changes nothing, so it needs no protection against forgery. Responses are never stored by a cache. The address in
Location is made from names of the catalog alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from flask import Response, request
from werkzeug.exceptions import ClientDisconnected, HTTPException
from werkzeug.wsgi import get_input_stream

from feedsvc.catalog import CombinationError, combine
from feedsvc.feeds import FORMATS, listing_title, suffixes_of
from feedsvc.live import Live
from feedsvc.publication import FRAME_ANCESTORS, Publication, content_type
from feedsvc.routes import COMBINATION_FORM, FeedAt, ListingRef, path_of
from feedsvc.uris import root_relative
from feedsvc.web import responses
from feedsvc.web.document_endpoints import ViewFunction, complete_response, path_below
from feedsvc.web.request_stats import OTHER, REDIRECT

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MAX_FORM_BYTES: Final = 16 * 1024
_MAX_FIELDS: Final = 500  # fields of a form, empty ones included
_MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
FORM_ENDPOINT: Final = "combination_form"
# GET and HEAD are answered by the endpoint of well-known names of feeds, which has this path, too.
FORM_METHODS: Final = ("POST", "OPTIONS")
_NO_STORE: Final = ("Cache-Control", "no-store")
_Field = tuple[str, str]


def form_view(live: Live, get_document: ViewFunction) -> ViewFunction:
    """Return the view function of the form.

    `get_document`, the view function of documents, responds to requests whose path below base_url is not /feed/, and to all
    requests if the site has no combinations. At /feed/, methods other than POST get a 204 (OPTIONS) or 405.
    """

    def view(**_: str) -> Response:
        publication = live.current(live.clock())
        is_form = path_below(request.environ, publication.mount) == COMBINATION_FORM
        if not is_form or not publication.catalog.site.feed.combinations:
            return get_document()
        return _answer(publication) if request.method == "POST" else _other_method_response()

    return view


def _answer(publication: Publication) -> Response:
    """Return a redirect (303) to the feed chosen in the form, or an error page with the reason why there is no such feed.

    No cache stores either of them.
    """
    catalog = publication.catalog
    try:
        fields = _read_fields(request.environ)
        suffix = next((value for name, value in fields if name == "format"), next(iter(FORMATS)))
        if suffix not in suffixes_of(ListingRef("combination")):
            return _error_response(publication, "unreadable")
        ref = combine(catalog, _terms(fields, "include"), _terms(fields, "exclude"), listing_title)
    except CombinationError as error:
        return _error_response(publication, error.reason, error.name)
    except (ValueError, HTTPException):  # not decodable, too many fields or bytes, or the client has gone
        return _error_response(publication, "unreadable")
    location = root_relative(catalog.site.base_url, path_of(FeedAt(ref, suffix)))
    headers = [("Location", location), _NO_STORE, *responses.COMMON_HEADERS, ("Content-Length", "0")]
    return complete_response(responses.Response(HTTPStatus.SEE_OTHER, headers), REDIRECT)


def _read_fields(environ: WSGIEnvironment) -> list[_Field]:
    """Return (name, value) of each field of the form in a request, with stripped values and without empty ones.

    Raises ValueError or HTTPException if the body is no form, has more than MAX_FORM_BYTES or _MAX_FIELDS, or was not received
    completely. If another function of the application has read the body before, return the first _MAX_FIELDS fields of it.
    """
    media_type = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if media_type != _MEDIA_TYPE:
        raise ValueError(media_type)
    try:
        body = get_input_stream(environ, max_content_length=MAX_FORM_BYTES).read()
        fields = parse_qsl(body.decode("utf-8"), errors="strict", max_num_fields=_MAX_FIELDS)
    except ClientDisconnected:
        # In another application, a function may have read the form before. Flask keeps its fields then.
        fields = [*request.form.items(multi=True)][:_MAX_FIELDS]
    return [(name, value.strip()) for name, value in fields if value.strip()]


def _terms(fields: Iterable[_Field], side: str) -> Iterator[tuple[str, str]]:
    """Yield (kind, name) of each name on a side of the form that was ticked or typed. `side` is include or exclude.

    The field of a ticked name is like include=category:world, that of a typed one like include-author-1=Ritesh.
    """
    for field, value in fields:
        if field == side:
            kind, _, name = value.partition(":")
            yield kind, name
        elif field.startswith(f"{side}-"):
            yield field.removeprefix(f"{side}-").partition("-")[0], value


def _error_response(publication: Publication, reason: str, name: str = "") -> Response:
    page = publication.combination_error_page(reason, name)
    headers = [_NO_STORE, *responses.COMMON_HEADERS, ("Content-Security-Policy", FRAME_ANCESTORS)]
    headers += [("Content-Type", content_type(page.media_type)), ("Content-Length", str(len(page.body)))]
    return complete_response(responses.Response(page.status, headers, page.body), OTHER)


def _other_method_response() -> Response:
    response = responses.other_method_response((request.method, request.environ), f"{responses.ALLOWED_METHODS}, POST")
    return complete_response(response, OTHER)
