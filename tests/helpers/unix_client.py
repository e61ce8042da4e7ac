"""HTTP client for a unix socket."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from tests.helpers.http_client import NO_HEADERS, SECONDS, Response, ask_on


class UnixConnection(http.client.HTTPConnection):
    """HTTP connection to a unix socket. Host is `localhost` unless a header gives it."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(SECONDS)
        self.sock.connect(str(self._path))


def ask_unix(path: Path, address: str, headers: Mapping[str, str] = NO_HEADERS, method: str = "GET") -> Response:
    """Send one request for `address` on a new connection to the unix socket at `path`."""
    with closing(UnixConnection(path)) as connection:
        return ask_on(connection, address, headers, method)
