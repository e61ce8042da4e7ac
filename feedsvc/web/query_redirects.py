"""Middleware for old addresses with a query, such as /?p=12: the only requests whose query has an effect."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from feedsvc.live import Live
from feedsvc.web.document_endpoints import path_below

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class QueryRedirects:
    """WSGI middleware that passes a request to `uncached_app` if redirects.yaml has a rule for its path and query.

    All other requests go to `next_app`. `uncached_app` is the application without the response cache, because that cache
    ignores queries.
    """

    def __init__(self, next_app: WSGIApplication, uncached_app: WSGIApplication, live: Live) -> None:
        self._next_app, self._uncached_app, self._live = next_app, uncached_app, live

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        query = environ.get("QUERY_STRING")
        if query and self._live.edition.publication.catalog.content.redirects.parameter_sets:
            publication = self._live.current(self._live.clock())
            path = path_below(environ, publication.mount)
            if path is not None and publication.resolve_query(path or "/", query):
                return self._uncached_app(environ, start_response)
        return self._next_app(environ, start_response)
