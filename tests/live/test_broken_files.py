"""Broken files in running processes: `serve` over restarts, its messages and /status, and the tree of `build --watch`."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.audience.waiting import wait_until
from tests.helpers import trees
from tests.helpers.forked_process import start_module
from tests.helpers.http_client import SECONDS, ask
from tests.helpers.newsrooms import SITE, article, picture, write
from tests.helpers.running_server import build_tree, environment
from tests.live.served_content import fetch_problems, fetch_status, monitored_server

FILE: Final = "articles/one.yaml"
PLAIN: Final = {**SITE, "site.yaml": "title: Daily\nbase_url: https://news.example\nid_domain: news.example\n"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "content", {**PLAIN, **article("one"), **article("two")})


def write_with_title(root: Path, title: str) -> None:
    write(root, article("one", title=title))


def test_server_prints_a_line_for_each_repaired_error_and_warning(root: Path, tmp_path: Path) -> None:
    """The server once printed no line while a warning remained, as if it had not read the save."""
    text_with_warning = "title: One\npublished: 2026-01-01\nbody: Text.\n"
    write(root, {FILE: text_with_warning})
    with monitored_server(root, tmp_path / "state") as server:
        write(root, {FILE: text_with_warning.replace("title", "titel")})
        wait_until(lambda: any("did you mean 'title'?" in line for line in server.lines))
        write(root, {FILE: text_with_warning})
        wait_until(lambda: server.lines[-1] == f"{FILE}: no error any more; its warnings stand\n")
        write(root, article("one"))
        wait_until(lambda: server.lines[-1] == f"{FILE}: no problem any more\n")


def test_broken_article_is_served_after_a_restart_and_reported_once(root: Path, tmp_path: Path) -> None:
    with monitored_server(root, tmp_path / "state") as server:
        write_with_title(root, "Still here")
        wait_until(lambda: b"Still here" in ask(server.url, "/feed.rss").body)
        write(root, {FILE: "title: ["})
        wait_until(lambda: len(fetch_problems(server)) == 1)
        os.utime(root / FILE)
        server.process.send_signal(signal.SIGHUP)
        write(root, article("three"))
        wait_until(lambda: b"three" in ask(server.url, "/feed.rss").body)
        assert b"Still here" in ask(server.url, "/articles/one/").body
        assert ask(server.url, "/readyz").status == 200
        assert b'feedsvc_problems{severity="error"} 1.0' in ask(server.url, "/metrics").body
    assert sum(line.startswith(f"{FILE}:1:9: ") for line in server.lines) == 1
    with monitored_server(root, tmp_path / "state") as server:
        assert b"Still here" in ask(server.url, "/articles/one/").body
        [problem] = fetch_status(server)["problems"]
        assert (problem["path"], problem["serving_last_valid"]) == (FILE, True)
        write_with_title(root, "Mended")
        wait_until(lambda: b"Mended" in ask(server.url, "/feed.rss").body)
        assert fetch_problems(server) == []
    with monitored_server(root, tmp_path / "another") as server:
        write(root, {FILE: "title: ["})
        wait_until(lambda: len(fetch_problems(server)) == 1)
    (root / FILE).unlink()
    with monitored_server(root, tmp_path / "another") as server:
        assert ask(server.url, "/articles/one/").status == 404


def test_two_servers_and_a_killed_one_share_a_state_folder_without_loss(root: Path, tmp_path: Path) -> None:
    with monitored_server(root, tmp_path / "state") as left, monitored_server(root, tmp_path / "state") as right:
        for number in range(20):
            write_with_title(root, f"Number {number}")
            wait_until(lambda number=number: b"Number %d<" % number in ask(left.url, "/feed.rss").body)  # type: ignore[misc]
        wait_until(lambda: b"Number 19<" in ask(right.url, "/feed.rss").body)
        third = start_module("feedsvc", "serve", root, "--port", "0", "--state", tmp_path / "state", env=environment())
        third.kill()
        third.wait(SECONDS)
        write(root, {FILE: "title: ["})
        wait_until(lambda: len(fetch_problems(left)) == len(fetch_problems(right)) == 1)
    with monitored_server(root, tmp_path / "state") as server:
        assert b"Number 19<" in ask(server.url, "/feed.rss").body


def tree_files(out: Path) -> dict[str, tuple[bytes, int]]:
    """Return the bytes and the modification time of every document of a static tree, by path."""
    return {file.relative_to(out).as_posix(): (file.read_bytes(), file.stat().st_mtime_ns) for file in trees.files(out)}


@pytest.fixture
def watched_tree(root: Path, tmp_path: Path) -> Iterator[Path]:
    """Run `build --watch` until the test ends and yield its output folder; SIGTERM must end it with exit status 0."""
    out = tmp_path / "out"
    arguments = ("build", out, root, "--watch", "--state", tmp_path / "state")
    process = start_module("feedsvc", *arguments, env=environment(), stderr=subprocess.PIPE)
    try:
        assert process.stderr
        for line in process.stderr:
            if "keeping" in line:
                break
        yield out
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=SECONDS)
        assert (process.returncode, "Traceback" in stderr) == (0, False), stderr
    finally:
        process.kill()
        process.communicate()


def test_last_valid_version_in_the_tree_shows_the_current_image(root: Path, watched_tree: Path) -> None:
    page = watched_tree / "articles/one/index.html"
    write(root, {"media/in.png": picture(100, 40, "PNG"), **article("one", body="Here ![in](media/in.png)")})
    wait_until(lambda: b'width="100"' in page.read_bytes())
    write(root, {"articles/one.yaml": "title: [", **article("three")})
    wait_until(lambda: b"three" in (watched_tree / "feed.json").read_bytes())
    write(root, {"media/in.png": picture(110, 40, "PNG")})
    wait_until(lambda: b'width="110"' in page.read_bytes())


def test_build_watch_writes_only_changed_documents(root: Path, tmp_path: Path, watched_tree: Path) -> None:
    before = tree_files(watched_tree)
    write_with_title(root, "Changed")
    wait_until(lambda: b"Changed" in (watched_tree / "feed.rss").read_bytes())
    write(root, {"articles/two.yaml": "title: [", **article("three")})
    wait_until(
        lambda: (watched_tree / "articles/three/index.html").exists() and b"three" in (watched_tree / "feed.json").read_bytes()
    )
    assert b"two" in (watched_tree / "feed.rss").read_bytes()
    (root / "articles/three.yaml").unlink()
    wait_until(lambda: not (watched_tree / "articles/three").exists())
    write(root, article("two"))

    fresh_tree = tmp_path / "fresh"
    build_tree(fresh_tree, root, "--state", tmp_path / "empty")
    expected = {name: data for name, (data, _) in tree_files(fresh_tree).items()}
    wait_until(lambda: {name: data for name, (data, _) in tree_files(watched_tree).items()} == expected)
    unchanged_names = ("category/asia/feed.rss", "author/jia/index.html", "static/site.css")
    assert [name for name in unchanged_names if tree_files(watched_tree)[name] != before[name]] == []


def test_build_watch_writes_a_blocked_document_once_the_path_is_free(root: Path, watched_tree: Path) -> None:
    (watched_tree / "articles/one/index.html").unlink()
    (watched_tree / "articles/one/index.html").mkdir()
    write_with_title(root, "Waits for its place")
    wait_until((watched_tree / "articles/one/index.html").is_dir)
    (watched_tree / "articles/one/index.html").rmdir()
    page = watched_tree / "articles/one/index.html"
    wait_until(lambda: page.is_file() and b"Waits for its place" in page.read_bytes())
