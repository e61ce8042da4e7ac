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


def close_without_response(handler: Handler) -> None:
    handler.close_connection = True


def send_garbage(handler: Handler) -> None:
    handler.wfile.write(b"\x00\x01 what\r\n\r\n")
    handler.close_connection = True


def send_control_characters(handler: Handler) -> None:
    """Send a reason phrase with control characters of a terminal."""
    handler.wfile.write(b"HTTP/1.1 500 \x1b[31mred\x00\tnext\r\nContent-Length: 0\r\n\r\n")


def send_incomplete_body(handler: Handler) -> None:
    """Announce a body of 100 bytes and send none."""
    handler.wfile.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\n")
    hang(handler)


def send_endless_body(handler: Handler) -> None:
    """Send a body without end."""
    handler.wfile.write(b"HTTP/1.1 202 Accepted\r\n\r\n")
    while not handler.server.is_stopping.is_set():
        handler.wfile.write(b"x" * 65536)


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
