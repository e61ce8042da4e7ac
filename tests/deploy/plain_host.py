"""A file server without redirects or content negotiation, like GitHub Pages: the one of the standard library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread


class _SilentRequestHandler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Write nothing to stderr."""


@contextmanager
def plain_host(tree: Path) -> Iterator[int]:
    """Serve a tree; yield the port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_SilentRequestHandler, directory=str(tree))) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
