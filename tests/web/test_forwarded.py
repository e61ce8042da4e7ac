"""Headers about the client and the original host: ignored unless a trusted proxy sets them."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.audience.waiting import wait_until
from tests.helpers.http_client import Response, ask
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


def stable_headers(response: Response) -> dict[str, str]:
    """Return the headers that do not depend on time: a Last-Modified in the current second is not sent yet."""
    return {name: value for name, value in response.headers.items() if name not in ("date", "last-modified")}


def test_no_response_depends_on_forwarded_headers_even_of_a_trusted_proxy(tmp_path: Path) -> None:
    """The server reads only the address of the client from them."""
    content = write_newsroom(tmp_path / "content")
    others = ("/nothing", "/articles/recalled/", "/healthz", "/readyz")
    with serving(content, tmp_path / "state", "--trusted-proxy", "127.0.0.1") as server:
        for path in (*(quote(path, safe="/~") for path in known_paths(content)), *REDIRECTS, *others):
            plain, forged = ask(server.url, path), ask(server.url, path, FORGED_HEADERS)
            assert (forged.status, stable_headers(forged), forged.body) == (plain.status, stable_headers(plain), plain.body), path
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
