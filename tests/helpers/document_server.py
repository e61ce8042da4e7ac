"""An HTTP server on loopback with documents that a test can change."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Document:
    """A response. `sent` is the number of bytes of the body after which the connection is closed, None for all of them."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: int | None = None


Answer = Callable[[Mapping[str, str]], Document]


class DocumentServer:
    """A server; `documents` maps a path, with its query, to a document or to a function of the request's header fields.

    `requests` are the paths that were asked, `fields` the header fields of each request.
    """

    def __init__(self) -> None:
        self.documents: dict[str, Document | Answer] = {}
        self.requests: list[str] = []
        self.fields: list[Mapping[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.requests.append(self.path)
                server.fields.append(dict(self.headers))
                answer = server.documents.get(self.path, Document(status=404))
                document = answer if isinstance(answer, Document) else answer(dict(self.headers))
                self.send_response(document.status)
                for name, value in {"Content-Length": str(len(document.body)), **document.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(document.body[: document.sent])
                self.close_connection = document.sent is not None

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Print nothing."""

        return Handler

    def serve(self) -> None:
        self._server.serve_forever(0.01)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextlib.contextmanager
def document_server() -> Iterator[DocumentServer]:
    server = DocumentServer()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()
