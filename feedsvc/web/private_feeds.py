"""Flask endpoint of private feeds, /private/TOKEN/feed.SUFFIX. Nothing about a response is stored, in this process or by a cache.

No response tells a wrong token from the token of a feed that is gone, and no log or metric contains a token.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from flask import Response, g, request

from feedsvc.access import AccessDecision, Outcome, TokenAuthorizer, log_path
from feedsvc.feeds import FORMATS
from feedsvc.live import Live
from feedsvc.routes import PRIVATE_PREFIX, parse_private_feed_path, private_feed_path
from feedsvc.support.client_address import Networks
from feedsvc.support.token_bucket import BucketLimit
from feedsvc.web import responses
from feedsvc.web.access_log import LOG_PATH_KEY
from feedsvc.web.document_endpoints import PATH_CONVERTER, CompleteResponse, path_below
from feedsvc.web.rate_limit import ClientLimit
from feedsvc.web.request_stats import Labels

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_HEADERS: Final = (
    ("Cache-Control", "private, no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Robots-Tag", "noindex"),
)
_REPLACED: Final = "Cache-Control"
_UNAVAILABLE_SECONDS: Final = 60
# Wrong tokens of one client: enough for a person with an old address in several programs, and too few to search for tokens.
_GUESSES: Final = BucketLimit(burst=30, refill_seconds=120.0)
_MAX_CLIENTS: Final = 10_000
_ENDED: Final = "This address has ended. Ask the newsroom for a new one.\n"
_LIMITED: Final = "This address was fetched too often. Try again in {} seconds.\n"
_GUESSED: Final = "Your programs used too many wrong addresses. Try again in {} seconds.\n"
_UNAVAILABLE: Final = "This feed cannot be served at this moment. Try again in a minute.\n"


PRIVATE_ENDPOINT: Final = "private_feed"
PRIVATE_RULE: Final = f"{PRIVATE_PREFIX}<{PATH_CONVERTER}:path>"


class PrivateView:
    """View function of all paths below /private/.

    X-Forwarded-For is used if the peer is one of `trusted`. Without them, wrong tokens are limited only for clients that connect
    directly from a public address.
    """

    def __init__(self, live: Live, authorizer: TokenAuthorizer, trusted: Networks) -> None:
        self._live, self._authorizer = live, authorizer
        self._guesses = ClientLimit(_GUESSES, _MAX_CLIENTS, trusted, is_direct_only=not trusted)

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
        if request.method not in responses.RETRIEVAL_METHODS:
            return _private(responses.other_method_response((request.method, environ)))
        if wait := self._guesses.seconds_to_wait(environ):
            return _private(responses.text_response(429, _GUESSED.format(wait), wait))
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
                return responses.text_response(429, _LIMITED.format(decision.retry_after), decision.retry_after)
            case Outcome.ENDED:
                return responses.text_response(410, _ENDED)
            case Outcome.UNAVAILABLE:
                return responses.text_response(503, _UNAVAILABLE, _UNAVAILABLE_SECONDS)
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


def _private(response: responses.Response) -> Response:
    """Return the response with the headers of private feeds (no-store, no-referrer, noindex) in place of Cache-Control."""
    headers = [*_HEADERS, *((name, value) for name, value in response.headers if name != _REPLACED)]
    return CompleteResponse(response.status, headers, (response.body,))
