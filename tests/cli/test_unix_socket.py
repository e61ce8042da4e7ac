"""`feedsvc serve --unix-socket`: one process or several, access to /status, and the address of a client."""

from __future__ import annotations

import contextlib
import json
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.audience.waiting import wait_until
from tests.cli.command_line import failed_serve_stderr
from tests.helpers.forked_process import Process, start_module
from tests.helpers.http_client import SECONDS
from tests.helpers.running_server import command, environment
from tests.helpers.unix_client import ask_unix
from tests.web.newsroom import write_article, write_newsroom
from tests.web.test_forwarded import READER_HEADERS

CLIENT: Final = "198.51.100.7"


@contextlib.contextmanager
def serving_at(path: Path, content: Path, state: Path, *options: str, **variables: str) -> Iterator[Process]:
    """Run a server during the block. It must end with status 0 after SIGTERM and remove its file."""
    line = ("serve", content, "--state", state, "--unix-socket", path, *options)
    process = start_module("feedsvc", *line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(variables))
    try:
        wait_until(lambda: process.poll() is not None or (path.is_socket() and is_answering(path)))
        assert process.poll() is None, process.communicate()
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
        assert not path.exists()
    finally:
        process.kill()
        process.communicate()


def is_answering(path: Path) -> bool:
    with contextlib.suppress(OSError):
        return ask_unix(path, "/healthz").status == 200
    return False


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return write_newsroom(tmp_path / "content")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_server_on_a_unix_socket_follows_saves_and_removes_its_file(tmp_path: Path, content: Path, workers: str) -> None:
    path = tmp_path / "http.sock"
    with serving_at(path, content, tmp_path / "state", "--workers", workers, "--unix-socket-mode", "666"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o666
        assert ask_unix(path, "/feed.rss").status == 200
        write_article(content, "gale", "title: A gale\npublished: 2026-02-20\ncategory: culture\nauthor: tuan-le")
        wait_until(lambda: b"A gale" in ask_unix(path, "/feed.rss").body)


def test_killed_server_leaves_a_file_that_the_next_one_replaces(tmp_path: Path, content: Path) -> None:
    path = tmp_path / "http.sock"
    line = command("serve", content, "--state", tmp_path / "state", "--unix-socket", path)
    with subprocess.Popen(line, stderr=subprocess.DEVNULL, env=environment()) as process:
        wait_until(lambda: path.is_socket() and is_answering(path))
        process.kill()
    assert path.is_socket()
    with serving_at(path, content, tmp_path / "state", "--trusted-proxy", "unix") as following:
        assert following.stderr
        assert f"serving 5 articles of {content} at unix:{path} as https://news.example/" in following.stderr.readline()
        error = failed_serve_stderr(content, "--state", tmp_path / "other", "--unix-socket", path)
        assert f"feedsvc: cannot listen on {path}: another process serves there" in error
        assert ask_unix(path, "/feed.rss").status == 200


@pytest.mark.parametrize(
    ("options", "headers", "status"),
    [
        ((), {}, 403),  # a proxy that adds no header
        (("--open-status", "unix"), {}, 200),
        (("--open-status", "unix", "--trusted-proxy", "unix"), {"X-Forwarded-For": CLIENT}, 403),
        (("--open-status", CLIENT, "--trusted-proxy", "unix"), {"X-Forwarded-For": CLIENT}, 200),
    ],
)
def test_status_is_not_for_every_client_of_the_socket(
    tmp_path: Path, content: Path, options: tuple[str, ...], headers: dict[str, str], status: int
) -> None:
    path = tmp_path / "http.sock"
    with serving_at(path, content, tmp_path / "state", *options):
        assert ask_unix(path, "/status", headers).status == status


@pytest.mark.parametrize(("proxies", "clients", "reads"), [((), ["unix"] * 2, 1), (("unix",), ["192.0.2.1", "192.0.2.2"], 2)])
def test_readers_are_told_apart_by_the_header_of_a_trusted_proxy(
    tmp_path: Path, content: Path, proxies: tuple[str, ...], clients: list[str], reads: int
) -> None:
    path = tmp_path / "http.sock"
    options = [word for proxy in proxies for word in ("--trusted-proxy", proxy)]
    with serving_at(path, content, tmp_path / "state", *options, "--access-log", "json") as process:
        for client in ("192.0.2.1", "192.0.2.2"):
            headers = {**READER_HEADERS, "X-Forwarded-For": client}
            assert ask_unix(path, "/articles/bay/views", headers, "POST").status == 204
        body = wait_until(lambda: ask_unix(path, "/articles/bay/views").body)
        assert json.loads(body) == {"views": reads}
        assert process.stdout
        lines = (json.loads(process.stdout.readline()) for _ in range(20))
        logged = [next(line for line in lines if line["method"] == "POST")["client"] for _ in range(2)]
        assert logged == clients


@pytest.mark.parametrize(
    ("options", "variables", "sentence"),
    [
        (("--port", "8001"), {}, "--unix-socket and --port contradict each other"),
        ((), {"FEEDSVC_HOST": "127.0.0.1"}, "--unix-socket and --host contradict each other"),
        (("--preview",), {}, "--unix-socket is for a proxy, but a preview shows drafts"),
        (("--unix-socket-mode", "rw"), {}, "'rw' is not a mode in octal; give three digits, such as 660 or 666"),
        (("--unix-socket-mode", "1660"), {}, "'1660' is not a mode in octal"),
        (("--unix-socket-mode", "668"), {}, "'668' is not a mode in octal"),
    ],
)
def test_settings_that_contradict_each_other_are_one_sentence(
    tmp_path: Path, content: Path, options: tuple[str, ...], variables: dict[str, str], sentence: str
) -> None:
    arguments = (content, "--state", tmp_path / "state", "--unix-socket", tmp_path / "http.sock", *options)
    assert sentence in failed_serve_stderr(*arguments, variables=variables)
    assert not (tmp_path / "http.sock").exists()
