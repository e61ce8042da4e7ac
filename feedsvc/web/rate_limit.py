"""Rate limit for clients that repeatedly fetch one feed whole: 429 with Retry-After (RFC 6585 section 4).

Conditional requests for a feed and those without User-Agent (some readers send none) are never refused, nor is a client's first
request. For combinations, all requests count and may be refused. Clients are remembered in memory only, as salted digests.
"""

from __future__ import annotations

import math
import re
import secrets
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Final

from feedsvc.feeds import FORMATS
from feedsvc.routes import COMBINATION_FORM, PRIVATE_PREFIX
from feedsvc.support.client_address import Networks, client_address, client_prefix, is_global_address
from feedsvc.support.token_bucket import BucketLimit, TokenBuckets, anonymous_key
from feedsvc.web.access_control import forwarding_header
from feedsvc.web.request_stats import OTHER, Labels, RequestStats
from feedsvc.web.responses import text_response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_HOUR_SECONDS: Final = 3600.0
_MAX_CLIENTS: Final = 50_000  # pairs of client and feed, about 15 MB; the one whose last allowed GET is the oldest is dropped
_MAX_AGENT_LENGTH: Final = 1000  # characters of a User-Agent that are compared
_PRIVATE_FEED: Final = re.compile(rf"{PRIVATE_PREFIX}[^/]+/feed\.[a-z][a-z0-9]*$")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_COMBINATION_MESSAGE: Final = (
    "Your programs fetched too many combined feeds. Try again in {wait} seconds, or ask the newsroom for a feed of its own.\n"
)
_MESSAGE: Final = (
    "Your program fetched this feed too often without If-None-Match. Try again in {wait} seconds, or send the ETag of your\n"
    "last copy as If-None-Match: such a request is never refused.\n"
)


def monotonic_datetime() -> datetime:
    """Return 1970-01-01 plus the seconds of time.monotonic. The result only advances, even if the system clock is set."""
    return _EPOCH + timedelta(seconds=monotonic())


class ClientLimit:
    """Limit of requests for each client, in memory and in this process only. Thread-safe.

    A client is an address (for IPv6, a /64 network), that in X-Forwarded-For if the peer is one of `trusted`. All clients of a
    unix socket are one client. With `is_direct_only`, only clients that connect directly from a public address are limited,
    because a proxy or a private address may stand for many clients. At most `max_clients` are remembered.
    """

    def __init__(
        self,
        limit: BucketLimit,
        max_clients: int,
        trusted: Networks,
        *,
        is_direct_only: bool,
        clock: Callable[[], datetime] = monotonic_datetime,
    ) -> None:
        self._buckets, self._clock = TokenBuckets(limit, max_clients), clock
        self._trusted, self._is_direct_only = trusted, is_direct_only
        self._salt, self._lock = secrets.token_bytes(32), threading.Lock()

    def count(self, environ: WSGIEnvironment, *parts: str) -> int:
        """Count the request and return 0. If it exceeds the limit, do not count it; return the seconds until it is allowed.

        Requests of a client with other `parts` have a limit of their own.
        """
        return self._apply(self._buckets.take_token, environ, parts)

    def seconds_to_wait(self, environ: WSGIEnvironment) -> int:
        """Return the seconds until `count` would return 0, rounded up. Counts nothing."""
        return self._apply(self._buckets.seconds_until_token, environ, ())

    def _apply(self, function: Callable[[bytes, datetime], float], environ: WSGIEnvironment, parts: tuple[str, ...]) -> int:
        network, is_public = _client_network(client_address(environ, self._trusted))
        if self._is_direct_only and (not is_public or forwarding_header(environ)):
            return 0
        with self._lock:
            return math.ceil(function(anonymous_key(self._salt, network, *parts), self._clock()))


class PollLimit:
    """WSGI middleware that limits unconditional GETs of one feed by one client. GETs above the limit get a 429.

    The limit is `per_hour` GETs at once, then one every 3600 / `per_hour` seconds. Refused GETs do not count. GETs with
    If-None-Match or If-Modified-Since, and those without User-Agent, are not limited.

    All combinations (`catalog.combinations`) together have one such limit for each address of a client, without its User-Agent.
    Every request for a combination counts, because it is rendered on request. So does each POST to the form on /subscribe/.

    Requests for private feeds are not limited here: each token has its own limit (`access`).

    A client is a client of ClientLimit, with which the parameters are shared, with a User-Agent. At most `max_clients` pairs of
    client and feed are remembered.
    """

    def __init__(
        self,
        next_app: WSGIApplication,
        stats: RequestStats,
        *,
        per_hour: int,
        trusted: Networks = (),
        is_direct_only: bool = False,
        max_clients: int = _MAX_CLIENTS,
        clock: Callable[[], datetime] = monotonic_datetime,
    ) -> None:
        self._next_app, self._stats = next_app, stats
        limit = BucketLimit(burst=per_hour, refill_seconds=_HOUR_SECONDS / per_hour)
        self._limit = ClientLimit(limit, max_clients, trusted, is_direct_only=is_direct_only, clock=clock)
        self._feed_endings = tuple(f"/feed.{suffix}" for suffix in FORMATS)
        self._combination = re.compile(rf"/feed/[^/]+\.(?:{'|'.join(FORMATS)})$")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        is_feed = path.endswith(self._feed_endings) and not (PRIVATE_PREFIX in path and _PRIVATE_FEED.search(path))
        is_combination = not is_feed and "/feed/" in path and self._is_combination(path, environ["REQUEST_METHOD"])
        if not is_combination and (environ.get("HTTP_IF_NONE_MATCH") or not is_feed):
            return self._next_app(environ, start_response)
        limited_path = "" if is_combination else path
        start_time, wait = perf_counter(), self._count(environ, limited_path)
        return self._refuse(environ, start_response, wait, start_time) if wait else self._next_app(environ, start_response)

    def _count(self, environ: WSGIEnvironment, path: str) -> int:
        """Count the request, unless it is not limited; return the seconds until it is allowed, 0 if it is.

        `path` is that of the feed, "" for a combination, because all combinations share one limit.
        """
        agent = environ.get("HTTP_USER_AGENT", "")[:_MAX_AGENT_LENGTH] if path else ""
        is_exempt = environ["REQUEST_METHOD"] != "GET" or environ.get("HTTP_IF_MODIFIED_SINCE") or not agent.strip()
        return 0 if path and is_exempt else self._limit.count(environ, agent, path)

    def _refuse(self, environ: WSGIEnvironment, start_response: StartResponse, wait: int, start_time: float) -> Iterable[bytes]:
        is_combination = not environ["PATH_INFO"].endswith(self._feed_endings)
        text = (_COMBINATION_MESSAGE if is_combination else _MESSAGE).format(wait=wait)
        status, headers, body = text_response(429, text, wait)
        start_response("429 Too Many Requests", [*headers])
        suffix = environ["PATH_INFO"].rpartition(".")[2]
        labels = OTHER if environ["PATH_INFO"].endswith(COMBINATION_FORM) else Labels("feed", suffix)
        self._stats.count(labels, status, perf_counter() - start_time)
        return [body]

    def _is_combination(self, path: str, method: str) -> bool:
        return self._combination.search(path) is not None or (method == "POST" and path.endswith(COMBINATION_FORM))


@lru_cache(4096)
def _client_network(address: str) -> tuple[str, bool]:
    """Return the address, or its /64 network for IPv6, and whether the address is one of the public internet."""
    return client_prefix(address), is_global_address(address)
