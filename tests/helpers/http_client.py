"""HTTP clients of the tests: a WSGI call in this process, http.client and bare sockets over loopback."""

import contextlib
import http.client
import re
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

NO_HEADERS: Mapping[str, str] = {}
SECONDS = 120.0  # a timeout that no test reaches


@dataclass(frozen=True)
class Response:
    """An HTTP response; the keys of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __getitem__(self, name: str) -> str:
        """Return the value of a header, "" if the response has no such header."""
        return self.headers.get(name.lower(), "")


def environ_of(path: str, method: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """Return the WSGI environment of a request."""
    header_variables = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
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
        **header_variables,
    }


def call(application: "WSGIApplication", path: str, headers: Mapping[str, str] = NO_HEADERS, method: str = "GET") -> Response:
    """Send one request to a WSGI application in this process."""
    calls: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, response_headers: list[tuple[str, str]], _: object = None) -> Any:
        calls.append((status, response_headers))

    body = application(environ_of(path, method, headers), start_response)
    try:
        content = b"".join(body)
    finally:
        close = getattr(body, "close", None)
        if close:
            close()
    [(status, response_headers)] = calls
    names = [name.lower() for name, _ in response_headers]
    assert len(names) == len(set(names)), "the response repeats a header"
    return Response(int(status[:3]), dict(zip(names, (value for _, value in response_headers), strict=True)), content)


def ask(url: str, path: str, headers: Mapping[str, str] = NO_HEADERS, method: str = "GET") -> Response:
    """Send one request to a server on a new connection, with no headers but Host and the given ones."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=SECONDS)
    try:
        return ask_on(connection, path, headers, method)
    finally:
        connection.close()


def ask_until_final(url: str, path: str) -> Response:
    """Send a request to a server; while an image variant is not made, which its response says, send the request again."""
    deadline = time.monotonic() + SECONDS
    while (response := ask(url, path))["cache-control"] == "no-store" and "/sized/" in path:
        assert time.monotonic() < deadline, path
        time.sleep(0.02)
    return response


def ask_on(
    connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str] = NO_HEADERS, method: str = "GET"
) -> Response:
    """Send one request on an open connection, with no headers but Host and the given ones."""
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    return Response(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())


@contextlib.contextmanager
def open_connection(url: str, receive_buffer: int = 0) -> Iterator[socket.socket]:
    """Open a bare connection; `receive_buffer` > 0 limits the receive buffer of the client's socket, in bytes."""
    split = urlsplit(url)
    with socket.socket(socket.AF_INET6 if ":" in (split.hostname or "") else socket.AF_INET) as connection:
        connection.settimeout(SECONDS)
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.connect((split.hostname, split.port))
        yield connection


def exchange_bytes(url: str, data: bytes) -> bytes:
    """Send these bytes and return everything that the server sends until it closes the connection."""
    with open_connection(url) as connection:
        connection.sendall(data)
        return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    """Return all bytes until the peer closes the connection."""
    parts = []
    while part := connection.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def without_date(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers without Date."""
    return {name: value for name, value in headers.items() if name != "date"}


def statuses(stream: bytes) -> list[int]:
    """Return the status of each response in a stream of responses."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", stream)]
