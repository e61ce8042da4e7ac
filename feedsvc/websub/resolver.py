"""Host names looked up until a deadline.

getaddrinfo knows no timeout and cannot be interrupted: it takes as long as the system's resolver likes. So each look-up runs in
a thread of its own, which is left behind at the deadline and ends when the resolver does. There is at most one such thread for
a host: the next exchange waits for the look-up under way.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, Final, TypeAlias

# Family, type, protocol, canonical name and place, as socket.getaddrinfo returns them.
Address: TypeAlias = tuple[Any, Any, int, str, Any]
_Addresses: TypeAlias = Sequence[Address]

_THREAD: Final = "feedsvc-lookup"


class LookupTimeoutError(TimeoutError):
    """The host name was not resolved before the deadline."""


class Resolver:
    """Used by one thread."""

    def __init__(self) -> None:
        self._under_way: dict[tuple[str, int], Future[_Addresses]] = {}

    def addresses(self, host: str, port: int, seconds: float) -> _Addresses:
        """Return the addresses of a host, at least one. Raises LookupTimeoutError after the seconds, OSError, UnicodeError."""
        key = (host, port)
        if key not in self._under_way:
            self._under_way[key] = _begin(host, port)
        future = self._under_way[key]
        try:
            found = future.result(seconds)
        except TimeoutError:
            if not future.done():
                raise LookupTimeoutError(host) from None
            raise
        finally:
            if future.done():
                del self._under_way[key]
        if not found:
            raise OSError(f"no address of '{host}'")
        return found


def _begin(host: str, port: int) -> Future[_Addresses]:
    future: Future[_Addresses] = Future()

    def look_up() -> None:
        try:
            future.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, ValueError) as error:
            future.set_exception(error)

    # A daemon, so that no stop of the process waits for a name server.
    threading.Thread(target=look_up, name=_THREAD, daemon=True).start()
    return future
