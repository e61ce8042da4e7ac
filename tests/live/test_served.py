"""A folder with faults, seen through real processes: what stands over restarts, what is told, what a static tree holds."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from tests.audience.waiting import until
from tests.helpers import trees
from tests.helpers.http_client import SECONDS, ask
from tests.helpers.newsrooms import SITE, article, picture, write
from tests.helpers.running_server import command, environment
from tests.live.served_content import followed, problems, status

FILE: Final = "articles/one.yaml"
PLAIN: Final = {**SITE, "site.yaml": "title: Daily\nbase_url: https://news.example\nid_domain: news.example\n"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "content", {**PLAIN, **article("one"), **article("two")})


def titled(root: Path, title: str) -> None:
    write(root, article("one", title=title))


def test_whoever_mends_a_file_that_is_warned_of_hears_of_it(root: Path, tmp_path: Path) -> None:
    """Nothing was said while a warning was left, as if the save had not been seen."""
    warned = "title: One\npublished: 2026-01-01\nbody: Text.\n"
    write(root, {FILE: warned})
    with followed(root, tmp_path / "state") as server:
        write(root, {FILE: warned.replace("title", "titel")})
        until(lambda: any("did you mean 'title'?" in line for line in server.lines))
        write(root, {FILE: warned})
        until(lambda: server.lines[-1] == f"{FILE}: no error any more; its warnings stand\n")
        write(root, article("one"))
        until(lambda: server.lines[-1] == f"{FILE}: no problem any more\n")


def test_a_broken_file_stays_up_over_restarts_is_told_once_and_the_service_is_ready(root: Path, tmp_path: Path) -> None:
    with followed(root, tmp_path / "state") as server:
        titled(root, "Still here")
        until(lambda: b"Still here" in ask(server.url, "/feed.rss").body)
        write(root, {FILE: "title: ["})
        until(lambda: len(problems(server)) == 1)
        os.utime(root / FILE)
        server.process.send_signal(signal.SIGHUP)
        write(root, article("three"))
        until(lambda: b"three" in ask(server.url, "/feed.rss").body)
        assert b"Still here" in ask(server.url, "/articles/one/").body
        assert ask(server.url, "/readyz").status == 200
        assert b'feedsvc_problems{severity="error"} 1.0' in ask(server.url, "/metrics").body
    assert sum(line.startswith(f"{FILE}:1:9: ") for line in server.lines) == 1
    with followed(root, tmp_path / "state") as server:
        assert b"Still here" in ask(server.url, "/articles/one/").body
        [told] = status(server)["problems"]
        assert (told["path"], told["serving_last_valid"]) == (FILE, True)
        titled(root, "Mended")
        until(lambda: b"Mended" in ask(server.url, "/feed.rss").body)
        assert problems(server) == []
    with followed(root, tmp_path / "another") as server:
        write(root, {FILE: "title: ["})
        until(lambda: len(problems(server)) == 1)
    (root / FILE).unlink()
    with followed(root, tmp_path / "another") as server:
        assert ask(server.url, "/articles/one/").status == 404


def test_two_servers_on_one_state_folder_and_a_kill_lose_nothing(root: Path, tmp_path: Path) -> None:
    with followed(root, tmp_path / "state") as left, followed(root, tmp_path / "state") as right:
        for number in range(20):
            titled(root, f"Number {number}")
            until(lambda number=number: b"Number %d<" % number in ask(left.url, "/feed.rss").body)  # type: ignore[misc]
        until(lambda: b"Number 19<" in ask(right.url, "/feed.rss").body)
        third = subprocess.Popen(command("serve", root, "--port", "0", "--state", tmp_path / "state"), env=environment())
        third.kill()
        third.wait(SECONDS)
        write(root, {FILE: "title: ["})
        until(lambda: len(problems(left)) == len(problems(right)) == 1)
    with followed(root, tmp_path / "state") as server:
        assert b"Number 19<" in ask(server.url, "/feed.rss").body


def test_what_is_wrong_with_the_files_is_told_to_this_machine_only(root: Path, tmp_path: Path) -> None:
    with followed(root, tmp_path / "state") as server:
        for path in ("/status", "/metrics"):
            assert ask(server.url, path).status == 200
            for name in ("X-Forwarded-For", "Forwarded", "Via"):
                assert ask(server.url, path, {name: "127.0.0.1"}).status == 403


def files(out: Path) -> dict[str, tuple[bytes, int]]:
    """Every document of a tree, with its time."""
    return {file.relative_to(out).as_posix(): (file.read_bytes(), file.stat().st_mtime_ns) for file in trees.files(out)}


@pytest.fixture
def kept(root: Path, tmp_path: Path) -> Iterator[Path]:
    """A tree that `build --watch` keeps in step until the test ends: then by SIGTERM, with exit status 0."""
    out = tmp_path / "out"
    words = command("build", out, root, "--watch", "--state", tmp_path / "state")
    process = subprocess.Popen(words, env=environment(), stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr
        for line in process.stderr:
            if "keeping" in line:
                break
        yield out
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=SECONDS)
        assert (process.returncode, "Traceback" in said) == (0, False), said
    finally:
        process.kill()
        process.communicate()


def test_what_stands_in_for_a_broken_file_shows_a_picture_as_it_is_by_now(root: Path, kept: Path) -> None:
    page = kept / "articles/one/index.html"
    write(root, {"media/in.png": picture(100, 40, "PNG"), **article("one", body="Here ![in](media/in.png)")})
    until(lambda: b'width="100"' in page.read_bytes())
    write(root, {"articles/one.yaml": "title: [", **article("three")})
    until(lambda: b"three" in (kept / "feed.json").read_bytes())
    write(root, {"media/in.png": picture(110, 40, "PNG")})
    until(lambda: b'width="110"' in page.read_bytes())


def test_a_text_that_is_lost_does_not_end_what_keeps_a_tree_in_step(root: Path, tmp_path: Path) -> None:
    write(root, article("lost", body="Some words."))
    words = command("build", tmp_path / "out", root, "--skip-broken", "--state", tmp_path / "state")
    for broken in (False, True):
        if broken:
            write(root, {"articles/lost.yaml": "title: ["})
        subprocess.run(words, env=environment(), check=True, capture_output=True)
    with closing(sqlite3.connect(tmp_path / "state/articles.sqlite")) as rows, rows:
        rows.execute("DELETE FROM text")
    process = subprocess.Popen((*words, "--watch"), env=environment(), stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr
        for line in process.stderr:
            if "keeping" in line:
                titled(root, "Changed")
                break
        until(lambda: b"Changed" in (tmp_path / "out/feed.rss").read_bytes())
        assert not (tmp_path / "out/articles/lost/index.html").exists()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=SECONDS)
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()


def test_a_tree_is_kept_in_step_and_only_what_changed_is_written(root: Path, tmp_path: Path, kept: Path) -> None:
    before = files(kept)
    titled(root, "Changed")
    until(lambda: b"Changed" in (kept / "feed.rss").read_bytes())
    write(root, {"articles/two.yaml": "title: [", **article("three")})
    until(lambda: (kept / "articles/three/index.html").exists() and b"three" in (kept / "feed.json").read_bytes())
    assert b"two" in (kept / "feed.rss").read_bytes()
    (root / "articles/three.yaml").unlink()
    until(lambda: not (kept / "articles/three").exists())
    write(root, article("two"))

    fresh = tmp_path / "fresh"
    subprocess.run(command("build", fresh, root, "--state", tmp_path / "empty"), env=environment(), check=True, timeout=SECONDS)
    expected = {name: data for name, (data, _) in files(fresh).items()}
    until(lambda: {name: data for name, (data, _) in files(kept).items()} == expected)
    untouched = ("category/asia/feed.rss", "author/jia/index.html", "static/site.css")
    assert [name for name in untouched if files(kept)[name] != before[name]] == []


def test_a_tree_that_could_not_be_written_is_written_once_it_can(root: Path, kept: Path) -> None:
    (kept / "articles/one/index.html").unlink()
    (kept / "articles/one/index.html").mkdir()
    titled(root, "Waits for its place")
    until((kept / "articles/one/index.html").is_dir)
    (kept / "articles/one/index.html").rmdir()
    page = kept / "articles/one/index.html"
    until(lambda: page.is_file() and b"Waits for its place" in page.read_bytes())
