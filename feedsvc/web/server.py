"""waitress, tuned for many connections that each want little, and stopped without cutting an answer."""

from __future__ import annotations

import errno
import logging
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from feedsvc.errors import FeedsvcError
from feedsvc.support.file_descriptors import budget, is_exhausted, raise_limit
from feedsvc.web.deferred_requests import Suspensions
from feedsvc.web.task_queue import TaskQueue
from feedsvc.web.waitress_channel import Channel, repeating

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_DRAIN_SECONDS: Final = 10.0
_IDLE_SECONDS: Final = 30
_BACKLOG: Final = 1024
_ACCEPT_PAUSE: Final = 0.1  # seconds
_MOST_SUSPENDED: Final = 1000  # requests that wait at once; each holds a connection and no thread
# Unsent bytes that the kernel takes for one connection: otherwise a client that does not read has megabytes of them.
_UNSENT: Final = 128 * 1024
_SOCKET_OPTIONS: Final = [
    *Adjustments.socket_options,
    *((socket.IPPROTO_TCP, getattr(socket, name), _UNSENT) for name in ("TCP_NOTSENT_LOWAT",) if hasattr(socket, name)),
]
_ADVICE: Final = {
    errno.EADDRINUSE: "is another server there? --port gives another",
    errno.EADDRNOTAVAIL: "this machine has no such address: --host names one of its own, or 0.0.0.0 for all",
    errno.EACCES: "a port below 1024 takes more rights: --port gives another",
}


class _Dispatcher(ThreadedTaskDispatcher):
    def __init__(self, threads: int) -> None:
        super().__init__()
        self.queue: Any = TaskQueue()
        self.set_thread_count(threads)


class _Listener(TcpWSGIServer):
    """waitress's listening socket. While the process has no descriptor left, it does not try to accept again at once."""

    channel_class = Channel
    active_channels: Any

    def __init__(self, application: WSGIApplication, listening: socket.socket, adjustments: Any) -> None:
        self.suspensions = Suspensions(_MOST_SUSPENDED)
        self._resumes_at = 0.0  # seconds of time.monotonic
        self._accepts = False
        sockinfo: Any = (listening.family, listening.type, listening.proto, listening.getsockname())
        dispatcher = _Dispatcher(adjustments.threads)
        super().__init__(
            application, {}, _sock=listening, dispatcher=dispatcher, adj=adjustments, sockinfo=sockinfo, bind_socket=False
        )

    def pause(self) -> float:
        """Return the seconds until connections are accepted again, 0.0 if they are."""
        return max(0.0, self._resumes_at - time.monotonic()) if self._resumes_at else 0.0

    def readable(self) -> bool:
        return super().readable() and not self.pause()

    def handle_accept(self) -> None:
        """Accept all that wait, as many as there is room for: waitress takes one after a look at all connections."""
        self._accepts = True
        for _ in range(min(_BACKLOG, self.adj.connection_limit - len(self.active_channels))):
            super().handle_accept()
            if not self._accepts:
                return

    def accept(self) -> Any:
        try:
            accepted = super().accept()
        except OSError as error:
            self._accepts = False
            if is_exhausted(error):
                self._resumes_at = time.monotonic() + _ACCEPT_PAUSE
            raise
        self._accepts = accepted is not None
        return accepted


class Server:
    """One process that serves on one socket. Raises FeedsvcError where the address cannot be had.

    Made in the main thread: from then on SIGTERM and SIGINT end it in order. Forwarded and X-Forwarded-* reach the
    application, which has to know whom to believe; the server itself believes none.
    """

    def __init__(
        self,
        application: WSGIApplication,
        *,
        host: str,
        port: int,
        threads: int,
        listening: socket.socket | None = None,
        leaving: Callable[[], None] = lambda: None,
        streams: bool = False,
    ) -> None:
        """`listening` is what `listen` gave before. `leaving` is called first when the server stops: it ends what would not
        end by itself. With `streams`, each part of an answer leaves at once.
        """
        self._socket, self._leaving = listening or listen(host, port), leaving
        self._stopping = False
        # A full queue is no news: at 4 threads and keep-alive it is the ordinary state.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        adjustments: Any = Adjustments(
            sockets=[self._socket],
            threads=threads,
            ident="feedsvc",
            connection_limit=budget(raise_limit()).connections,
            asyncore_use_poll=True,
            channel_timeout=_IDLE_SECONDS,
            cleanup_interval=10,
            max_request_header_size=16_384,
            max_request_body_size=65_536,
            clear_untrusted_proxy_headers=False,
        )
        # As an argument it draws a DeprecationWarning.
        adjustments.send_bytes = 1 if streams else 65_536
        adjustments.socket_options = _SOCKET_OPTIONS
        server: Any = _Listener(repeating(application), self._socket, adjustments)
        self._suspensions: Suspensions = server.suspensions
        self._server = server
        # waitress has no public way to turn its loop by hand, which draining needs.
        self._map = server._map  # noqa: SLF001
        self._cleanup = time.monotonic() + _IDLE_SECONDS
        # Connections with bytes to send -> when they last took some, as it was at the last clean-up.
        self._unsent: dict[Any, float] = {}
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._stop)

    @property
    def url(self) -> str:
        return url_of(self._socket)

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then finish what was begun, ten seconds at most."""
        while not self._stopping:
            self._turn(self._seconds())
            self._suspensions.expire()
            self._drop_stalled()
        self._drain()

    def _seconds(self) -> float:
        """Return how long the loop may sleep if nothing happens."""
        left, pause = self._suspensions.seconds_left(), self._server.pause()
        return min(1.0, pause or 1.0, 1.0 if left is None else left + 0.001)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        if not self._stopping:  # who asks again may come when there is nothing left that could be woken
            self._stopping = True
            self._server.pull_trigger()

    def _turn(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, use_poll=True, map=self._map, count=1)

    def _drop_stalled(self) -> None:
        """Close on clients that stopped reading; waitress spares them while a request of theirs holds a thread."""
        if time.monotonic() < self._cleanup:
            return
        self._cleanup = time.monotonic() + _IDLE_SECONDS
        channels = list(self._server.active_channels.values())
        unsent = {channel: channel.last_activity for channel in channels if channel.total_outbufs_len}
        for channel, moved in unsent.items():
            if self._unsent.get(channel) == moved:
                channel.handle_close()
        self._unsent = unsent

    def _drain(self) -> None:
        self._leaving()
        self._suspensions.close()
        self._server.del_channel()
        self._socket.close()
        end = time.monotonic() + _DRAIN_SECONDS
        while any(channel.is_busy for channel in list(self._server.active_channels.values())) and time.monotonic() < end:
            self._turn(0.05)
        for channel in list(self._server.active_channels.values()):
            channel.handle_close()
        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._map)


def url_of(listening: socket.socket) -> str:
    """Where a socket is reached, with a last slash."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises FeedsvcError where the address cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError, OverflowError) as error:
        raise FeedsvcError(f"no address {host}:{port} ({error})") from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or error
        advice = _ADVICE.get(getattr(error, "errno", 0), "--host and --port give another")
        raise FeedsvcError(f"cannot listen on {host}:{port} ({reason}); {advice}") from None
    listening.setblocking(False)  # noqa: FBT003 - the socket's own signature
    return listening
