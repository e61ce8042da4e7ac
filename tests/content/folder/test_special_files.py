"""Folders, pipes, sockets, symbolic links, invalid names and unreadable files in a content folder."""

from __future__ import annotations

import os
import socket
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedsvc.content.folder.folder import ContentFolder, load_content
from feedsvc.content.safe_read import read_file
from feedsvc.errors import ContentError
from tests.broken_files.case import PNG
from tests.conftest import Newsroom
from tests.content.folder.loading import LINK_MESSAGE, article_paths, article_text, messages


@pytest.mark.parametrize("name", ["site.yaml", "authors.yaml", "categories.yaml", "tags.yaml", "feeds.yaml"])
def test_a_folder_with_the_name_of_a_settings_file_is_reported(newsroom: Newsroom, name: str) -> None:
    root = newsroom({})
    (root / name).unlink(missing_ok=True)
    (root / name).mkdir()
    line = f"{name}:1:1: this is a folder, a pipe or a device, not a file"
    if name == "site.yaml":
        with pytest.raises(ContentError) as error:
            load_content(root)
        assert [str(problem) for problem in error.value.problems] == [line]
    else:
        assert messages(root) == [line]


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that can be opened, but not read")
def test_a_file_on_a_damaged_disk_is_reported() -> None:
    process = Path(f"/proc/{os.getpid()}")
    assert str(read_file(process, "mem")) == "mem:1:1: the file cannot be read (Input/output error)"


def test_a_named_pipe_is_reported_and_does_not_block(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": article_text("a")})
    os.mkfifo(root / "articles/pipe.yaml")
    assert messages(root) == ["articles/pipe.yaml:1:1: this is a folder, a pipe or a device, not a file"]
    assert article_paths(root) == {"articles/a.yaml"}


def test_a_socket_is_reported(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    root = newsroom({"articles/a.yaml": article_text("a")})
    monkeypatch.chdir(root / "articles")  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.yaml")
        (line,) = messages(root)
    assert line.startswith("articles/s.yaml:1:1: the file cannot be read (")


@pytest.mark.parametrize(
    ("link", "target", "message"),
    [
        ("articles/out.yaml", "../../secret.yaml", LINK_MESSAGE),
        ("articles/out", "../../elsewhere", LINK_MESSAGE),
        ("articles/abs.yaml", "/dev/zero", LINK_MESSAGE),
        ("articles/no.yaml", "nothing.yaml", "a symbolic link to nothing"),
        ("articles/no.yaml", "../../nothing", LINK_MESSAGE),
    ],
)
def test_a_symbolic_link_to_a_path_outside_or_to_nothing_is_reported(
    newsroom: Newsroom, tmp_path: Path, link: str, target: str, message: str
) -> None:
    root = newsroom({"articles/a.yaml": article_text("a")})
    (tmp_path / "secret.yaml").write_text(article_text("secret"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/b.yaml").write_text(article_text("b"))
    (root / link).symlink_to(target)
    assert messages(root) == [f"{link}:1:1: {message}"]
    assert article_paths(root) == {"articles/a.yaml"}


@pytest.mark.parametrize("link", ["articles/no.yaml", "pages/no.md", "root/no.txt"])
def test_a_symbolic_link_to_nothing_is_reported_by_a_running_server(newsroom: Newsroom, link: str) -> None:
    root = newsroom({"articles/a.yaml": article_text("a"), "pages/a.md": "---\ntitle: A\n---\n", "root/a.txt": "a"})
    folder, start = ContentFolder(root), datetime.now(UTC)
    folder.read(now=start)
    (root / link).symlink_to("nothing")
    paths, settle_time = frozenset((link,)), timedelta(milliseconds=1)
    for seconds in range(1, 4):  # what has just vanished waits; a link to nothing looks like that at first
        change = folder.read(paths, start + timedelta(seconds=seconds), settle_time)
        paths = paths | change.waiting_files
    assert [str(problem) for problem in change.content.problems] == [f"{link}:1:1: a symbolic link to nothing"]
    assert change.waiting_files == frozenset()


def test_a_symbolic_link_to_itself_is_reported(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": article_text("a")})
    (root / "articles/loop.yaml").symlink_to("loop.yaml")
    (line,) = messages(root)
    assert line.startswith("articles/loop.yaml:1:1: the file cannot be read (")


def test_the_articles_folder_must_not_be_a_symbolic_link_to_a_path_outside(newsroom: Newsroom, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/a.yaml").write_text(article_text("a"))
    root = newsroom({})
    (root / "articles").symlink_to("../elsewhere")
    assert messages(root) == [f"articles:1:1: {LINK_MESSAGE}"]
    assert article_paths(root) == set()


def test_the_content_folder_may_be_a_symbolic_link(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom({"articles/a.yaml": article_text("a")})
    (tmp_path / "current").symlink_to("content")
    assert article_paths(tmp_path / "current") == {"articles/a.yaml"}


def test_symbolic_links_inside_the_folder_are_followed_once(newsroom: Newsroom) -> None:
    root = newsroom({"drafts/b.yaml": article_text("b"), "articles/x/a.yaml": article_text("a")})
    (root / "articles/y").symlink_to("x")
    (root / "articles/x/up").symlink_to("..")
    (root / "articles/z.yaml").symlink_to("../drafts/b.yaml")
    assert [Path(path).name for path in sorted(article_paths(root))] == ["a.yaml", "z.yaml"]
    assert messages(root) == []


def test_a_file_with_the_name_of_the_articles_folder_is_reported(newsroom: Newsroom) -> None:
    root = newsroom({"articles": "text"})
    assert messages(root) == ["articles:1:1: the folder cannot be read (Not a directory)"]


@pytest.mark.skipif(sys.platform == "darwin", reason="APFS has no such names")
def test_a_file_name_that_is_not_utf8_is_reported(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": article_text("a")})
    (root / os.fsdecode(b"articles/caf\xe9.yaml")).write_text(article_text("b"))
    assert messages(root) == ["articles/caf?.yaml:1:1: the name is not UTF-8; rename it"]
    assert article_paths(root) == {"articles/a.yaml"}


@pytest.mark.parametrize("char", ["\n", "\t", "\x07", "\u2028", "\x9f"])
def test_a_file_name_with_a_control_character_is_reported(newsroom: Newsroom, char: str) -> None:
    root = newsroom({f"articles/a{char}b/c.yaml": article_text("a"), f"articles/d{char}.yaml": article_text("d")})
    message = f"the name has a character that is not allowed there (U+{ord(char):04X}); rename it"
    assert messages(root) == [f"articles/a?b:1:1: {message}", f"articles/d?.yaml:1:1: {message}"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file; run the tests as another user")
def test_an_unreadable_file_and_an_unreadable_folder_are_reported(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": article_text("a"), "articles/b/c.yaml": article_text("c")})
    (root / "articles/a.yaml").chmod(0)
    (root / "articles/b").chmod(0)
    try:
        assert messages(root) == [
            "articles/a.yaml:1:1: the file cannot be read (Permission denied)",
            "articles/b:1:1: the folder cannot be read (Permission denied)",
        ]
    finally:
        (root / "articles/b").chmod(0o700)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            "../../secret.png",
            "image.src: 'media/x.png' lies behind a symbolic link that leaves media/; put the file itself there",
        ),
        ("nothing.png", "image.src: no file 'media/x.png'"),
        ("folder", "image.src: 'media/x.png' is a folder or a device, not a file"),
    ],
)
def test_an_image_behind_a_symbolic_link_outside_media_is_reported(
    newsroom: Newsroom, tmp_path: Path, target: str, message: str
) -> None:
    root = newsroom({"articles/a.yaml": article_text("a", "image: {src: media/x.png}\n"), "media/folder/p.png": PNG})
    (tmp_path / "secret.png").write_bytes(PNG)
    (root / "media/x.png").symlink_to(target)
    assert messages(root)[0].startswith(f"articles/a.yaml:4:14: {message}")
