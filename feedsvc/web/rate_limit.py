"""A limit for clients that fetch one feed whole again and again: 429 with Retry-After (RFC 6585 section 4). WSGI middleware.

Nobody is refused who asks conditionally, asks for the first time, or does not say what he is (some readers send no
User-Agent). Who is who is remembered in memory only, and only for as long as others do not take the place.
"""

from __future__ import annotations

import math
import secrets
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Final

from feedsvc.feeds import FORMATS
from feedsvc.support.client_address import Networks, client, home, is_far
from feedsvc.support.token_bucket import Buckets, Limit, nameless
from feedsvc.web.access_control import passed_on_by
from feedsvc.web.request_stats import Labels, Traffic
from feedsvc.web.responses import COMMON

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_HOUR: Final = 3600.0  # seconds
_MOST: Final = 50_000  # clients and feeds that are remembered, about 15 MB; the one seen longest ago is forgotten
_LONGEST: Final = 1000  # characters of a User-Agent that count
_FEEDS: Final = tuple(f"/feed.{suffix}" for suffix in FORMATS)
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WORDS: Final = (
    "This feed was fetched whole too often from here. Come again in {wait} seconds, or send the ETag of your last copy as\n"
    "If-None-Match: a request with that is never refused.\n"
)


def steady() -> datetime:
    """A time that only goes forward, whatever is done to the machine's clock; no date."""
    return _START + timedelta(seconds=monotonic())


class Polls:
    """`hourly` unconditional GETs of one feed by one client at once, then one every 3600 / `hourly` seconds.

    A client is an address (of IPv6, a /64) with a User-Agent. `trusted` are the proxies whose X-Forwarded-For is believed.
    With `directly`, only those are limited who plainly come from the internet by themselves: a proxy that nobody named, and
    whoever stands in the same building, may be many.
    """

    def __init__(
        self,
        rest: WSGIApplication,
        traffic: Traffic,
        *,
        hourly: int,
        trusted: Networks = (),
        directly: bool = False,
        most: int = _MOST,
        clock: Callable[[], datetime] = steady,
    ) -> None:
        self._rest, self._traffic, self._trusted, self._directly, self._clock = rest, traffic, trusted, directly, clock
        self._buckets = Buckets(Limit(burst=hourly, seconds=_HOUR / hourly), most)
        self._salt, self._lock = secrets.token_bytes(32), threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("HTTP_IF_NONE_MATCH") or not environ.get("PATH_INFO", "").endswith(_FEEDS):
            return self._rest(environ, start_response)
        began, wait = perf_counter(), math.ceil(self._wait(environ))
        return self._refuse(environ, start_response, wait, began) if wait else self._rest(environ, start_response)

    def _wait(self, environ: WSGIEnvironment) -> float:
        """Seconds until the client may fetch the feed whole, 0.0 if it may."""
        said, agent = environ.get, environ.get("HTTP_USER_AGENT", "")
        if environ["REQUEST_METHOD"] != "GET" or said("HTTP_IF_MODIFIED_SINCE") or not agent.strip():
            return 0.0
        address = client(environ, self._trusted)
        house, far = _whereabouts(address)
        if self._directly and (not far or passed_on_by(environ)):
            return 0.0
        key = nameless(self._salt, house, agent[:_LONGEST], environ["PATH_INFO"])
        with self._lock:
            return self._buckets.wait(key, self._clock())

    def _refuse(self, environ: WSGIEnvironment, start_response: StartResponse, wait: int, began: float) -> Iterable[bytes]:
        body = _WORDS.format(wait=wait).encode()
        headers = [("Retry-After", str(wait)), ("Cache-Control", "no-store"), *COMMON]
        headers += [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
        start_response("429 Too Many Requests", headers)
        suffix = environ["PATH_INFO"].rpartition(".")[2]
        self._traffic.count(Labels("feed", suffix), 429, perf_counter() - began)
        return [body]


@lru_cache(4096)
def _whereabouts(address: str) -> tuple[str, bool]:
    """The house that an address belongs to, and whether that stands in the open internet."""
    return home(address), is_far(address)
