"""HTTP server of one process: waitress, tuned for many connections with small requests.

When the server stops, unfinished responses have some seconds to end.
"""

from __future__ import annotations

import errno
import logging
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from feedsvc.errors import FeedsvcError
from feedsvc.support import watchdog
from feedsvc.support.client_address import UNIX_PEER
from feedsvc.support.file_descriptors import is_exhausted, max_connections, raise_limit
from feedsvc.web.task_queue import TaskQueue
from feedsvc.web.unix_socket import is_unix_socket
from feedsvc.web.waitress_channel import Channel

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_DRAIN_TIMEOUT: Final = 10.0  # seconds to finish responses at the stop
_IDLE_TIMEOUT: Final = 30.0  # seconds until a connection without activity is closed
_BACKLOG: Final = 1024
_PORT_ATTEMPTS: Final = 20  # after one that is in use, to name a free one
_MAX_PORT: Final = 65535
_ACCEPT_PAUSE: Final = 0.1  # seconds
# Bytes that the kernel buffers unsent per connection. Otherwise a client that does not read makes it buffer megabytes.
_MAX_UNSENT_BYTES: Final = 128 * 1024
_SOCKET_OPTIONS: Final = [
    *Adjustments.socket_options,
    *((socket.IPPROTO_TCP, getattr(socket, name), _MAX_UNSENT_BYTES) for name in ("TCP_NOTSENT_LOWAT",) if hasattr(socket, name)),
]
_HINTS_BY_ERRNO: Final = {
    errno.EADDRINUSE: "another program may use this port: choose another one with --port",
    errno.EADDRNOTAVAIL: "this machine does not have this address: give one of its own with --host, or 0.0.0.0 for all of them",
    errno.EACCES: "a port below 1024 needs more privileges: choose another one with --port",
}


class _Dispatcher(ThreadedTaskDispatcher):
    def __init__(self, threads: int) -> None:
        super().__init__()
        self.queue: Any = TaskQueue()
        self.set_thread_count(threads)

    def start_new_thread(self, target: Callable[[int], object], thread_no: int) -> None:
        threading.Thread(target=target, args=(thread_no,), name=f"feedsvc-http-{thread_no}", daemon=True).start()


class _Listener(TcpWSGIServer):
    """Listening socket of waitress. It accepts at most `max_accepts` connections each time it polls all connections.

    If no file descriptor is left, it accepts none for _ACCEPT_PAUSE seconds.
    """

    channel_class = Channel
    active_channels: Any

    def __init__(
        self,
        application: WSGIApplication,
        listening_socket: socket.socket,
        adjustments: Any,
        max_accepts: int,
    ) -> None:
        self._max_accepts = max_accepts
        self._resumes_at = 0.0  # seconds of time.monotonic
        self._has_accepted = False
        self._is_unix = is_unix_socket(listening_socket)
        sockinfo: Any = (listening_socket.family, listening_socket.type, listening_socket.proto, listening_socket.getsockname())
        dispatcher = _Dispatcher(adjustments.threads)
        super().__init__(
            application, {}, _sock=listening_socket, dispatcher=dispatcher, adj=adjustments, sockinfo=sockinfo, bind_socket=False
        )

    def getsockname(self) -> Any:
        # waitress makes SERVER_PORT of it, a number also for a unix socket (RFC 3875 section 4.1.15).
        return ("localhost", "80") if self._is_unix else super().getsockname()

    def set_socket_options(self, conn: Any) -> None:
        if not self._is_unix:
            super().set_socket_options(conn)

    def fix_addr(self, addr: Any) -> Any:
        """Return (REMOTE_ADDR, REMOTE_PORT, ...) of a client: `addr`, or for a client of a unix socket, UNIX_PEER and 0."""
        return (UNIX_PEER, 0) if self._is_unix else addr

    def seconds_until_accept(self) -> float:
        """Return the seconds until connections are accepted again after a pause, 0.0 if there is no pause."""
        return max(0.0, self._resumes_at - time.monotonic()) if self._resumes_at else 0.0

    def readable(self) -> bool:
        return super().readable() and not self.seconds_until_accept()

    def handle_accept(self) -> None:
        """Accept waiting connections, up to the limits. waitress itself would accept one."""
        self._has_accepted = True
        for _ in range(min(self._max_accepts, self.adj.connection_limit - len(self.active_channels))):
            super().handle_accept()
            if not self._has_accepted:
                return

    def accept(self) -> Any:
        try:
            accepted = super().accept()
        except OSError as error:
            self._has_accepted = False
            if is_exhausted(error):
                self._resumes_at = time.monotonic() + _ACCEPT_PAUSE
            raise
        self._has_accepted = accepted is not None
        return accepted


class Server:
    """HTTP server of one process on one socket.

    Raises FeedsvcError if it cannot listen at `host` and `port`, or if the process may not open enough files. Create it in the
    main thread, because it installs handlers for SIGTERM and SIGINT, which end `run`. The server passes on Forwarded and
    X-Forwarded-* unchanged. The application has to decide which proxies to trust.
    """

    def __init__(
        self,
        application: WSGIApplication,
        *,
        host: str = "",
        port: int = 0,
        threads: int,
        listening_socket: socket.socket | None = None,
        on_stop: Callable[[], None] = lambda: None,
        is_streaming: bool = False,
        shares_socket: bool = False,
        idle_timeout: float = _IDLE_TIMEOUT,
        drain_timeout: float = _DRAIN_TIMEOUT,
    ) -> None:
        """Create the server on `listening_socket`, a result of `listen` or `listen_unix`; if it is None, on `host` and `port`.

        `threads` is the number of threads that call `application`. `on_stop` is called first when the server stops, to end long
        responses. With `is_streaming`, each part of a response is sent immediately, not collected. With `shares_socket`, other
        processes accept connections from the same socket, and get their share of many that come at once. A connection without
        activity is closed after about `idle_timeout` seconds. At the stop, the server waits at most `drain_timeout` seconds for
        unfinished responses.
        """
        self._idle_timeout, self._drain_timeout = idle_timeout, drain_timeout
        self._socket, self._on_stop = listening_socket or listen(host, port), on_stop
        self._is_stopping, self._stop_reason = False, ""
        from feedsvc.web.combination_form import MAX_FORM_BYTES  # noqa: PLC0415 - Flask is imported while articles are read

        # A full queue is normal with 4 threads and keep-alive, so no warning.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        adjustments: Any = Adjustments(
            sockets=[self._socket],
            threads=threads,
            ident="feedsvc",
            connection_limit=max_connections(raise_limit()),
            asyncore_use_poll=True,
            channel_timeout=idle_timeout,
            cleanup_interval=10,
            max_request_header_size=16_384,
            max_request_body_size=MAX_FORM_BYTES + 1,  # no other endpoint reads a body
            clear_untrusted_proxy_headers=False,
        )
        # As an argument, it causes a DeprecationWarning.
        adjustments.send_bytes = 1 if is_streaming else 65_536
        adjustments.socket_options = _SOCKET_OPTIONS
        server: Any = _Listener(application, self._socket, adjustments, 1 if shares_socket else _BACKLOG)
        self._server = server
        # waitress has no public way to run its loop once, which draining needs.
        self._socket_map = server._map  # noqa: SLF001
        self._cleanup_at = time.monotonic() + idle_timeout
        # Connection with unsent bytes -> its last activity, at the last clean-up.
        self._unsent: dict[Any, float] = {}
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._stop)

    @property
    def url(self) -> str:
        return url_of(self._socket)

    def run(self) -> str:
        """Serve until SIGTERM or SIGINT, then finish the responses to received requests within `drain_timeout`, and close.

        Responses that take longer are cut off. Return the name of the signal (`signal_name`). The socket is closed, so `run` can
        be called once.
        """
        while not self._is_stopping:
            self._poll_once(self._poll_timeout())
            self._drop_stalled()
        self._drain()
        return self._stop_reason

    def _poll_timeout(self) -> float:
        """Return the seconds (at most 1) for which the loop may wait for events of the connections."""
        return min(1.0, self._server.seconds_until_accept() or 1.0)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        if not self._is_stopping:  # a second signal may come when the trigger is already closed
            self._is_stopping, self._stop_reason = True, signal_name(number)
            watchdog.limit_stop()
            self._server.pull_trigger()

    def _poll_once(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, use_poll=True, map=self._socket_map, count=1)

    def _drop_stalled(self) -> None:
        """Close connections that have unsent bytes and no activity since the last check, because their clients stopped reading.

        Checks are `idle_timeout` seconds apart; calls in between do nothing. waitress itself does not close such a connection
        while its request holds a thread.
        """
        if time.monotonic() < self._cleanup_at:
            return
        self._cleanup_at = time.monotonic() + self._idle_timeout
        channels = list(self._server.active_channels.values())
        unsent = {channel: channel.last_activity for channel in channels if channel.total_outbufs_len}
        for channel, last_activity in unsent.items():
            if self._unsent.get(channel) == last_activity:
                channel.handle_close()
        self._unsent = unsent

    def _drain(self) -> None:
        self._on_stop()
        self._server.del_channel()
        self._socket.close()
        end = time.monotonic() + self._drain_timeout
        while any(channel.is_busy for channel in list(self._server.active_channels.values())) and time.monotonic() < end:
            self._poll_once(0.05)
        for channel in list(self._server.active_channels.values()):
            channel.handle_close()
        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._socket_map)


def signal_name(number: int) -> str:
    """Return the name of a signal, such as "SIGTERM"; for SIGINT, it is "SIGINT (Ctrl-C)"."""
    name = signal.Signals(number).name
    return f"{name} (Ctrl-C)" if number == signal.SIGINT else name


def end_sentence(reason: str) -> str:
    """Return the sentence for the operator; `reason` is a result of `signal_name`."""
    return f"the server has ended because of {reason}"


def url_of(listening_socket: socket.socket) -> str:
    """Return http://ADDRESS:PORT/ of a listening socket, ADDRESS as it is bound: 0.0.0.0 for all interfaces.

    For a unix socket, return unix:PATH.
    """
    if is_unix_socket(listening_socket):
        return f"unix:{listening_socket.getsockname()}"
    host, port = listening_socket.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _free_port(family: int, address: Any) -> int:
    """Return the first free port after that of `address` (host, port, ...); 0 if none of the next 20 ports is free."""
    for port in range(address[1] + 1, min(address[1] + _PORT_ATTEMPTS, _MAX_PORT) + 1):
        with socket.socket(family, socket.SOCK_STREAM) as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address[0], port, *address[2:]))
            return port
    return 0


def listen(host: str, port: int) -> socket.socket:
    """Return a non-blocking TCP socket that listens at `port` (0: any free one) of the first address of `host`.

    Raises FeedsvcError if the host is unknown or the address cannot be used; the message may name a free port.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening_socket = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError, OverflowError) as error:
        raise FeedsvcError(f"cannot listen on {host}:{port}: no such address ({error}); correct --host or --port") from None
    try:
        listening_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening_socket.bind(address)
        listening_socket.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listening_socket.close()
        reason = getattr(error, "strerror", None) or error
        advice = _HINTS_BY_ERRNO.get(getattr(error, "errno", 0), "choose another address with --host or --port")
        if error.args[0] == errno.EADDRINUSE and (free_port := _free_port(family, address)):
            advice += f", such as --port {free_port}"
        raise FeedsvcError(f"cannot listen on {host}:{port} ({reason}); {advice}") from None
    listening_socket.setblocking(False)  # noqa: FBT003 - signature of the socket module
    return listening_socket
