"""Headers about the client and the original host: ignored unless a trusted proxy sets them."""

import json
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.audience.waiting import wait_until
from tests.helpers.http_client import Response, ask, without_date
from tests.helpers.running_server import ServerProcess, serving
from tests.live.served_content import known_paths
from tests.web.newsroom import write_newsroom
from tests.web.test_routing import REDIRECTS

FORGED_HEADERS = {
    "X-Forwarded-For": "6.6.6.6",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "gopher",
    "X-Forwarded-Port": "1",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Server": "evil.example",
    "Forwarded": 'for=6.6.6.6;host="evil.example";proto=gopher',
    "X-Real-IP": "6.6.6.6",
    "X-Original-URL": "/status",
    "X-Rewrite-URL": "/status",
    "X-HTTP-Method-Override": "DELETE",
    "X-Script-Name": "/evil",
}
READER_HEADERS = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Content-Length": "0"}


def comparable_response(response: Response) -> tuple[int, dict[str, str], bytes]:
    return response.status, without_date(response.headers), response.body


@pytest.mark.parametrize("options", [(), ("--trusted-proxy", "127.0.0.1")], ids=["no trusted proxy", "trusted proxy"])
def test_no_response_depends_on_forwarded_headers(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Even with a trusted proxy: the server reads only the address of the client from its headers."""
    content = write_newsroom(tmp_path / "content")
    others = ("/nothing", "/articles/recalled/", "/healthz", "/readyz")
    paths = [*(quote(path, safe="/~") for path in known_paths(content)), *REDIRECTS, *others]
    with serving(content, tmp_path / "state", *options) as server:
        for path in paths:
            ask(server.url, path)
        time.sleep(1.1)  # a Last-Modified in the current second may not be sent yet
        assert [
            path
            for path in paths
            if comparable_response(ask(server.url, path)) != comparable_response(ask(server.url, path, FORGED_HEADERS))
        ] == []
        # A forwarded request never gets what only this machine may read, whatever address its headers name.
        assert [ask(server.url, path, FORGED_HEADERS).status for path in ("/status", "/metrics")] == [403, 403]


def fetch_read_count(server: ServerProcess) -> int:
    """Return the read count of an article; repeat the request while the count database is not open yet and 503 is sent."""
    body = wait_until(lambda: ask(server.url, "/articles/bay/views").body)
    count: int = json.loads(body)["views"]
    return count


@pytest.mark.parametrize(
    ("options", "expected"), [((), 1), (("--trusted-proxy", "127.0.0.1"), 3)], ids=["no trusted proxy", "trusted proxy"]
)
def test_readers_are_counted_by_the_client_address_of_a_trusted_proxy(
    tmp_path: Path, options: tuple[str, ...], expected: int
) -> None:
    with serving(write_newsroom(tmp_path / "content"), tmp_path / "state", *options) as server:
        for client in ("192.0.2.1", "192.0.2.2", "2001:db8::1"):
            forwarded_headers = {"X-Forwarded-For": client, "Forwarded": f"for={client}", "X-Real-IP": client}
            assert ask(server.url, "/articles/bay/views", READER_HEADERS | forwarded_headers, "POST").status == 204
        assert fetch_read_count(server) == expected
