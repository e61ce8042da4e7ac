"""Host name look-ups with a deadline.

getaddrinfo has no timeout and cannot be interrupted: it takes as long as the system's resolver. So each look-up runs in its own
thread. At the deadline the caller stops waiting, and the thread ends when the resolver returns. There is at most one such thread
per host and port: a later call waits for the look-up that still runs.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, TypeAlias

# Family, type, protocol, canonical name and address, as socket.getaddrinfo returns them.
SocketAddress: TypeAlias = tuple[Any, Any, int, str, Any]
_SocketAddresses: TypeAlias = Sequence[SocketAddress]


class LookupTimeoutError(TimeoutError):
    """Error: a host name was not resolved in time."""


class Resolver:
    """Resolver of host names, for one thread at a time."""

    def __init__(self) -> None:
        self._lookups: dict[tuple[str, int], Future[_SocketAddresses]] = {}

    def resolve(self, host: str, port: int, seconds: float) -> _SocketAddresses:
        """Return the addresses of a host, at least one. Raises LookupTimeoutError after `seconds`.

        Raises OSError if there is no address, UnicodeError for an invalid name.
        """
        key = (host, port)
        if key not in self._lookups:
            self._lookups[key] = _start_lookup(host, port)
        future = self._lookups[key]
        try:
            addresses = future.result(seconds)
        except TimeoutError:
            if not future.done():
                raise LookupTimeoutError(host) from None
            raise
        finally:
            if future.done():
                del self._lookups[key]
        if not addresses:
            raise OSError(f"'{host}' has no address")
        return addresses


def _start_lookup(host: str, port: int) -> Future[_SocketAddresses]:
    future: Future[_SocketAddresses] = Future()

    def look_up() -> None:
        try:
            future.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, ValueError) as error:
            future.set_exception(error)

    # A daemon thread, so that the process can end while a name server does not answer.
    threading.Thread(target=look_up, name="feedsvc-lookup", daemon=True).start()
    return future
