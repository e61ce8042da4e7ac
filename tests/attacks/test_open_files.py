"""Servers that may have few open files: they serve large files to every connection, and keep responding."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

import pytest

from feedsvc.support.file_descriptors import MIN_LIMIT, max_connections
from tests.attacks.limited_server import limited_command, limited_server
from tests.helpers.forked_process import run_module
from tests.helpers.http_client import ask, open_connection, read_all
from tests.helpers.log_lines import without_times
from tests.helpers.running_server import environment
from tests.web.newsroom import write_newsroom

LARGE_SIZE: Final = 5_000_000  # bytes of media/talk.mp3
REQUEST: Final = b"GET /media/talk.mp3 HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_newsroom(tmp_path_factory.mktemp("files") / "content", talk=bytes(LARGE_SIZE))


def test_start_with_too_few_open_files_is_an_error(content: Path, tmp_path: Path) -> None:
    arguments = limited_command(64, "serve", content, "--port", "0", "--state", tmp_path / "state")
    result = run_module(*arguments, env=environment())
    assert result.returncode == 2
    assert without_times(result.stderr).startswith(
        f"feedsvc: a process may have 64 open files here, and a server needs {MIN_LIMIT}, better 4096: "
    )
    assert "ulimit -n" in result.stderr
    assert "LimitNOFILE" in result.stderr
    assert result.stderr.count("\n") == 1


def test_server_with_the_lowest_allowed_limit_serves(content: Path, tmp_path: Path) -> None:
    with limited_server(content, tmp_path, MIN_LIMIT) as url:
        assert ask(url, "/media/talk.mp3").body == bytes(LARGE_SIZE)


def test_every_connection_may_download_a_large_file(content: Path, tmp_path: Path) -> None:
    with limited_server(content, tmp_path, MIN_LIMIT) as url, contextlib.ExitStack() as stack:
        for _ in range(max_connections(MIN_LIMIT) - 2):
            download = stack.enter_context(open_connection(url, 4096))
            download.sendall(REQUEST)
            assert download.recv(12) == b"HTTP/1.1 200"
        for path in ("/feed.rss", "/media/photo.png"):
            assert ask(url, path).status == 200
        assert ask(url, "/media/talk.mp3", {"Range": "bytes=5-9"}).status == 206


def test_download_of_a_truncated_file_ends_and_the_server_keeps_responding(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content", talk=bytes(LARGE_SIZE))
    with limited_server(content, tmp_path, 1024) as url, open_connection(url, 4096) as connection:
        connection.sendall(REQUEST)
        assert connection.recv(12) == b"HTTP/1.1 200"
        os.truncate(content / "media/talk.mp3", 70_000)
        assert len(read_all(connection)) < LARGE_SIZE  # the connection ends
        assert ask(url, "/feed.rss").status == 200
