"""Flask endpoint of private feeds, /private/TOKEN/feed.SUFFIX. Nothing about a response is stored, in this process or by a cache.

No response tells a wrong token from the token of a feed that is gone, and no log or metric contains a token.
"""

from __future__ import annotations

import math
import secrets
import threading
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from flask import Response, g, request

from feedsvc.access import AccessDecision, Outcome, TokenAuthorizer, log_path
from feedsvc.feeds import FORMATS
from feedsvc.live import Live
from feedsvc.routes import PRIVATE_PREFIX, parse_private_feed_path, private_feed_path
from feedsvc.support.client_address import Networks
from feedsvc.support.token_bucket import BucketLimit, TokenBuckets, anonymous_key
from feedsvc.web import responses
from feedsvc.web.access_log import LOG_PATH_KEY
from feedsvc.web.document_endpoints import CompleteResponse, ViewFunction, path_below
from feedsvc.web.rate_limit import limited_network, monotonic_datetime
from feedsvc.web.request_stats import Labels
from feedsvc.web.url_converter import PATH_CONVERTER

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_HEADERS: Final = (
    ("Cache-Control", "private, no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Robots-Tag", "noindex"),
)
_REPLACED: Final = "Cache-Control"
_RETRIEVAL_METHODS: Final = ("GET", "HEAD")
_UNAVAILABLE_SECONDS: Final = 60
# Wrong tokens of one client: enough for a person with an old address in several programs, and too few to search for tokens.
_GUESSES: Final = BucketLimit(burst=30, refill_seconds=120.0)
_MAX_CLIENTS: Final = 10_000
_ENDED: Final = "This address has ended. Ask the newsroom for a new one.\n"
_LIMITED: Final = "This address was fetched too often. Try again in {} seconds.\n"
_GUESSED: Final = "Your programs used too many wrong addresses. Try again in {} seconds.\n"
_UNAVAILABLE: Final = "This feed cannot be served at this moment. Try again in a minute."


PRIVATE_ENDPOINT: Final = "private_feed"
PRIVATE_RULE: Final = f"{PRIVATE_PREFIX}<{PATH_CONVERTER}:path>"


def private_view(live: Live, authorizer: TokenAuthorizer, trusted: Networks) -> ViewFunction:
    """Return the view function of all paths below /private/. X-Forwarded-For is used if the peer is one of `trusted`."""
    return _PrivateView(live, authorizer, GuessLimit(trusted))


class GuessLimit:
    """Limit of wrong tokens for each client, in memory and in this process only. Thread-safe.

    It is 30 wrong tokens at once, then one every two minutes. A client is an address (for IPv6, a /64 network). Without trusted
    proxies, only clients that connect directly from a public address are limited, because a proxy or a private address may stand
    for many clients.
    """

    def __init__(self, trusted: Networks, clock: Callable[[], datetime] = monotonic_datetime) -> None:
        self._trusted, self._clock = trusted, clock
        self._buckets = TokenBuckets(_GUESSES, _MAX_CLIENTS)
        self._salt, self._lock = secrets.token_bytes(32), threading.Lock()

    def seconds_to_wait(self, environ: WSGIEnvironment) -> int:
        """Return the seconds, rounded up, for which requests of this client are refused, right tokens included; 0 if none are."""
        key = self._key(environ)
        with self._lock:
            return math.ceil(self._buckets.seconds_until_token(key, self._clock())) if key else 0

    def count(self, environ: WSGIEnvironment) -> None:
        """Count a wrong token of the client that sent the request. Does nothing for a client that is not limited."""
        key = self._key(environ)
        with self._lock:
            if key:
                self._buckets.take_token(key, self._clock())

    def _key(self, environ: WSGIEnvironment) -> bytes:
        network = limited_network(environ, self._trusted, is_direct_only=not self._trusted)
        return b"" if network is None else anonymous_key(self._salt, network)


class _PrivateView:
    """View function of all paths below /private/."""

    def __init__(self, live: Live, authorizer: TokenAuthorizer, guesses: GuessLimit) -> None:
        self._live, self._authorizer, self._guesses = live, authorizer, guesses

    def __call__(self, **_: str) -> Response:
        """Return the response to Flask's current request: the feed, or a 304, 404, 410 (ended token), 429 or 503.

        For methods other than GET and HEAD, it is a 204 or 405. It never redirects, and is never stored.
        """
        environ, mount = request.environ, self._live.edition.publication.mount
        token, suffix = parse_private_feed_path(path_below(environ, mount) or "") or ("", "")
        if suffix not in FORMATS:
            token = suffix = ""
        g.feedsvc_labels = Labels("private", suffix)
        _log(environ, mount + log_path("", ""))
        if request.method not in _RETRIEVAL_METHODS:
            return _private(responses.other_method_response((request.method, environ)))
        if wait := self._guesses.seconds_to_wait(environ):
            return _private(_refusal(429, _GUESSED.format(wait), wait))
        now = self._live.clock()
        decision = self._authorizer.admit(token, now)
        if decision.name:
            _log(environ, mount + log_path(decision.name, suffix))
        return _private(self._respond(decision, token, suffix, now))

    def _respond(self, decision: AccessDecision, token: str, suffix: str, now: datetime) -> responses.Response:
        match decision.outcome:
            case Outcome.ADMITTED:
                return self._feed(decision.feed, token, suffix, now) or self._not_found(now)
            case Outcome.LIMITED:
                return _refusal(429, _LIMITED.format(decision.retry_after), decision.retry_after)
            case Outcome.ENDED:
                return _refusal(410, _ENDED)
            case Outcome.UNAVAILABLE:
                return responses.unavailable_response(_UNAVAILABLE, _UNAVAILABLE_SECONDS)
            case Outcome.UNKNOWN:
                self._guesses.count(request.environ)
                return self._not_found(now)

    def _feed(self, feed: str, token: str, suffix: str, now: datetime) -> responses.Response | None:
        """Return the response with a feed, or a 304; None if feeds.yaml has no such feed any more."""
        publication = self._live.current(now)
        document = publication.render_private_feed(feed, suffix, private_feed_path(token, suffix), now)
        return responses.respond(document, (request.method, request.environ), now, None) if document else None

    def _not_found(self, now: datetime) -> responses.Response:
        return responses.respond(self._live.current(now).not_found_page, ("GET", {}), now, None)


def _log(environ: WSGIEnvironment, path: str) -> None:
    """Make the access log, if there is one, show `path` in place of the path of the request."""
    if set_path := environ.get(LOG_PATH_KEY):
        set_path(path)


def _refusal(status: int, sentence: str, retry_after: int = 0) -> responses.Response:
    body = sentence.encode()
    headers = [("Retry-After", str(retry_after))] if retry_after else []
    headers += [*responses.COMMON_HEADERS, ("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    return responses.Response(status, headers, body)


def _private(response: responses.Response) -> Response:
    """Return the response with the headers of private feeds (no-store, no-referrer, noindex) in place of Cache-Control."""
    headers = [*_HEADERS, *((name, value) for name, value in response.headers if name != _REPLACED)]
    return CompleteResponse(response.status, headers, (response.body,))
