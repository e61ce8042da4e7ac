"""WSGI middleware: what it passes on is nobody's to keep, and every page bears the panel. The core knows nothing of it.

A browser lets any site ask this machine: so no other site may read the answers (no CORS), and a name that a stranger
lets point here gets none.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from feedsvc.live.live import Live
from feedsvc.preview.events import Streams
from feedsvc.preview.panel import panel
from feedsvc.uris import mount, rooted
from feedsvc.web.access_control import is_here, passed_on_by

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from feedsvc.live.live import Edition

PLACE: Final = "/.preview/"  # below base_url
_EVENTS: Final = "events"
# What would let a browser be told that it has the page already, or send it packed.
_CONDITIONS: Final = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_ACCEPT_ENCODING")
_NOT_PASSED_ON: Final = ("cache-control", "etag", "last-modified", "content-length", "vary")
_OWN: Final = (("Cache-Control", "no-store"), ("X-Robots-Tag", "noindex"))
_STATIC: Final = {
    name: (media_type, resources.files(__package__).joinpath("static", name).read_bytes())
    for name, media_type in (("preview.css", "text/css; charset=utf-8"), ("preview.js", "text/javascript; charset=utf-8"))
}
_HEAD: Final = Markup('<link rel="stylesheet" href="{place}preview.css">\n<script src="{place}preview.js" defer></script>\n')
_STRANGER: Final = b"A preview answers this machine only, at 127.0.0.1 or localhost; --preview-anywhere opens it to others.\n"
_PASSED_ON: Final = (
    "A preview shows drafts and answers this machine only. This request was passed on by a proxy or a tunnel: it has the header "
    "{}. Open 127.0.0.1 or localhost in a browser on this machine, or start the preview with --preview-anywhere to open it to "
    "others.\n"
)


class Preview:
    """`live` is one of previews.

    Without `anywhere`, only a Host that is this machine is answered, and no request that says it was passed on.
    """

    def __init__(self, rest: WSGIApplication, live: Live, streams: Streams, *, anywhere: bool = False) -> None:
        self._rest, self._live, self._streams, self._anywhere = rest, live, streams, anywhere

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "HEAD":
            return self._answered(environ, start_response)
        _close(self._answered({**environ, "REQUEST_METHOD": "GET"}, start_response))
        return []

    def _answered(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "").encode("latin-1").decode(errors="replace")
        if refusal := b"" if self._anywhere else _refusal(environ):
            return _send(start_response, HTTPStatus.FORBIDDEN, "text/plain; charset=utf-8", refusal)
        # Wherever the site lies now: pages that are open remember where it was.
        name = path.rpartition(PLACE)[2] if PLACE in path and environ["REQUEST_METHOD"] == "GET" else ""
        if name == _EVENTS:
            start_response("200 OK", [("Content-Type", "text/event-stream; charset=utf-8"), *_OWN])
            return self._streams.stream()
        if name in _STATIC:
            return _send(start_response, HTTPStatus.OK, *_STATIC[name])
        # Taken before the page is made: if an edition comes in between, the page loads once more.
        self._live.current(self._live.clock())
        return self._passed(environ, start_response, self._live.edition, path)

    def _passed(self, environ: WSGIEnvironment, start_response: StartResponse, edition: Edition, path: str) -> Iterable[bytes]:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
            started.append((status, headers))

        asked = {name: value for name, value in environ.items() if name not in _CONDITIONS}
        body = self._rest(asked, start)
        status, given = started[-1]
        named = {name.lower(): value for name, value in given}
        headers = [(name, value) for name, value in given if not _is_dropped(name)]
        if named.get("content-type", "").startswith("text/html"):
            page = self._dressed(_whole(body), edition, path)
            start_response(status, [*headers, ("Content-Length", str(len(page))), *_OWN])
            return [page]
        kept = [("Content-Length", named["content-length"])] if "content-length" in named else []
        start_response(status, [*headers, *kept, *_OWN])
        return body

    def _dressed(self, page: bytes, edition: Edition, path: str) -> bytes:
        """The page with the panel at its end, wherever a theme lets it end."""
        base = edition.publication.catalog.site.base_url
        place = rooted(base, PLACE)
        head = _HEAD.format(place=place).encode()
        foot = panel(edition, path.removeprefix(mount(base)), f"{place}{_EVENTS}").encode()
        before, end, after = page.rpartition(b"</body>")
        whole = before + foot + end + after if end else page + foot
        start, end, rest = whole.partition(b"</head>")
        return start + head + end + rest if end else head + whole


def _refusal(environ: WSGIEnvironment) -> bytes:
    """Return why a request does not come from this machine's own browser, b"" if it does as far as can be seen."""
    if not is_here(environ.get("HTTP_HOST", "")):
        return _STRANGER
    name = passed_on_by(environ)
    return _PASSED_ON.format(name).encode() if name else b""


def _is_dropped(name: str) -> bool:
    return name.lower() in _NOT_PASSED_ON or name.lower().startswith("access-control-")


def _whole(body: Iterable[bytes]) -> bytes:
    try:
        return b"".join(body)
    finally:
        _close(body)


def _close(body: Iterable[bytes]) -> None:
    close = getattr(body, "close", None)
    if close:
        close()


def _send(start_response: StartResponse, status: HTTPStatus, media_type: str, body: bytes) -> Iterable[bytes]:
    headers = [("Content-Type", media_type), ("Content-Length", str(len(body))), ("X-Content-Type-Options", "nosniff"), *_OWN]
    start_response(f"{status.value} {status.phrase}", headers)
    return [body]
