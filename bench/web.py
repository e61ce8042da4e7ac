"""An HTTP client with a persistent connection, and a free port."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
GZIP: Final[Mapping[str, str]] = MappingProxyType({"Accept-Encoding": "gzip"})
_TIMEOUT: Final = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """An HTTP response. The keys of `headers` are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Client:
    """HTTP client for a server on this machine. It reconnects if the connection was closed. Raises OSError if nothing listens."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT)

    def ask(self, path: str, headers: Mapping[str, str] = NO_HEADERS, method: str = "GET") -> Response:
        """Send a request without body and return the response. `path` is percent-encoded; only Host and `headers` are sent."""
        try:
            return self._send(path, headers, method)
        except (http.client.HTTPException, ConnectionError):
            self.close()
            return self._send(path, headers, method)

    def close(self) -> None:
        self._connection.close()

    def _send(self, path: str, headers: Mapping[str, str], method: str) -> Response:
        self._connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            self._connection.putheader(name, value)
        self._connection.endheaders()
        response = self._connection.getresponse()
        headers_by_name = {name.lower(): value for name, value in response.getheaders()}
        return Response(status=response.status, headers=headers_by_name, body=response.read())


def free_port() -> int:
    """Return a TCP port of the loopback address on which nothing listens now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
