"""A line to a server that a test can cut: what a database does to its clients when it stops, starts, hangs or crashes."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(eq=False)
class _Line:
    near: socket.socket
    far: socket.socket
    deaf: threading.Event = field(default_factory=threading.Event)
    swallows: threading.Event = field(default_factory=threading.Event)

    def cut(self) -> None:
        for end in (self.near, self.far):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Relay:
    """Passes bytes on between its own `port` and a server's."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._threads: list[threading.Thread] = []
        self._lines: list[_Line] = []
        self._flowing = threading.Event()
        self._flowing.set()
        self._fatal = b""
        self._last = b""
        self.delay = 0.0  # seconds, one way
        self.port = 0
        self.reopen()

    def reopen(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listening.getsockname()[1]
        self._start(self._accept, self._listening)

    def shut(self) -> None:
        """The server is gone: no connection is left, and none is taken."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for line in self._lines:
            line.cut()

    def hold(self) -> None:
        """The server takes everything and says nothing."""
        self._flowing.clear()

    def flow(self) -> None:
        self._flowing.set()

    def swallow(self) -> None:
        """Every connection that there is stays open and loses all that is sent."""
        for line in self._lines:
            line.swallows.set()

    def swallow_after(self, words: bytes) -> None:
        """Once: the connection on which these words are sent loses them and all that follows."""
        self._last = words

    def die_after(self, words: bytes) -> None:
        """Once: the server does what it is told in these words, and is gone before its answer arrives."""
        self._fatal = words

    def close(self) -> None:
        self.flow()
        self.shut()
        for thread in self._threads:
            thread.join()
        for line in self._lines:
            line.near.close()
            line.far.close()

    def _pause(self) -> None:
        threading.Event().wait(self.delay)
        self._flowing.wait()

    def _start(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listening.accept()
                line = _Line(near, socket.create_connection(self._server))
                self._lines.append(line)
                if listening.fileno() < 0:  # shut in between
                    line.cut()
                self._start(self._ask, line)
                self._start(self._answer, line)

    def _ask(self, line: _Line) -> None:
        with contextlib.suppress(OSError):
            while data := line.near.recv(65536):
                self._pause()
                if self._last and self._last in data:
                    line.swallows.set()
                    self._last = b""
                if line.swallows.is_set():
                    continue
                if self._fatal and self._fatal in data:
                    line.deaf.set()
                    self._fatal = b""
                line.far.sendall(data)
        line.cut()

    def _answer(self, line: _Line) -> None:
        with contextlib.suppress(OSError):
            while data := line.far.recv(65536):
                self._pause()
                if line.deaf.is_set():
                    break
                if line.swallows.is_set():
                    continue
                line.near.sendall(data)
        line.cut()


@contextlib.contextmanager
def relayed(host: str, port: int) -> Iterator[Relay]:
    relay = Relay(host, port)
    try:
        yield relay
    finally:
        relay.close()
