"""nginx writes no token into a log or a cache, as a cache in front of the service and over a static tree."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from bench import nginx
from bench.process import run_server
from bench.web import free_port
from feedsvc.access import new_token
from tests.audience.waiting import wait_until
from tests.cli.command_line import run_feedsvc
from tests.deploy.cached_service import TRUST_NGINX
from tests.deploy.nginx_proxy import upstream_configuration
from tests.helpers.http_client import ask
from tests.helpers.programs import require_program
from tests.helpers.running_server import build_tree, serving
from tests.live.served_content import monitored_server
from tests.web.newsroom import write_newsroom

FEEDS: Final = "wire: {title: The wire, include: {categories: [business]}, access: private}\n"


@pytest.fixture
def newsroom(tmp_path: Path) -> Path:
    content = write_newsroom(tmp_path / "content")
    (content / "feeds.yaml").write_text(FEEDS)
    return content


@contextmanager
def logging_nginx(folder: Path, tree: Path, configuration: str, *upstreams: str, tree_file: Path | None = None) -> Iterator[str]:
    """Run nginx with a log of all requests; yield its address. The log is folder/access."""
    if not nginx.program_path():
        require_program("nginx", nginx.INSTALL)
    port = free_port()
    arguments = nginx.write_configuration(folder, tree, port=port, tree_configuration=tree_file, configuration=configuration)
    with (folder / "feedsvc-site.conf").open("a") as site:
        shipped = re.findall(r"^access_log \S+ (.+;)$", (nginx.DEPLOY_FILES / "nginx-site.conf").read_text("utf-8"), re.MULTILINE)
        site.write(f"access_log {folder}/access {''.join(shipped) or ';'}\nerror_log {folder}/errors error;\n")
    if upstreams:
        name = "nginx-service.conf" if len(upstreams) == 1 else "nginx-replicas.conf"
        (folder / "feedsvc-upstream.conf").write_text(upstream_configuration(name, upstreams))
    with run_server(arguments, log=folder / "log", port=port):
        wait_until(lambda: is_listening(port))
        yield f"http://127.0.0.1:{port}"


def is_listening(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def cache_configuration(folder: Path) -> str:
    return (nginx.DEPLOY_FILES / "nginx-cache.conf").read_text("utf-8").replace("/var/lib/nginx/feedsvc", f"{folder}/kept")


def paths_with(token: str) -> list[str]:
    names = ("feed.rss", "feed.atom?a=b", "feed.json", "", "feed.RSS", "media/a.png", "sitemap.xml")
    starts = ("PRIVATE", "/private", "x/../private", "%70rivate", "daily/private")
    others = (f"/private/{token}", f"/private%2F{token}/feed.rss", *(f"/{start}/{token}/feed.rss" for start in starts))
    return [*(f"/private/{token}/{name}" for name in names), *others]


def written_bytes(*folders: Path) -> bytes:
    return b"".join(path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("mount", ["", "/feeds"])  # which is the name of a folder of the site, too
def test_nginx_in_front_of_the_service_logs_and_caches_no_token(newsroom: Path, tmp_path: Path, mount: str) -> None:
    state, folder, log = tmp_path / "state", tmp_path / "nginx", tmp_path / "log"
    options = ("--base-url", f"https://news.example{mount}")
    with (
        log.open("wb") as file,
        serving(newsroom, state, *TRUST_NGINX, *options, "--access-log", "logfmt", log=file) as server,
        logging_nginx(folder, folder, cache_configuration(folder), server.url) as url,
    ):
        address = run_feedsvc("token", "add", "wire", "alice", newsroom, "--state", state, *options).stdout.strip()
        path = urlsplit(address).path
        assert path.startswith(f"{mount}/private/")
        token = path.split("/")[-2]
        first = ask(url, path)
        assert (first.status, first["cache-control"]) == (200, "private, no-store")
        assert ask(url, path, {"If-None-Match": first["etag"]}).status == 304
        for other in (*paths_with(token), *("/media/private/nothing.png", f"/private/{new_token()}/feed.rss") * 2):
            ask(url, mount + other)
        run_feedsvc("token", "revoke", "alice", newsroom, "--state", state)
        assert ask(url, path).status == 410  # nothing was cached
        assert ask(url, f"{mount}/feed.rss").status == 200
    log_text = (folder / "access").read_text()
    assert f"GET {mount}/feed.rss" in log_text
    assert f"GET {mount}/media/private/nothing.png" in log_text
    assert token.encode() not in written_bytes(folder) + log.read_bytes()
    assert b"/private/alice/feed.rss" in log.read_bytes()


def test_nginx_logs_no_token_if_the_service_is_down_or_its_tokens_are_damaged(newsroom: Path, tmp_path: Path) -> None:
    state, folder, token = tmp_path / "state", tmp_path / "nginx", new_token()
    down = f"http://127.0.0.1:{free_port()}"
    with (
        monitored_server(newsroom, state, *TRUST_NGINX) as server,
        logging_nginx(folder, folder, cache_configuration(folder), server.url, down) as url,
    ):
        assert ask(url, f"/private/{token}/feed.rss").status == 404
        (state / "tokens.sqlite").write_bytes(b"")
        assert [ask(url, f"/private/{token}/feed.rss").status for _ in range(8)] == [503] * 8
        # A refusal of private feeds does not make nginx avoid the service.
        assert [ask(url, f"/articles/{name}/").status for name in ("bay", "clock", "dance", "echo")] == [200] * 4
    second = tmp_path / "second"
    with logging_nginx(second, folder, cache_configuration(second), down) as url:
        assert [ask(url, path).status for path in (f"/private/{token}/feed.rss", "/articles/bay/")] == [502, 502]
    assert b"/articles/bay/" in (second / "errors").read_bytes()
    assert token.encode() not in written_bytes(folder, second)


def refused_requests(path: str) -> list[str]:
    """Return requests that nginx refuses before it looks for a location, and two whose headers contain the address."""
    host = "Host: news.example\r\n"
    return [
        f"GET {path} HTTP/1.1\r\n\r\n",
        f"GET {path} HTTP/1.1\r\n{host}{host}\r\n",
        f"GET {path} HTTP/1.1\r\nHost: a/b\r\n\r\n",
        f"GET {path} HTTP/9.1\r\n{host}\r\n",
        f"GET {path}%00 HTTP/1.1\r\n{host}\r\n",
        f"GET {path} x HTTP/1.1\r\n{host}\r\n",
        f"GET {path}{'a' * 40_000} HTTP/1.1\r\n{host}\r\n",
        f"GET {path} HTTP/1.1\r\n{host}Cookie: {'a' * 40_000}\r\n\r\n",
        f"GET {path} HTTP/1.1\r\n{host}Content-Length: x\r\n\r\n",
        f"get {path} HTTP/1.1\r\n{host}\r\n",
        f"TRACE {path} HTTP/1.1\r\n{host}\r\n",
        f"GET {path} HTTP/1.1\r\nHo",  # and the client goes away
        f"GET /?from={path} HTTP/1.1\r\n{host}\r\n",
        f"GET / HTTP/1.1\r\n{host}Referer: https://news.example{path}\r\nUser-Agent: Reader\r\n\r\n",
        f"GET / HTTP/1.1\r\n{host}User-Agent: Reader (https://news.example{path})\r\n\r\n",
    ]


def send(url: str, request: str) -> None:
    """Send a request and wait for the begin of the response, unless the request is not complete."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=120) as client, suppress(ConnectionError):
        client.sendall(request.encode())
        if request.endswith("\r\n"):
            client.recv(1)


@pytest.mark.parametrize("mount", ["", "/feeds"])
def test_nginx_logs_no_token_of_a_request_that_it_refuses_or_a_client_breaks_off(tmp_path: Path, mount: str) -> None:
    folder, token = tmp_path / "nginx", new_token()
    down = f"http://127.0.0.1:{free_port()}"
    with logging_nginx(folder, folder, cache_configuration(folder), down) as url:
        for request in refused_requests(f"{mount}/private/{token}/feed.rss"):
            send(url, request)
        send(url, "GET /last HTTP/1.1\r\nHost: news.example\r\nHost: b\r\n\r\n")
        wait_until(lambda: "GET /last" in (folder / "access").read_text())
    assert token.encode() not in (folder / "access").read_bytes()


def test_nginx_over_a_tree_logs_no_token(newsroom: Path, tmp_path: Path) -> None:
    folder, tree, tree_file, token = tmp_path / "nginx", tmp_path / "tree", tmp_path / "tree.conf", new_token()
    options = ("--state", tmp_path / "state", "--nginx", tree_file)
    build_tree(tree, newsroom, *options)
    configuration = f"include {nginx.DEPLOY_FILES / 'nginx-static.conf'};\n"
    with logging_nginx(folder, tree, configuration, tree_file=tree_file) as url:
        for path in paths_with(token):
            if not path.startswith(("/PRIVATE", "/daily")):
                assert ask(url, path).status == 404, path
        for request in refused_requests(f"/private/{token}/feed.rss"):
            send(url, request)
        assert ask(url, "/feed.rss").status == 200
        assert ask(url, "/nothing").status == 404
    assert "GET /nothing" in (folder / "access").read_text()
    assert token.encode() not in written_bytes(folder)
