"""Response cache: within one second of the clock, equal requests for a document get the same response.

Requests are equal if they have the same path, method and values of the headers that documents depend on. A new edition empties
the cache.

All moments that responses depend on are whole seconds (model.py), so within a second only a new edition changes a response.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Final, NamedTuple

from feedsvc.live import Edition, Live
from feedsvc.publication import has_query_rules
from feedsvc.web.request_stats import Labels, RequestStats
from feedsvc.web.responses import Headers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Key in the environ: a function (edition, CachedResponse) -> None that stores the response to this request.
STORE_KEY: Final = "feedsvc.store_response"
_MAX_RESPONSES: Final = 4096  # different requests within a second
_MAX_KEY_LENGTH: Final = 1024  # characters; the key holds headers that a client sent

_RequestKey = tuple[str, ...]


class CachedResponse(NamedTuple):
    """Complete response. `status` is 200, for instance, and `status_line` then "200 OK"."""

    status_line: str
    headers: Headers
    body: tuple[bytes]
    labels: Labels
    status: int


class ResponseCache:
    """WSGI middleware that answers a request equal to an earlier one of the same second and edition without the application.

    Requests are equal if path, method and the headers that documents depend on are (`_request_key`); queries are ignored, unless
    redirects.yaml has rules for queries: then a request with a query is not answered from here. The responses in the cache are
    those for which the application called the function that this object puts into the environ at STORE_KEY.
    """

    def __init__(self, next_app: WSGIApplication, live: Live, stats: RequestStats) -> None:
        self._next_app, self._live, self._stats = next_app, live, stats
        # The edition and the second of the clock, with the responses in it.
        self._second: tuple[Edition, datetime, dict[_RequestKey, CachedResponse]] = (live.edition, live.clock(), {})

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_time, now, edition = perf_counter(), self._live.clock().replace(microsecond=0), self._live.edition
        if environ.get("QUERY_STRING") and has_query_rules(edition.publication.catalog):
            return self._next_app(environ, start_response)
        key, (cached_edition, second, responses) = _request_key(environ), self._second
        if (response := responses.get(key)) and cached_edition is edition and second == now:
            self._stats.count(response.labels, response.status, perf_counter() - start_time, cache_hits=1)
            start_response(response.status_line, [*response.headers])
            return response.body
        environ[STORE_KEY] = partial(self.store, key, now)
        return self._next_app(environ, start_response)

    def store(self, key: _RequestKey, second: datetime, edition: Edition, response: CachedResponse) -> None:
        """Store a response, unless the cache is full or the key has more than _MAX_KEY_LENGTH characters."""
        if self._second[0] is not edition or self._second[1] != second:
            self._second = edition, second, {}
        responses = self._second[2]
        if len(responses) < _MAX_RESPONSES and sum(map(len, key)) <= _MAX_KEY_LENGTH:
            responses[key] = response


def _request_key(environ: WSGIEnvironment) -> _RequestKey:
    """Return all values of a request that a document's response depends on. "" is a header that is absent or empty."""
    get = environ.get
    return (
        environ["PATH_INFO"],
        environ["REQUEST_METHOD"],
        get("HTTP_ACCEPT_ENCODING", ""),
        get("HTTP_IF_NONE_MATCH", ""),
        get("HTTP_IF_MODIFIED_SINCE", ""),
        get("HTTP_SEC_FETCH_DEST", ""),
    )
