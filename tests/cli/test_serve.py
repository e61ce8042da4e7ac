"""`feedsvc serve` when it cannot: one sentence, exit status 2, no traceback."""

import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.helpers.http_client import ask
from tests.helpers.newsrooms import article, write
from tests.helpers.running_server import NO_VARIABLES, ServerProcess, command, environment, serving
from tests.web.newsroom import write_newsroom


def refused(*arguments: str | Path, variables: Mapping[str, str] = NO_VARIABLES) -> str:
    """What it says as it gives up."""
    done = subprocess.run(
        command("serve", *arguments), capture_output=True, text=True, timeout=60, env=environment(variables), check=False
    )
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return write_newsroom(tmp_path / "content")


def test_a_taken_port(content: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = refused(content, "--port", port, "--state", tmp_path / "state")
    assert said.startswith(f"feedsvc: error: cannot listen on 127.0.0.1:{port} ")
    assert said.count("\n") == 1


def test_the_first_line_counts_what_readers_see(tmp_path: Path) -> None:
    """Drafts, scheduled, expired and withdrawn articles lie in the folder, too."""
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


def test_a_missing_folder(tmp_path: Path) -> None:
    said = refused(tmp_path / "nowhere", "--port", "0")
    assert said == f"feedsvc: error: no folder {tmp_path / 'nowhere'}; give the folder that holds site.yaml\n"


def test_a_state_folder_that_cannot_be(content: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    said = refused(content, "--port", "0", "--state", tmp_path / "file" / "state")
    assert (
        said
        == f"feedsvc: error: {tmp_path / 'file' / 'state'} cannot be used (Not a directory); give another folder with --state\n"
    )


def test_state_inside_the_content(content: Path) -> None:
    said = refused(content, "--port", "0", "--state", content / "state")
    assert "give one outside it with --state" in said
    assert not (content / "state").exists()


@pytest.mark.parametrize("base", ["news.example", "ftp://news.example", "https://"])
def test_a_base_url_that_is_none(content: Path, tmp_path: Path, base: str) -> None:
    said = refused(content, "--port", "0", "--state", tmp_path / "state", "--base-url", base)
    assert said.startswith(f"feedsvc: error: --base-url '{base}' is not a web address")
    assert said.count("\n") == 1


@pytest.mark.parametrize("variables", [NO_VARIABLES, {"FEEDSVC_TRUSTED_PROXY": "10.0.0.0/8, proxy.example"}])
def test_a_trusted_proxy_that_is_no_address(content: Path, variables: Mapping[str, str]) -> None:
    said = refused(content, "--port", "0", *(() if variables else ("--trusted-proxy", "proxy.example")), variables=variables)
    assert said.startswith(
        "feedsvc: error: --trusted-proxy 'proxy.example' is no IP address and no network; write an address like "
    )
    assert said.count("\n") == 1


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none(content: Path, port: str) -> None:
    assert "Invalid value for '--port'" in refused(content, f"--port={port}")


def test_variables_stand_for_options(content: Path) -> None:
    said = refused(content, "--port", "0", variables={"FEEDSVC_STATE": str(content / "state")})
    assert "give one outside it" in said


def test_a_damaged_ledger_is_made_anew(content: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "modified.sqlite").write_bytes(b"SQLite format 3\x00 but not really " * 300)
    server = ServerProcess(content, state)
    try:
        assert ask(server.url, "/feed.rss")["Last-Modified"]
        server.terminate()
        assert server.wait() == 0
        damaged, serving_line = server.stderr.splitlines()
    finally:
        server.kill()
    assert damaged.startswith(f"feedsvc: {state / 'modified.sqlite'} (Last-Modified dates) was damaged: ")
    assert serving_line.startswith("feedsvc: serving")


def test_a_restart_keeps_last_modified(content: Path, tmp_path: Path) -> None:
    seen = set()
    for _ in range(2):
        with serving(content, tmp_path / "state") as server:
            ask(server.url, "/feed.rss")  # on a slow machine the first answer may leave before the second that it is dated with
            got = ask(server.url, "/feed.rss")
            seen.add(got["Last-Modified"])
            assert ask(server.url, "/feed.rss", {"If-Modified-Since": got["Last-Modified"]}).status == 304
    assert len(seen) == 1


def test_two_processes_share_a_ledger(content: Path, tmp_path: Path) -> None:
    with serving(content, tmp_path / "state") as one, serving(content, tmp_path / "state") as other:
        seen = {(got["ETag"], got["Last-Modified"]) for got in (ask(server.url, "/feed.rss") for server in (one, other))}
    assert len(seen) == 1
