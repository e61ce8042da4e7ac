"""WSGI middleware that counts reads at /articles/SLUG/views: POST counts a read, GET returns the total. It sets no cookie.

GET /views.json returns the most read articles.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING, Final

from werkzeug.wrappers import Response

from feedsvc.audience.bot_detection import classify_non_reader, is_cross_origin
from feedsvc.audience.counter import ViewCounter
from feedsvc.audience.most_read import MostReadArticles
from feedsvc.audience.visitors import Visitors
from feedsvc.routes import MOST_READ_PATH, ArticleAt, path_of, place_of
from feedsvc.support.client_address import Networks, client_address
from feedsvc.uris import mount_path

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# (slug, moment) -> id of the article that is visible at this address and time, None if there is none.
ArticleFinder = Callable[[str, datetime], str | None]

_ENDPOINT_NAME: Final = "views"
_ENDPOINT_SUFFIXES: Final = (f"/{_ENDPOINT_NAME}", MOST_READ_PATH)
_MAX_BODY_SIZE: Final = 1024  # bytes; a beacon needs none
_RETRY_AFTER: Final = 5  # seconds
_NO_STORE: Final = "no-store"
_NO_HEADERS: Final[Mapping[str, str]] = {}
_LIST_CACHE_CONTROL: Final = "private, max-age=60"  # every page asks whether reads are counted


def views_path(slug: str) -> str:
    """Return the path, without that of base_url, at which reads of an article are counted: /articles/SLUG/views."""
    return f"{path_of(ArticleAt(slug))}{_ENDPOINT_NAME}"


@dataclass(frozen=True)
class ViewsMiddleware:
    """WSGI middleware with a read counter for each visible article, at /articles/SLUG/views, and the list /views.json.

    Requests to other paths are passed on unchanged. A GET of a read counter returns the number of reads as JSON, or 503 if it
    is not known in time. A POST (beacon) reports a read. It is not counted if it is from a bot, if the visitor's last counted
    read of the article was less than 30 minutes before on the same UTC day, if the visitor or the visitor's address sent too
    many reads, or if Origin is neither that of base_url nor that of the request's host. X-Forwarded-For is used if the peer is
    one of `trusted_proxies`.

    Requests to /views.json are passed on to `app`, too, if `most_read` is None. `base_url` returns the current base_url of the
    site. `observe` is called for each response of this middleware itself, with its status and the seconds that it took to
    compute it.
    """

    app: WSGIApplication
    counter: ViewCounter
    visitors: Visitors
    find_article: ArticleFinder
    _: KW_ONLY
    base_url: Callable[[], str]
    clock: Callable[[], datetime]
    most_read: MostReadArticles | None = None
    trusted_proxies: Networks = ()
    observe: Callable[[int, float], None] = lambda _status, _seconds: None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = self._relative_path(environ) if environ.get("PATH_INFO", "").endswith(_ENDPOINT_SUFFIXES) else ""
        slug = _slug(path)
        if not slug and not (self.most_read and path == MOST_READ_PATH):
            return self.app(environ, start_response)
        start_time = perf_counter()
        response = self._respond(environ, slug)
        self.observe(response.status_code, perf_counter() - start_time)
        return response(environ, start_response)

    def _relative_path(self, environ: WSGIEnvironment) -> str:
        """Return the path of a request without that of base_url; "" if it is not below base_url."""
        path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
        mount = mount_path(self.base_url())
        return path.removeprefix(mount) if path.startswith(f"{mount}/") else ""

    def _respond(self, environ: WSGIEnvironment, slug: str) -> Response:
        """Return the response for the views of an article, or for the most read articles if `slug` is ""."""
        now, method = self.clock(), environ["REQUEST_METHOD"]
        article_id = self.find_article(slug, now) if slug else ""
        if article_id is None:
            return _response(HTTPStatus.NOT_FOUND)
        if method == "POST" and slug:
            return self._count_view(environ, article_id, now)
        if method not in {"GET", "HEAD"}:
            return _response(HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "GET, HEAD, POST" if slug else "GET, HEAD"})
        if self.most_read and not slug:
            content = {"counted": True, "articles": self.most_read.articles(now)}
            return _response(HTTPStatus.OK, content, _LIST_CACHE_CONTROL)
        views = self.counter.count(article_id)
        if views is None:
            return _response(HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": str(_RETRY_AFTER)})
        return _response(HTTPStatus.OK, {"views": views})

    def _count_view(self, environ: WSGIEnvironment, article_id: str, now: datetime) -> Response:
        """Count a view and return 204. Views of bots, from other sites and repeated ones also get a 204, but do not count.

        Return 413 if Content-Length is over _MAX_BODY_SIZE or no number, and 429 if the visitor or the visitor's address sent
        too many views.
        """
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > _MAX_BODY_SIZE:
            return _response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
        if classify_non_reader(headers) or is_cross_origin(headers, self.base_url()):
            return _response(HTTPStatus.NO_CONTENT)
        self.counter.count(article_id)  # the page asks for the total next, which is loaded meanwhile
        admission = self.visitors.admit(client_address(environ, self.trusted_proxies), headers["user-agent"], article_id, now)
        if admission.retry_after:
            return _response(HTTPStatus.TOO_MANY_REQUESTS, headers={"Retry-After": str(admission.retry_after)})
        if admission.is_counted:
            self.counter.add(article_id)
        return _response(HTTPStatus.NO_CONTENT)


def _response(
    status: HTTPStatus, content: object = None, cache_control: str = _NO_STORE, *, headers: Mapping[str, str] = _NO_HEADERS
) -> Response:
    """Return a response with `content` as JSON, without a body if it is None."""
    response = Response(b"" if content is None else json.dumps(content, ensure_ascii=False), status, headers)
    response.headers.update({"Cache-Control": cache_control, "X-Content-Type-Options": "nosniff"})
    if content is None:
        del response.headers["Content-Type"]
    else:
        response.headers["Content-Type"] = "application/json"
    return response


def _slug(path: str) -> str:
    """Return the slug in the path of a read counter (`views_path`). Other paths give ""."""
    place = place_of(path.removesuffix(_ENDPOINT_NAME)) if path else None
    return place.slug if isinstance(place, ArticleAt) and views_path(place.slug) == path else ""
