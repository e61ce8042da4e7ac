"""WSGI middleware of the preview: makes responses uncacheable and inserts the panel into every page.

A page of any site can make a browser send requests to this machine. So no other origin may read responses (no CORS headers), and
a request with a foreign Host is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from feedsvc.live import Live
from feedsvc.preview.events import EventStreams
from feedsvc.preview.panel import panel
from feedsvc.uris import mount_path, root_relative
from feedsvc.web import forwarding_header, is_local_host

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from feedsvc.live import Edition

PREVIEW_PATH: Final = "/.preview/"  # below base_url
_EVENTS_NAME: Final = "events"
# Headers that could lead to a 304 or to a compressed body.
_IGNORED_REQUEST_HEADERS: Final = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_ACCEPT_ENCODING")
_DROPPED_RESPONSE_HEADERS: Final = ("cache-control", "etag", "last-modified", "content-length", "vary")
_PREVIEW_HEADERS: Final = (("Cache-Control", "no-store"), ("X-Robots-Tag", "noindex"))
_STATIC_FILES: Final = {
    name: (media_type, resources.files(__package__).joinpath("static", name).read_bytes())
    for name, media_type in (("preview.css", "text/css; charset=utf-8"), ("preview.js", "text/javascript; charset=utf-8"))
}
_HEAD_ELEMENTS: Final = Markup(
    '<link rel="stylesheet" href="{place}preview.css">\n<script src="{place}preview.js" defer></script>\n'
)
_FOREIGN_HOST_MESSAGE: Final = (
    b"A preview answers only requests from this machine to 127.0.0.1 or localhost.\n"
    b"Start it with --preview-anywhere to open it to other machines.\n"
)
_PROXY_MESSAGE: Final = (
    "A preview shows drafts and answers this machine only. This request was passed on by a proxy or a tunnel: it has the header "
    "{}. Open 127.0.0.1 or localhost in a browser on this machine, or start the preview with --preview-anywhere to open it to "
    "others.\n"
)


class PreviewMiddleware:
    """Middleware around the application `app` of `live`, whose catalog includes drafts: adds the panel to HTML pages.

    It answers GET requests for the event stream, style and script below PREVIEW_PATH itself, whatever path is before that. No
    response may be stored, is a 304 or is compressed. Unless `allows_any_host`, requests get 403 if Host is not this machine or
    a header shows that the request was forwarded.
    """

    def __init__(self, app: WSGIApplication, live: Live, streams: EventStreams, *, allows_any_host: bool = False) -> None:
        self._app, self._live, self._streams, self._allows_any_host = app, live, streams, allows_any_host

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "HEAD":
            return self._respond(environ, start_response)
        _close_body(self._respond({**environ, "REQUEST_METHOD": "GET"}, start_response))
        return []

    def _respond(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "").encode("latin-1").decode(errors="replace")
        if refusal := b"" if self._allows_any_host else _refusal_message(environ):
            return _send_response(start_response, HTTPStatus.FORBIDDEN, "text/plain; charset=utf-8", refusal)
        # Any prefix: pages that are open may have been loaded at a former path of the site.
        name = path.rpartition(PREVIEW_PATH)[2] if PREVIEW_PATH in path and environ["REQUEST_METHOD"] == "GET" else ""
        if name == _EVENTS_NAME:
            start_response("200 OK", [("Content-Type", "text/event-stream; charset=utf-8"), *_PREVIEW_HEADERS])
            return self._streams.stream()
        if name in _STATIC_FILES:
            return _send_response(start_response, HTTPStatus.OK, *_STATIC_FILES[name])
        # Taken before the page is rendered. If a new edition comes in between, the page reloads once more.
        self._live.current(self._live.clock())
        return self._forward(environ, start_response, self._live.edition, path)

    def _forward(self, environ: WSGIEnvironment, start_response: StartResponse, edition: Edition, path: str) -> Iterable[bytes]:
        responses: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
            responses.append((status, headers))

        inner_environ = {name: value for name, value in environ.items() if name not in _IGNORED_REQUEST_HEADERS}
        body = self._app(inner_environ, start)
        status, inner_headers = responses[-1]
        headers_by_name = {name.lower(): value for name, value in inner_headers}
        headers = [(name, value) for name, value in inner_headers if not _is_dropped_header(name)]
        if headers_by_name.get("content-type", "").startswith("text/html"):
            page = self._insert_panel(_join_body(body), edition, path)
            start_response(status, [*headers, ("Content-Length", str(len(page))), *_PREVIEW_HEADERS])
            return [page]
        length = [("Content-Length", headers_by_name["content-length"])] if "content-length" in headers_by_name else []
        start_response(status, [*headers, *length, *_PREVIEW_HEADERS])
        return body

    def _insert_panel(self, page: bytes, edition: Edition, path: str) -> bytes:
        """Return the page with the panel before its last </body>, and style and script before its first </head>.

        Without </body>, the panel is at its end; without </head>, style and script are at its start. `path` is the requested
        path, decoded, with the path of base_url.
        """
        base = edition.publication.catalog.site.base_url
        preview_url = root_relative(base, PREVIEW_PATH)
        head = _HEAD_ELEMENTS.format(place=preview_url).encode()
        foot = panel(edition, path.removeprefix(mount_path(base)), f"{preview_url}{_EVENTS_NAME}").encode()
        before, end, after = page.rpartition(b"</body>")
        page_with_panel = before + foot + end + after if end else page + foot
        start, end, rest = page_with_panel.partition(b"</head>")
        return start + head + end + rest if end else head + page_with_panel


def _refusal_message(environ: WSGIEnvironment) -> bytes:
    """Return the message for a request that is not from a browser on this machine, b"" if it seems to be from one."""
    if not is_local_host(environ.get("HTTP_HOST", "")):
        return _FOREIGN_HOST_MESSAGE
    name = forwarding_header(environ)
    return _PROXY_MESSAGE.format(name).encode() if name else b""


def _is_dropped_header(name: str) -> bool:
    return name.lower() in _DROPPED_RESPONSE_HEADERS or name.lower().startswith("access-control-")


def _join_body(body: Iterable[bytes]) -> bytes:
    try:
        return b"".join(body)
    finally:
        _close_body(body)


def _close_body(body: Iterable[bytes]) -> None:
    close = getattr(body, "close", None)
    if close:
        close()


def _send_response(start_response: StartResponse, status: HTTPStatus, media_type: str, body: bytes) -> Iterable[bytes]:
    headers = [
        ("Content-Type", media_type),
        ("Content-Length", str(len(body))),
        ("X-Content-Type-Options", "nosniff"),
        *_PREVIEW_HEADERS,
    ]
    start_response(f"{status.value} {status.phrase}", headers)
    return [body]
