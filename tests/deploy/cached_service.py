"""A service behind nginx as a cache, and an upstream whose every response differs."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from bench.headers import differences
from bench.web import NO_HEADERS, Client
from tests.deploy.nginx_proxy import nginx_proxy
from tests.helpers.http_client import SECONDS, ask
from tests.helpers.running_server import ServerProcess, serving

TRUST_NGINX: Final = ("--trusted-proxy", "127.0.0.1")


@dataclass(frozen=True)
class CachedService:
    """A service with clients for direct requests and for requests through nginx."""

    server: ServerProcess
    direct: Client
    cached: Client
    port: int

    def differences(self, path: str, headers: Mapping[str, str] = NO_HEADERS, method: str = "GET") -> list[str]:
        return list(differences(self.direct, self.cached, path, headers, method))

    def request_count(self) -> int:
        """Return the number of requests that the service has responded to, without this one."""
        text = ask(self.server.url, "/metrics").body.decode()
        return sum(int(float(count)) for count in re.findall(r"^feedsvc_requests_total{.*} (\S+)$", text, re.MULTILINE))


@contextmanager
def run_cached_service(home: Path, content: Path, *options: str) -> Iterator[CachedService]:
    with (
        serving(content, home / "state", *TRUST_NGINX, *options) as server,
        nginx_proxy(home / "nginx", server.url) as nginx,
        closing(Client(urlsplit(server.url).port or 0)) as direct,
        closing(Client(nginx.port)) as cached,
    ):
        yield CachedService(server, direct, cached, nginx.port)


def count_requests_at_service(
    cached_service: CachedService, path: str, headers: Mapping[str, str] = NO_HEADERS, method: str = "GET"
) -> int:
    """Return the number of requests that reach the service when a client sends one to nginx."""
    before = cached_service.request_count()
    cached_service.cached.ask(path, headers, method)
    return cached_service.request_count() - before - 1  # the first request for the metrics


@dataclass(frozen=True)
class NumberedUpstream:
    """A service whose every response is a new number; it responds while its gate is open."""

    url: str
    requests: list[tuple[str, Mapping[str, str]]]
    gate: threading.Event
    stop: Callable[[], None]


@contextmanager
def numbered_upstream(cache_control: str) -> Iterator[NumberedUpstream]:
    requests: list[tuple[str, Mapping[str, str]]] = []
    gate = threading.Event()
    gate.set()

    class NumberedResponse(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append((self.path, dict(self.headers.items())))
            body = str(len(requests)).encode()
            gate.wait(SECONDS)
            self.send_response(200)
            for name, value in (("Cache-Control", cache_control), ("ETag", f'"{len(requests)}"'), ("Content-Length", len(body))):
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), NumberedResponse) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()

        def stop() -> None:
            gate.set()
            server.shutdown()
            thread.join()
            server.server_close()

        try:
            yield NumberedUpstream(f"http://127.0.0.1:{server.server_port}/", requests, gate, stop)
        finally:
            stop()
