"""Errors of `feedsvc serve` at its start, and the state that it reads from earlier runs."""

import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.command_line import failed_serve_stderr
from tests.helpers.newsrooms import article, write
from tests.helpers.running_server import NO_VARIABLES, serving
from tests.web.newsroom import write_newsroom


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return write_newsroom(tmp_path / "content")


def test_port_in_use_is_reported(content: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        stderr = failed_serve_stderr(content, "--port", port, "--state", tmp_path / "state")
    assert stderr.startswith(f"feedsvc: cannot listen on 127.0.0.1:{port} ")
    assert stderr.count("\n") == 1
    free_port = int(stderr.rpartition("choose another one with --port, such as --port ")[2])
    assert int(port) < free_port <= int(port) + 20


def test_first_log_line_counts_visible_articles(tmp_path: Path) -> None:
    """The folder also has a draft, a scheduled, an expired and a withdrawn article, which do not count."""
    content = write(
        tmp_path / "content",
        {
            "site.yaml": "title: A\nbase_url: https://a.example\nid_domain: a.example\n",
            **article("one"),
            **article("two"),
            **article("draft", status="draft"),
            **article("scheduled", "2100-01-01"),
            **article("expired", "2026-01-02", expires="2026-01-03"),
            **article("gone", status="withdrawn"),
        },
    )
    with serving(content, tmp_path / "state") as server:
        assert server.stderr.startswith(f"feedsvc: serving 2 articles of {content} at ")


def test_unusable_state_folder_is_reported(content: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    stderr = failed_serve_stderr(content, "--port", "0", "--state", tmp_path / "file" / "state")
    assert (
        stderr == f"feedsvc: {tmp_path / 'file' / 'state'} cannot be used (Not a directory); give another folder with --state\n"
    )


def test_state_folder_inside_the_content_folder_is_refused(content: Path) -> None:
    stderr = failed_serve_stderr(content, "--port", "0", "--state", content / "state")
    assert "give one outside it with --state" in stderr
    assert not (content / "state").exists()


@pytest.mark.parametrize("base_url", ["news.example", "ftp://news.example", "https://"])
def test_invalid_base_url_is_reported(content: Path, tmp_path: Path, base_url: str) -> None:
    stderr = failed_serve_stderr(content, "--port", "0", "--state", tmp_path / "state", "--base-url", base_url)
    assert stderr.startswith(f"feedsvc: --base-url '{base_url}' is not the address of a site")
    assert stderr.count("\n") == 1


@pytest.mark.parametrize("variables", [NO_VARIABLES, {"FEEDSVC_TRUSTED_PROXY": "10.0.0.0/8, proxy.example"}])
def test_invalid_trusted_proxy_is_reported(content: Path, variables: Mapping[str, str]) -> None:
    stderr = failed_serve_stderr(
        content, "--port", "0", *(() if variables else ("--trusted-proxy", "proxy.example")), variables=variables
    )
    assert stderr.startswith("feedsvc: --trusted-proxy 'proxy.example' is no IP address and no network; write an address like ")
    assert stderr.count("\n") == 1
