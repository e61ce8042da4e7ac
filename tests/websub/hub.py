"""A hub on loopback that answers as a test tells it to."""

import contextlib
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from tests.audience.waiting import SECONDS


@dataclass(kw_only=True)
class Heard:
    """One request, as it came."""

    path: str
    form: dict[str, list[str]]
    headers: dict[str, str]
    line: tuple[str, int]

    @property
    def topic(self) -> str:
        return self.form["hub.topic"][0]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Hub"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        heard = Heard(path=self.path, form=parse_qs(body.decode()), headers=dict(self.headers), line=self.client_address)
        with contextlib.suppress(OSError):
            self.server.take(heard)(self)

    def log_message(self, *_: object) -> None:
        pass


Answer = Callable[[Handler], None]


def status(code: int, body: bytes = b"", **headers: str) -> Answer:
    def answer(handler: Handler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def hang(handler: Handler) -> None:
    handler.server.over.wait(SECONDS)
    handler.close_connection = True


def close(handler: Handler) -> None:
    handler.close_connection = True


def nonsense(handler: Handler) -> None:
    handler.wfile.write(b"\x00\x01 what\r\n\r\n")
    handler.close_connection = True


def painted(handler: Handler) -> None:
    """A reason that would paint a terminal."""
    handler.wfile.write(b"HTTP/1.1 500 \x1b[31mred\x00\tnext\r\nContent-Length: 0\r\n\r\n")


def promise(handler: Handler) -> None:
    """A body that never comes."""
    handler.wfile.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\n")
    hang(handler)


def flood(handler: Handler) -> None:
    """A body without end."""
    handler.wfile.write(b"HTTP/1.1 202 Accepted\r\n\r\n")
    while not handler.server.over.is_set():
        handler.wfile.write(b"x" * 65536)


class Hub(ThreadingHTTPServer):
    """`asked` is every request, `told` the topics of those that were answered well."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.over = threading.Event()
        self.asked: list[Heard] = []
        self.told: list[str] = []
        self.next: deque[Answer] = deque()
        self.always: Answer = status(202)
        self.when: dict[str, Answer] = {}
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/publish?key=1"

    @property
    def counts(self) -> Counter[str]:
        return Counter(self.told)

    def take(self, heard: Heard) -> Answer:
        with self._lock:
            self.asked.append(heard)
            answer = self.next.popleft() if self.next else self.when.get(heard.topic, self.always)
            if answer is self.always:
                self.told.append(heard.topic)
            return answer

    def handle_error(self, *_: object) -> None:
        pass


@dataclass
class Hubs:
    """Opens hubs, and closes them when the test ends."""

    stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def __call__(self, port: int = 0) -> Hub:
        return self.stack.enter_context(running(port))


@contextlib.contextmanager
def running(port: int = 0) -> Iterator[Hub]:
    hub = Hub(port)
    thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        hub.over.set()
        hub.shutdown()
        hub.server_close()
        thread.join()
