"""What a request says of whom it comes from and where it went: heard from no one but a proxy that is trusted."""

import json
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.audience.waiting import until
from tests.helpers.http_client import Response, ask, without_date
from tests.helpers.running_server import ServerProcess, serving
from tests.live.served_content import addresses
from tests.web.newsroom import write_newsroom
from tests.web.test_routing import MOVED

LIES = {
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
}
READER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Content-Length": "0"}


def said(got: Response) -> tuple[int, dict[str, str], bytes]:
    return got.status, without_date(got.headers), got.body


@pytest.mark.parametrize("options", [(), ("--trusted-proxy", "127.0.0.1")], ids=["nobody", "a proxy"])
def test_no_answer_depends_on_what_was_forwarded(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Not even behind a proxy that is trusted: it is believed about addresses of clients alone."""
    content = write_newsroom(tmp_path / "content")
    paths = [*(quote(path, safe="/~") for path in addresses(content)), *MOVED, "/healthz", "/readyz"]
    with serving(content, tmp_path / "state", *options) as server:
        for path in paths:
            ask(server.url, path)
        time.sleep(1.1)  # within the second in which a document is first made, its date may be one that has not come yet
        assert [path for path in paths if said(ask(server.url, path)) != said(ask(server.url, path, LIES))] == []
        # What is told to this machine alone is told to nobody who was passed on, whoever they say they are.
        assert [ask(server.url, path, LIES).status for path in ("/status", "/metrics")] == [403, 403]


def views(server: ServerProcess) -> int:
    """Asked as one who comes again: a table of reads that is not open yet answers 503."""
    told = until(lambda: ask(server.url, "/articles/bay/views").body)
    count: int = json.loads(told)["views"]
    return count


@pytest.mark.parametrize(("options", "expected"), [((), 1), (("--trusted-proxy", "127.0.0.1"), 3)], ids=["nobody", "a proxy"])
def test_readers_are_told_apart_by_what_a_trusted_proxy_says(tmp_path: Path, options: tuple[str, ...], expected: int) -> None:
    with serving(write_newsroom(tmp_path / "content"), tmp_path / "state", *options) as server:
        for client in ("192.0.2.1", "192.0.2.2", "2001:db8::1"):
            passed_on = {"X-Forwarded-For": client, "Forwarded": f"for={client}", "X-Real-IP": client}
            assert ask(server.url, "/articles/bay/views", READER | passed_on, "POST").status == 204
        assert views(server) == expected
