"""The script nginx-refresh replaces cached responses before hubs are notified of a change."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Final

from bench.nginx import DEPLOY_FILES
from tests.audience.waiting import wait_until
from tests.deploy.cached_service import count_requests_at_service, numbered_upstream, run_cached_service
from tests.deploy.nginx_proxy import nginx_proxy
from tests.helpers.http_client import SECONDS
from tests.helpers.programs import require_program
from tests.web.newsroom import BASE_URL, write_article, write_newsroom

THREE_CODINGS: Final = "gzip, br, zstd"


def test_refresh_replaces_cached_responses_in_all_codings(tmp_path: Path) -> None:
    """The option --purge runs it before hubs are notified."""
    require_program("curl", "apt-get install curl")
    content = write_newsroom(tmp_path / "content")
    header_sets = [
        {"Accept-Encoding": coding} for coding in ("", "gzip", "br", "zstd", "gzip, zstd", "gzip, br", "br, zstd", THREE_CODINGS)
    ]
    paths = ("/feed.rss", "/tag/%EC%84%9C%EC%9A%B8/feed.json", "/articles/clock/")
    with run_cached_service(tmp_path, content) as cached_service:
        for path in paths:
            assert [line for headers in header_sets for line in cached_service.differences(path, headers)] == []
        write_article(
            content, "clock", "title: Newsword\npublished: 2026-02-20\ncategory: culture\nauthor: tuan-le\ntags: [서울]"
        )
        wait_until(lambda: all(b"Newsword" in cached_service.direct.ask(path).body for path in paths))
        assert not any(b"Newsword" in cached_service.cached.ask(path).body for path in paths)
        urls = "".join(f"{BASE_URL}{path}\n" for path in paths)
        assert run_refresh(cached_service.port, urls) == (0, "")
        for path in paths:
            assert [line for headers in header_sets for line in cached_service.differences(path, headers)] == []
            assert count_requests_at_service(cached_service, path) == 0


def run_refresh(port: int, urls: str, *server_name: str) -> tuple[int, str]:
    """Run nginx-refresh with these URLs; return its exit status and stderr."""
    arguments = [str(DEPLOY_FILES / "nginx-refresh"), f"http://127.0.0.1:{port}", *server_name]
    environment = {**os.environ, "http_proxy": "http://127.0.0.1:9", "all_proxy": "http://127.0.0.1:9"}
    result = subprocess.run(arguments, input=urls, text=True, check=False, timeout=SECONDS, capture_output=True, env=environment)
    assert result.stdout == ""
    return result.returncode, result.stderr


def test_refresh_uses_the_server_name_if_another_site_is_the_default_server(tmp_path: Path) -> None:
    require_program("curl", "apt-get install curl")
    with (
        numbered_upstream("max-age=60") as upstream,
        nginx_proxy(tmp_path / "nginx", upstream.url, default_server="return 200 other;") as nginx,
    ):
        assert run_refresh(nginx.port, f"{BASE_URL}/feed.rss\n") == (0, "")
        assert [path for path, _ in upstream.requests] == ["/feed.rss"] * 8
        assert run_refresh(nginx.port, "https://cdn.example:8443/feed.rss\n", "news.example") == (0, "")
        assert len(upstream.requests) == 16
        exit_status, stderr = run_refresh(nginx.port, "https://cdn.example/feed.rss\n")
        assert (exit_status, len(upstream.requests)) == (1, 16)
        assert stderr.startswith(f"nginx-refresh: http://127.0.0.1:{nginx.port} did not fetch anew")
        assert "\n200 http://cdn.example/feed.rss \n" in stderr
        assert stderr.endswith("with this server_name, and does the service run?\n")
        assert run_refresh(nginx.port, "") == (0, "")


def test_refresh_without_service_or_nginx_is_an_error(tmp_path: Path) -> None:
    """First the service does not run, then nginx does not run either."""
    require_program("curl", "apt-get install curl")
    with numbered_upstream("max-age=60, stale-if-error=600") as upstream, nginx_proxy(tmp_path / "nginx", upstream.url) as nginx:
        assert run_refresh(nginx.port, f"{BASE_URL}/feed.rss\n{BASE_URL}/feed.atom\n") == (0, "")
        upstream.stop()
        exit_status, stderr = run_refresh(nginx.port, f"{BASE_URL}/feed.rss\n{BASE_URL}/feed.atom\n")
        assert exit_status == 1
        assert "\n502 http://news.example/feed.rss \n" in stderr
    exit_status, stderr = run_refresh(nginx.port, f"{BASE_URL}/feed.rss\n")
    assert exit_status == 1
    assert re.search(r"^000 http://news\.example/feed\.rss .*connect", stderr, re.MULTILINE)
