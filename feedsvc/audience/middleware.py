"""WSGI middleware that counts reads at /articles/SLUG/views: POST counts a read, GET returns the total. It sets no cookie.

GET /views.json returns the most read articles.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING, Final

from feedsvc.audience.bot_detection import classify_non_reader, is_cross_origin
from feedsvc.audience.counter import ViewCounter
from feedsvc.audience.most_read import MostReadArticle, MostReadArticles
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
_ALLOWED_METHODS: Final = "GET, HEAD, POST"
_MAX_BODY_SIZE: Final = 1024  # bytes; a beacon needs none
_JSON_HEADERS: Final = (("Content-Type", "application/json"),)
_RETRY_AFTER: Final = 5  # seconds
_NO_STORE: Final = "no-store"
_LIST_CACHE_CONTROL: Final = "private, max-age=60"  # every page asks whether reads are counted


def views_path(slug: str) -> str:
    """Return the path, without that of base_url, at which reads of an article are counted: /articles/SLUG/views."""
    return f"{path_of(ArticleAt(slug))}{_ENDPOINT_NAME}"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Response:
    status: HTTPStatus
    headers: tuple[tuple[str, str], ...] = ()
    cache_control: str = _NO_STORE
    body: bytes = b""


class ViewsMiddleware:
    """WSGI middleware with a read counter for each visible article, at /articles/SLUG/views, and the list /views.json.

    Requests to other paths are passed on unchanged. A GET of a read counter returns the number of reads as JSON, or 503 if it
    is not known in time. A POST (beacon) reports a read. It is not counted if it is from a bot, if the visitor's last counted
    read of the article was less than 30 minutes before on the same UTC day, if the visitor or the visitor's address sent too
    many reads, or if Origin is neither that of base_url nor that of the request's host. X-Forwarded-For is used if the peer is
    one of `trusted_proxies`.
    """

    def __init__(
        self,
        app: WSGIApplication,
        counter: ViewCounter,
        visitors: Visitors,
        find_article: ArticleFinder,
        *,
        base_url: Callable[[], str],
        clock: Callable[[], datetime],
        most_read: MostReadArticles | None = None,
        trusted_proxies: Networks = (),
        observe: Callable[[int, float], None] = lambda _status, _seconds: None,
    ) -> None:
        """Wrap `app`, to which requests to /views.json are passed on, too, if `most_read` is None.

        `base_url` returns the current base_url of the site. `observe` is called after each response of this middleware itself,
        with the status and the seconds that it took to compute it, but not for requests that are passed on to `app`.
        """
        self._app = app
        self._counter = counter
        self._visitors = visitors
        self._find_article = find_article
        self._most_read = most_read
        self._clock = clock
        self._trusted_proxies = trusted_proxies
        self._base_url = base_url
        self._observe = observe

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = self._relative_path(environ) if environ.get("PATH_INFO", "").endswith(_ENDPOINT_SUFFIXES) else ""
        slug = _slug(path)
        if not slug and not (self._most_read and path == MOST_READ_PATH):
            return self._app(environ, start_response)
        start_time, method = perf_counter(), environ["REQUEST_METHOD"]
        response = self._respond(environ, slug)
        # A 204 has no length (RFC 9110 section 8.6).
        length = () if response.status is HTTPStatus.NO_CONTENT else (("Content-Length", str(len(response.body))),)
        start_response(
            f"{response.status.value} {response.status.phrase}", [*response.headers, *_common_headers(response), *length]
        )
        self._observe(response.status.value, perf_counter() - start_time)
        return [] if method == "HEAD" else [response.body]

    def _relative_path(self, environ: WSGIEnvironment) -> str:
        """Return the path of a request without that of base_url; "" if it is not below base_url."""
        path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
        mount = mount_path(self._base_url())
        return path.removeprefix(mount) if path.startswith(f"{mount}/") else ""

    def _respond(self, environ: WSGIEnvironment, slug: str) -> _Response:
        """Return the response for the read counter of an article, or for the most read articles if `slug` is ""."""
        now = self._clock()
        if self._most_read and not slug:
            return _list_most_read(environ["REQUEST_METHOD"], self._most_read.articles(now))
        article_id = self._find_article(slug, now)
        if article_id is None:
            return _Response(status=HTTPStatus.NOT_FOUND)
        match environ["REQUEST_METHOD"]:
            case "GET" | "HEAD":
                return self._get_count(article_id)
            case "POST":
                return self._count_read(environ, article_id, now)
            case _:
                return _Response(status=HTTPStatus.METHOD_NOT_ALLOWED, headers=(("Allow", _ALLOWED_METHODS),))

    def _get_count(self, article_id: str) -> _Response:
        views = self._counter.count(article_id)
        if views is None:
            return _Response(status=HTTPStatus.SERVICE_UNAVAILABLE, headers=(("Retry-After", str(_RETRY_AFTER)),))
        return _json_response({"views": views})

    def _count_read(self, environ: WSGIEnvironment, article_id: str, now: datetime) -> _Response:
        """Count a read and return 204. Reads of bots, from other sites and repeated ones also get a 204, but do not count.

        Return 413 if Content-Length is over _MAX_BODY_SIZE or no number, and 429 if the visitor or the visitor's address sent
        too many reads.
        """
        if _content_length(environ) > _MAX_BODY_SIZE:
            return _Response(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
        if classify_non_reader(headers) or is_cross_origin(headers, self._base_url()):
            return _Response(status=HTTPStatus.NO_CONTENT)
        self._counter.count(article_id)  # the page asks for the total next, which is loaded meanwhile
        admission = self._visitors.admit(client_address(environ, self._trusted_proxies), headers["user-agent"], article_id, now)
        if admission.retry_after:
            return _Response(status=HTTPStatus.TOO_MANY_REQUESTS, headers=(("Retry-After", str(admission.retry_after)),))
        if admission.is_counted:
            self._counter.add(article_id)
        return _Response(status=HTTPStatus.NO_CONTENT)


def _common_headers(response: _Response) -> tuple[tuple[str, str], ...]:
    return ("Cache-Control", response.cache_control), ("X-Content-Type-Options", "nosniff")


def _slug(path: str) -> str:
    """Return the slug in the path of a read counter (`views_path`). Other paths give ""."""
    place = place_of(path.removesuffix(_ENDPOINT_NAME)) if path else None
    return place.slug if isinstance(place, ArticleAt) and views_path(place.slug) == path else ""


def _list_most_read(method: str, articles: list[MostReadArticle]) -> _Response:
    if method not in {"GET", "HEAD"}:
        return _Response(status=HTTPStatus.METHOD_NOT_ALLOWED, headers=(("Allow", "GET, HEAD"),))
    content = {"counted": True, "articles": [asdict(article) for article in articles]}
    return _json_response(content, _LIST_CACHE_CONTROL)


def _json_response(content: object, cache_control: str = _NO_STORE) -> _Response:
    body = json.dumps(content, ensure_ascii=False).encode()
    return _Response(status=HTTPStatus.OK, headers=_JSON_HEADERS, cache_control=cache_control, body=body)


def _content_length(environ: WSGIEnvironment) -> int:
    text = environ.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isdecimal() else _MAX_BODY_SIZE + 1
