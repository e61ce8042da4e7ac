"""A hub on loopback with responses that a test chooses."""

import contextlib
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from tests.audience.waiting import TIMEOUT


@dataclass(kw_only=True)
class HubRequest:
    """A request as the hub received it."""

    path: str
    form: dict[str, list[str]]
    headers: dict[str, str]
    client_address: tuple[str, int]

    @property
    def topic(self) -> str:
        return self.form["hub.topic"][0]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Hub"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = HubRequest(
            path=self.path, form=parse_qs(body.decode()), headers=dict(self.headers), client_address=self.client_address
        )
        with contextlib.suppress(OSError):
            self.server.choose_responder(request)(self)

    def log_message(self, *_: object) -> None:
        pass


Responder = Callable[[Handler], None]


def respond(code: int, body: bytes = b"", **headers: str) -> Responder:
    """Return a responder that sends this status, body and headers."""

    def responder(handler: Handler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return responder


def hang(handler: Handler) -> None:
    handler.server.is_stopping.wait(TIMEOUT)
    handler.close_connection = True


def send(*parts: bytes) -> Responder:
    """Return a responder that sends the parts as they are and closes the connection; without parts, it sends nothing."""

    def responder(handler: Handler) -> None:
        for part in parts:
            handler.wfile.write(part)
        handler.close_connection = True

    return responder


def send_slowly(before: bytes, piece: bytes) -> Responder:
    """Return a responder that sends a piece every 20 ms for TIMEOUT seconds, so that no single read of the socket takes long."""

    def responder(handler: Handler) -> None:
        handler.wfile.write(before)
        for _ in range(int(TIMEOUT / 0.02)):
            if handler.server.is_stopping.wait(0.02):
                break
            handler.wfile.write(piece)
        handler.close_connection = True

    return responder


def send_endlessly(before: bytes, piece: bytes) -> Responder:
    """Return a responder that sends a piece repeatedly, much more than the client reads of any response."""
    block = piece * (65536 // len(piece) + 1)
    return send(before, *[block] * 1000)


class Hub(ThreadingHTTPServer):
    """`requests` are all requests; `delivered_topics` are the topics of those that got the default response."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.is_stopping = threading.Event()
        self.requests: list[HubRequest] = []
        self.delivered_topics: list[str] = []
        self.next_responders: deque[Responder] = deque()
        self.default_responder: Responder = respond(202)
        self.responders_by_topic: dict[str, Responder] = {}
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/publish?key=1"

    @property
    def delivery_counts(self) -> Counter[str]:
        return Counter(self.delivered_topics)

    def choose_responder(self, request: HubRequest) -> Responder:
        with self._lock:
            self.requests.append(request)
            responder = (
                self.next_responders.popleft()
                if self.next_responders
                else self.responders_by_topic.get(request.topic, self.default_responder)
            )
            if responder is self.default_responder:
                self.delivered_topics.append(request.topic)
            return responder

    def handle_error(self, *_: object) -> None:
        pass


@dataclass
class HubFactory:
    """Start hubs, and stop them when the test ends."""

    stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def __call__(self, port: int = 0) -> Hub:
        return self.stack.enter_context(run_hub(port))


@contextlib.contextmanager
def run_hub(port: int = 0) -> Iterator[Hub]:
    hub = Hub(port)
    thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        hub.is_stopping.set()
        hub.shutdown()
        hub.server_close()
        thread.join()
