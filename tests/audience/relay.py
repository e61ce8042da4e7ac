"""A TCP relay between a client and a database that imitates a stop, a restart, a hang or a crash of the database."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(eq=False)
class _Link:
    client: socket.socket
    server: socket.socket
    loses_data: threading.Event = field(default_factory=threading.Event)

    def shut_down(self) -> None:
        for endpoint in (self.client, self.server):
            with contextlib.suppress(OSError):
                endpoint.shutdown(socket.SHUT_RDWR)


class Relay:
    """Forwards bytes between connections to its own `port` and a server."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._threads: list[threading.Thread] = []
        self._links: list[_Link] = []
        self._is_forwarding = threading.Event()
        self._is_forwarding.set()
        self._loss_trigger = b""
        self.delay = 0.0  # seconds, one way
        self.port = 0
        self.reopen()

    def reopen(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        self._start(self._accept, self._listener)

    def disconnect(self) -> None:
        """Close every connection and accept none, as if the server had stopped."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for link in self._links:
            link.shut_down()

    def pause(self) -> None:
        """Forward no bytes until `resume`, as if the server hung."""
        self._is_forwarding.clear()

    def resume(self) -> None:
        self._is_forwarding.set()

    def lose_data_after(self, data: bytes) -> None:
        """Lose these bytes and all following ones of the next connection that sends them; applies once."""
        self._loss_trigger = data

    def close(self) -> None:
        self.resume()
        self.disconnect()
        for thread in self._threads:
            thread.join()
        for link in self._links:
            link.client.close()
            link.server.close()

    def _delay(self) -> None:
        threading.Event().wait(self.delay)
        self._is_forwarding.wait()

    def _start(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                link = _Link(client, socket.create_connection(self._server))
                self._links.append(link)
                if listener.fileno() < 0:  # disconnected in between
                    link.shut_down()
                self._start(self._forward_request, link)
                self._start(self._forward_response, link)

    def _forward_request(self, link: _Link) -> None:
        with contextlib.suppress(OSError):
            while data := link.client.recv(65536):
                self._delay()
                if self._loss_trigger and self._loss_trigger in data:
                    link.loses_data.set()
                    self._loss_trigger = b""
                if link.loses_data.is_set():
                    continue
                link.server.sendall(data)
        link.shut_down()

    def _forward_response(self, link: _Link) -> None:
        with contextlib.suppress(OSError):
            while data := link.server.recv(65536):
                self._delay()
                if link.loses_data.is_set():
                    continue
                link.client.sendall(data)
        link.shut_down()


@contextlib.contextmanager
def run_relay(host: str, port: int) -> Iterator[Relay]:
    relay = Relay(host, port)
    try:
        yield relay
    finally:
        relay.close()
