"""Microcache of responses: for one second, an identical request to the same edition gets the same response.

All moments that responses depend on are whole seconds (model.py). So within one second only a new edition changes a response.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from feedsvc.live import Live
from feedsvc.publication import Publication
from feedsvc.web.request_stats import Labels
from feedsvc.web.reusable_headers import ReusableHeaders

_MAX_RESPONSES: Final = 256  # different requests; each entry holds headers that a client sent
_LIFETIME: Final = timedelta(seconds=1)

_RequestKey = tuple[str | None, ...]


class CachedResponse(NamedTuple):
    """Complete response. `status_line` is the status with its phrase."""

    status_line: str
    headers: ReusableHeaders
    body: Sequence[bytes]
    labels: Labels
    status: int


class ResponseMicrocache:
    """Responses of one edition within one second of the clock. Thread-safe."""

    def __init__(self, live: Live, now: datetime) -> None:
        live.current(now)
        self._live, self._edition = live, live.edition
        self._begin = now.replace(microsecond=0)
        self._end = self._begin + _LIFETIME
        self._responses: dict[_RequestKey, CachedResponse] = {}

    @property
    def publication(self) -> Publication:
        return self._edition.publication

    def is_current(self, now: datetime) -> bool:
        """Return whether the edition is still served and `now` is in this cache's second."""
        return self._edition is self._live.edition and self._begin <= now < self._end

    def get(self, environ: Mapping[str, str], now: datetime) -> CachedResponse | None:
        """Return the cached response to this request; None if there is none, or if the second is over."""
        # `is_current` inlined, because this runs for every request.
        if self._edition is self._live.edition and self._begin <= now < self._end:
            return self._responses.get(_request_key(environ))
        return None

    def put(self, environ: Mapping[str, str], response: CachedResponse) -> None:
        """Cache a response, unless the cache is full."""
        if len(self._responses) < _MAX_RESPONSES:
            self._responses[_request_key(environ)] = response


def _request_key(environ: Mapping[str, str]) -> _RequestKey:
    """Return everything in a request that a document's response depends on."""
    get = environ.get
    return (
        get("PATH_INFO"),
        get("REQUEST_METHOD"),
        get("HTTP_ACCEPT_ENCODING"),
        get("HTTP_IF_NONE_MATCH"),
        get("HTTP_IF_MODIFIED_SINCE"),
        get("HTTP_SEC_FETCH_DEST"),
    )
