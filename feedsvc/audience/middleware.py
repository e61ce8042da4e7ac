"""WSGI middleware: an article's reads at /articles/SLUG/views, counted by POST and told by GET. No cookie, no log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING, Final

from feedsvc.audience.bot_detection import from_elsewhere, stranger
from feedsvc.audience.counter import Counter
from feedsvc.audience.visitors import Visitors
from feedsvc.routes import ArticleAt, path_of, place_of
from feedsvc.support.client_address import Networks, client
from feedsvc.uris import mount

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# (slug, moment) -> the id of the article that is visible there and then.
Finder = Callable[[str, datetime], str | None]

_NAME: Final = "views"
_TAIL: Final = f"/{_NAME}"
_METHODS: Final = "GET, HEAD, POST"
_MOST_BODY: Final = 1024  # bytes; a beacon needs none
_RETRY: Final = 5  # seconds
_COMMON: Final = (("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"))


def views_path(slug: str) -> str:
    """Where an article's reads are counted and told, below base_url."""
    return f"{path_of(ArticleAt(slug))}{_NAME}"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reply:
    status: HTTPStatus
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class Audience:
    """Answers for the reads of visible articles below base_url, and passes everything else on untouched.

    Beacons from pages that lie neither at its host nor at the host that is asked do not count.
    `trusted` are the reverse proxies whose X-Forwarded-For is believed.
    """

    def __init__(
        self,
        rest: WSGIApplication,
        counter: Counter,
        visitors: Visitors,
        find: Finder,
        *,
        base_url: Callable[[], str],
        clock: Callable[[], datetime],
        trusted: Networks = (),
        told: Callable[[int, float], None] = lambda _status, _seconds: None,
    ) -> None:
        """`told` hears of each answer's status, and how many seconds it took to make."""
        self._rest = rest
        self._counter = counter
        self._visitors = visitors
        self._find = find
        self._clock = clock
        self._trusted = trusted
        self._base_url = base_url
        self._told = told

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        slug = self._slug(environ) if environ.get("PATH_INFO", "").endswith(_TAIL) else ""
        if not slug:
            return self._rest(environ, start_response)
        began, method = perf_counter(), environ["REQUEST_METHOD"]
        reply = self._reply(environ, slug)
        # A 204 has no length (RFC 9110 section 8.6).
        length = () if reply.status is HTTPStatus.NO_CONTENT else (("Content-Length", str(len(reply.body))),)
        start_response(f"{reply.status.value} {reply.status.phrase}", [*reply.headers, *_COMMON, *length])
        self._told(reply.status.value, perf_counter() - began)
        return [] if method == "HEAD" else [reply.body]

    def _slug(self, environ: WSGIEnvironment) -> str:
        """The slug that an address with that tail asks about, "" where it asks about none."""
        path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
        top = mount(self._base_url())
        below = path.removeprefix(top) if path.startswith(f"{top}/") else ""
        place = place_of(below.removesuffix(_NAME))
        return place.slug if isinstance(place, ArticleAt) and views_path(place.slug) == below else ""

    def _reply(self, environ: WSGIEnvironment, slug: str) -> _Reply:
        now = self._clock()
        article_id = self._find(slug, now)
        if article_id is None:
            return _Reply(status=HTTPStatus.NOT_FOUND)
        match environ["REQUEST_METHOD"]:
            case "GET" | "HEAD":
                return self._tell(article_id)
            case "POST":
                return self._count(environ, article_id, now)
            case _:
                return _Reply(status=HTTPStatus.METHOD_NOT_ALLOWED, headers=(("Allow", _METHODS),))

    def _tell(self, article_id: str) -> _Reply:
        views = self._counter.count(article_id)
        if views is None:
            return _Reply(status=HTTPStatus.SERVICE_UNAVAILABLE, headers=(("Retry-After", str(_RETRY)),))
        body = json.dumps({"views": views}).encode()
        return _Reply(status=HTTPStatus.OK, headers=(("Content-Type", "application/json"),), body=body)

    def _count(self, environ: WSGIEnvironment, article_id: str, now: datetime) -> _Reply:
        """Whoever is not counted hears nothing of it."""
        if _length(environ) > _MOST_BODY:
            return _Reply(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
        if stranger(headers) or from_elsewhere(headers, self._base_url()):
            return _Reply(status=HTTPStatus.NO_CONTENT)
        admission = self._visitors.admit(client(environ, self._trusted), headers["user-agent"], article_id, now)
        if admission.retry_after:
            return _Reply(status=HTTPStatus.TOO_MANY_REQUESTS, headers=(("Retry-After", str(admission.retry_after)),))
        if admission.counts:
            self._counter.add(article_id)
        return _Reply(status=HTTPStatus.NO_CONTENT)


def _length(environ: WSGIEnvironment) -> int:
    text = environ.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isdecimal() else _MOST_BODY + 1
