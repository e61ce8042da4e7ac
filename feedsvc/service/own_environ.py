"""Environ of a request from another server, in the form that feedsvc's own server gives it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from feedsvc.support.client_address import normal_peer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Servers disagree on its start and length: uWSGI sends the whole file, also for a range.
_FILE_WRAPPER: Final = "wsgi.file_wrapper"


def with_own_environ(application: WSGIApplication) -> WSGIApplication:
    """Return a WSGI application that calls `application` with an environ as the middleware of a service expects it.

    PATH_INFO has the whole path, also if the server is configured with a prefix, because base_url has this prefix, too.
    REMOTE_ADDR is an address without port, or "unix" for a client of a unix socket. wsgi.file_wrapper is removed.
    """

    def adapted(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        own_environ = {
            **environ,
            "SCRIPT_NAME": "",
            "PATH_INFO": environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""),
            "REMOTE_ADDR": normal_peer(environ.get("REMOTE_ADDR") or ""),
        }
        own_environ.pop(_FILE_WRAPPER, None)
        return application(own_environ, start_response)

    return adapted
