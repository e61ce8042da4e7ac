"""What tests ask with: a WSGI call in this process, http.client and bare sockets over loopback."""

import contextlib
import http.client
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

NO_HEADERS: Mapping[str, str] = {}
SECONDS = 30.0  # longer than anything takes; no test waits for it


@dataclass(frozen=True)
class Response:
    """An answer; `headers` are keyed by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __getitem__(self, name: str) -> str:
        """A header's value, "" if there is none."""
        return self.headers.get(name.lower(), "")


def environ_of(path: str, method: str, headers: Mapping[str, str]) -> dict[str, Any]:
    named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    path, _, query = path.partition("?")
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **named,
    }


def call(application: "WSGIApplication", path: str, headers: Mapping[str, str] = NO_HEADERS, method: str = "GET") -> Response:
    """One request to a WSGI application in this process."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, sent: list[tuple[str, str]], _: object = None) -> Any:
        started.append((status, sent))

    body = application(environ_of(path, method, headers), start_response)
    try:
        content = b"".join(body)
    finally:
        close = getattr(body, "close", None)
        if close:
            close()
    [(status, sent)] = started
    names = [name.lower() for name, _ in sent]
    assert len(names) == len(set(names)), "a header stands there twice"
    return Response(int(status[:3]), dict(zip(names, (value for _, value in sent), strict=True)), content)


def ask(url: str, path: str, headers: Mapping[str, str] = NO_HEADERS, method: str = "GET") -> Response:
    """One request to a server on a connection of its own, with no header beyond those given and Host."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=SECONDS)
    try:
        return ask_on(connection, path, headers, method)
    finally:
        connection.close()


def ask_on(
    connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str] = NO_HEADERS, method: str = "GET"
) -> Response:
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    return Response(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


@contextlib.contextmanager
def open_connection(url: str, receive_buffer: int = 0) -> Iterator[socket.socket]:
    """A bare connection; `receive_buffer` > 0 makes the client's kernel hold little."""
    split = urlsplit(url)
    with socket.socket(socket.AF_INET6 if ":" in (split.hostname or "") else socket.AF_INET) as one:
        one.settimeout(SECONDS)
        if receive_buffer:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        one.connect((split.hostname, split.port))
        yield one


def exchange_bytes(url: str, data: bytes) -> bytes:
    """Everything a server sends for these bytes until it closes."""
    with open_connection(url) as one:
        one.sendall(data)
        return read_all(one)


def read_all(one: socket.socket) -> bytes:
    parts = []
    while part := one.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def without_date(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "date"}


def statuses(answers: bytes) -> list[int]:
    """The status of each answer in a stream of them."""
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)]
