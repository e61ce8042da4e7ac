"""A client that keeps its connection, and a port to ask at."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
GZIP: Final[Mapping[str, str]] = MappingProxyType({"Accept-Encoding": "gzip"})
_SECONDS: Final = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Got:
    """An answer; `headers` are keyed by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Client:
    """Asks a server on this machine, on one connection for as long as it stands. Raises OSError while nobody answers."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)

    def ask(self, path: str, headers: Mapping[str, str] = NO_HEADERS, method: str = "GET") -> Got:
        """`path` is percent-encoded; nothing is sent beside Host and these headers."""
        try:
            return self._ask(path, headers, method)
        except (http.client.HTTPException, ConnectionError):
            self.close()
            return self._ask(path, headers, method)

    def close(self) -> None:
        self._connection.close()

    def _ask(self, path: str, headers: Mapping[str, str], method: str) -> Got:
        self._connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            self._connection.putheader(name, value)
        self._connection.endheaders()
        answer = self._connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Got(status=answer.status, headers=named, body=answer.read())


def free_port() -> int:
    """A port of the loopback address that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
