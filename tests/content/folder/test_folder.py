"""A content folder on disk: what is read, what is followed, what is refused."""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from PIL import Image

from feedsvc.content.cache.store import ParseCache
from feedsvc.content.folder.folder import ContentFolder, load_content
from feedsvc.errors import ContentError
from tests.broken_files.case import HEAD, PNG, Files
from tests.conftest import SETTINGS, Newsroom
from tests.helpers.newsrooms import write

OUTSIDE = "a symbolic link that leaves the content folder is not followed; put the file itself there, or take the link away"


def article(name: str, rest: str = "") -> str:
    return f"{HEAD}id: tag:news.example,2026:{name}\n{rest}"


def lines(root: Path) -> list[str]:
    return [str(problem) for problem in load_content(root).problems]


def paths(root: Path) -> set[str]:
    return {one.path for one in load_content(root).articles}


def test_folders_below_articles_are_the_editors_own_business(newsroom: Newsroom) -> None:
    root = newsroom(
        {"articles/a.yaml": article("a"), "articles/2026/정/b.md": f"---\n{article('b')}---\n", "elsewhere/c.yaml": article("c")}
    )
    assert (paths(root), lines(root)) == ({"articles/a.yaml", "articles/2026/정/b.md"}, [])


def test_a_site_needs_no_other_file(newsroom: Newsroom) -> None:
    root = newsroom({})
    for name in ("categories.yaml", "authors.yaml"):
        (root / name).unlink()
    content = load_content(root)
    assert (content.articles, dict(content.authors), dict(content.categories), content.problems) == ((), {}, {}, ())


def test_an_author_nobody_wrote_down_says_where_to(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": article("a", "author: lee\n")})
    (root / "authors.yaml").unlink()
    assert lines(root) == ["articles/a.yaml:4:9: author: no author 'lee'; add it to authors.yaml"]


def test_many_authors_are_not_all_listed(newsroom: Newsroom) -> None:
    many = "".join(f"author-{number}: {{name: A}}\n" for number in range(9))
    root = newsroom({"authors.yaml": many, "articles/a.yaml": article("a", "author: zz\n")})
    assert lines(root) == ["articles/a.yaml:4:9: author: no author 'zz'; add it to authors.yaml"]


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"no folder .*/nowhere; give the folder that holds site\.yaml"):
        load_content(tmp_path / "nowhere")


def test_no_site_yaml(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"has no site\.yaml; it needs at least title: and base_url:"):
        load_content(tmp_path)


@pytest.mark.parametrize("name", ["site.yaml", "authors.yaml", "categories.yaml"])
def test_a_folder_in_the_place_of_a_settings_file(newsroom: Newsroom, name: str) -> None:
    root = newsroom({})
    (root / name).unlink()
    (root / name).mkdir()
    line = f"{name}:1:1: this is a folder, a pipe or a device, not a file"
    if name == "site.yaml":
        with pytest.raises(ContentError) as caught:
            load_content(root)
        assert [str(problem) for problem in caught.value.problems] == [line]
    else:
        assert lines(root) == [line]


def test_a_named_pipe_does_not_stop_the_reading(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": article("a")})
    os.mkfifo(root / "articles/pipe.yaml")
    assert lines(root) == ["articles/pipe.yaml:1:1: this is a folder, a pipe or a device, not a file"]
    assert paths(root) == {"articles/a.yaml"}


def test_a_socket_is_no_article(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    root = newsroom({"articles/a.yaml": article("a")})
    monkeypatch.chdir(root / "articles")  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.yaml")
        (line,) = lines(root)
    assert line.startswith("articles/s.yaml:1:1: the file cannot be read (")


@pytest.mark.parametrize(
    ("link", "target", "line"),
    [
        (
            "articles/out.yaml",
            "../../secret.yaml",
            f"articles/out.yaml:1:1: {OUTSIDE}",
        ),
        (
            "articles/out",
            "../../elsewhere",
            f"articles/out:1:1: {OUTSIDE}",
        ),
        (
            "articles/abs.yaml",
            "/dev/zero",
            f"articles/abs.yaml:1:1: {OUTSIDE}",
        ),
        ("articles/no.yaml", "nothing.yaml", "articles/no.yaml:1:1: a symbolic link to nothing"),
        (
            "articles/no.yaml",
            "../../nothing",
            f"articles/no.yaml:1:1: {OUTSIDE}",
        ),
    ],
)
def test_a_link_that_leads_astray(newsroom: Newsroom, tmp_path: Path, link: str, target: str, line: str) -> None:
    root = newsroom({"articles/a.yaml": article("a")})
    (tmp_path / "secret.yaml").write_text(article("secret"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/b.yaml").write_text(article("b"))
    (root / link).symlink_to(target)
    assert lines(root) == [line]
    assert paths(root) == {"articles/a.yaml"}


def test_a_link_to_itself(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": article("a")})
    (root / "articles/loop.yaml").symlink_to("loop.yaml")
    (line,) = lines(root)
    assert line.startswith("articles/loop.yaml:1:1: the file cannot be read (")


def test_the_articles_folder_itself_may_not_leave(newsroom: Newsroom, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/a.yaml").write_text(article("a"))
    root = newsroom({})
    (root / "articles").symlink_to("../elsewhere")
    assert lines(root) == [f"articles:1:1: {OUTSIDE}"]
    assert paths(root) == set()


def test_the_content_folder_itself_may_be_a_link(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom({"articles/a.yaml": article("a")})
    (tmp_path / "current").symlink_to("content")
    assert paths(tmp_path / "current") == {"articles/a.yaml"}


def test_links_inside_the_folder_are_followed_once(newsroom: Newsroom) -> None:
    root = newsroom({"drafts/b.yaml": article("b"), "articles/x/a.yaml": article("a")})
    (root / "articles/y").symlink_to("x")
    (root / "articles/x/up").symlink_to("..")
    (root / "articles/z.yaml").symlink_to("../drafts/b.yaml")
    assert [Path(path).name for path in sorted(paths(root))] == ["a.yaml", "z.yaml"]
    assert lines(root) == []


def test_articles_that_are_a_file(newsroom: Newsroom) -> None:
    root = newsroom({"articles": "text"})
    assert lines(root) == ["articles:1:1: the folder cannot be read (Not a directory)"]


@pytest.mark.skipif(sys.platform == "darwin", reason="APFS has no such names")
def test_a_name_that_is_not_utf8(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": article("a")})
    (root / os.fsdecode(b"articles/caf\xe9.yaml")).write_text(article("b"))
    assert lines(root) == ["articles/caf?.yaml:1:1: the name is not UTF-8; rename it"]
    assert paths(root) == {"articles/a.yaml"}


@pytest.mark.parametrize("char", ["\n", "\t", "\x07", "\u2028", "\x9f"])
def test_a_name_with_a_character_that_no_line_can_show(newsroom: Newsroom, char: str) -> None:
    root = newsroom({f"articles/a{char}b/c.yaml": article("a"), f"articles/d{char}.yaml": article("d")})
    sentence = f"the name holds a character that has no place there (U+{ord(char):04X}); rename it"
    assert lines(root) == [f"articles/a?b:1:1: {sentence}", f"articles/d?.yaml:1:1: {sentence}"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything; run the tests as another user")
def test_a_file_and_a_folder_nobody_may_read(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": article("a"), "articles/b/c.yaml": article("c")})
    (root / "articles/a.yaml").chmod(0)
    (root / "articles/b").chmod(0)
    try:
        assert lines(root) == [
            "articles/a.yaml:1:1: the file cannot be read (Permission denied)",
            "articles/b:1:1: the folder cannot be read (Permission denied)",
        ]
    finally:
        (root / "articles/b").chmod(0o700)


def test_media_is_held_only_while_something_refers_to_it(newsroom: Newsroom) -> None:
    files: Files = {
        "authors.yaml": "lee: {name: Lee, avatar: media/lee.png}\n",
        "articles/a.yaml": article("a", "image: {src: media/a.png}\n"),
        "articles/b.yaml": article("b", "image: {src: media/b.png}\nnonsense: 1\n"),
        "media/a.png": PNG,
        "media/b.png": PNG,
        "media/lee.png": PNG,
        "media/nobody.png": PNG,
    }
    content = load_content(newsroom(files))
    assert set(content.media) == {"media/a.png", "media/lee.png"}
    file = content.media["media/a.png"]
    assert (file.type, file.length, Path(file.location).read_bytes()) == ("image/png", len(PNG), PNG)


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        (
            "../../secret.png",
            "image.src: 'media/x.png' lies behind a symbolic link that leaves media/; put the file itself there",
        ),
        ("nothing.png", "image.src: no file 'media/x.png'"),
        ("folder", "image.src: 'media/x.png' is a folder or a device, not a file"),
    ],
)
def test_a_picture_behind_a_link(newsroom: Newsroom, tmp_path: Path, target: str, sentence: str) -> None:
    root = newsroom({"articles/a.yaml": article("a", "image: {src: media/x.png}\n"), "media/folder/p.png": PNG})
    (tmp_path / "secret.png").write_bytes(PNG)
    (root / "media/x.png").symlink_to(target)
    assert lines(root)[0].startswith(f"articles/a.yaml:4:14: {sentence}")


def test_a_picture_of_too_many_pixels_is_not_opened(newsroom: Newsroom) -> None:
    file = io.BytesIO()
    Image.new("P", (1, 1)).save(file, "GIF")
    bomb = file.getvalue()[:6] + b"\xff\xff\xff\xff" + file.getvalue()[10:]
    root = newsroom({"articles/a.yaml": article("a", "image: {src: media/x.gif}\n"), "media/x.gif": bomb})
    assert lines(root) == [
        "articles/a.yaml:4:14: image.src: 'media/x.gif' has more than 89 megapixels, the most that is used; make it smaller"
    ]


def test_a_picture_without_pixels_is_damaged(newsroom: Newsroom) -> None:
    gif = b"GIF89a" + bytes(4) + b"\x00\x00\x00;"
    root = newsroom({"articles/a.yaml": article("a", "image: {src: media/x.gif}\n"), "media/x.gif": gif})
    assert lines(root) == [
        "articles/a.yaml:4:14: image.src: 'media/x.gif' is damaged or no picture at all; save it again as JPEG or PNG"
    ]


def test_a_state_folder_thrown_away_is_made_again_with_everything_that_is_known(newsroom: Newsroom, tmp_path: Path) -> None:
    root = newsroom({f"articles/{name}.yaml": HEAD for name in ("a", "b")})
    kept = tmp_path / "state/articles.sqlite"
    folder = ContentFolder(root, "", ParseCache(kept))
    folder.read()
    folder.save()
    shutil.rmtree(kept.parent)
    folder.read()
    folder.save()
    (root / "articles/a.yaml").write_text("title: [")
    assert ContentFolder(root, "", ParseCache(kept)).read().content.last_valid_paths == {"articles/a.yaml"}


def test_a_folder_whose_site_yaml_is_gone_is_away_and_nothing_in_it_is_deleted(newsroom: Newsroom, tmp_path: Path) -> None:
    root = newsroom({"articles/a.yaml": HEAD})
    folder = ContentFolder(root, "", ParseCache(tmp_path / "state/articles.sqlite"))
    folder.read()
    root.rename(tmp_path / "away")
    root.mkdir()
    with pytest.raises(ContentError, match=r"has no site\.yaml"):
        folder.read()
    root.rmdir()
    (tmp_path / "away").rename(root)
    again = folder.read()
    assert (again.removed, again.added, len(again.content.articles)) == ((), (), 1)


@pytest.mark.skipif(
    not hasattr(os, "setresuid") or os.getuid() != 0, reason="only root may act as another; run the tests as root"
)
def test_a_folder_that_cannot_be_read_keeps_its_articles_and_last_valid_versions() -> None:
    # Not in pytest's own folder, into which nobody else may go.
    with tempfile.TemporaryDirectory() as home:
        root = write(Path(home) / "content", {**SETTINGS, "articles/2026/a.yaml": HEAD, "articles/b.yaml": HEAD})
        for path in (Path(home), *Path(home).rglob("*")):
            os.chown(path, 65534, 65534)
        command = [sys.executable, "-c", _AS_NOBODY, root, f"{home}/articles.sqlite"]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert found.stdout.splitlines() == [
        "2 ['articles/2026', 'articles/2026/a.yaml']",
        "2 ['articles/2026', 'articles/2026/a.yaml']",
        "2 ['articles/2026/a.yaml']",
    ]


_AS_NOBODY: Final = """
import os, pathlib, sys
from feedsvc.content.folder.folder import ContentFolder
from feedsvc.content.cache.store import ParseCache
root, kept = map(pathlib.Path, sys.argv[1:])
ContentFolder(root).read()  # Python itself may lie where nobody may look
os.setgroups([]), os.setresgid(65534, 65534, 65534), os.setresuid(65534, 65534, 65534)
folder = ContentFolder(root, "", ParseCache(kept))
folder.read(), folder.save()

def say(folder):
    content = folder.read().content
    print(len(content.articles), sorted(content.last_valid_paths))
    folder.save()

(root / "articles/2026").chmod(0)
say(folder)
say(ContentFolder(root, "", ParseCache(kept)))
(root / "articles/2026").chmod(0o755)
(root / "articles/2026/a.yaml").write_text("title: [")
say(ContentFolder(root, "", ParseCache(kept)))
"""


def test_a_file_that_went_while_nothing_ran_has_no_last_valid_version_any_more(newsroom: Newsroom, tmp_path: Path) -> None:
    root = newsroom({"articles/a.yaml": HEAD, "articles/b.yaml": HEAD})
    for _ in range(2):
        folder = ContentFolder(root, "", ParseCache(tmp_path / "articles.sqlite"))
        assert folder.read().content.last_valid_paths == frozenset()
        folder.save()
        (root / "articles/a.yaml").unlink(missing_ok=True)
    (root / "articles/a.yaml").write_text("title: [")
    assert ContentFolder(root, "", ParseCache(tmp_path / "articles.sqlite")).read().content.last_valid_paths == frozenset()


def test_what_was_read_ahead_is_told_once(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": article("a")})
    folder, done = ContentFolder(root), []
    folder.start_first_read(datetime.now(UTC), lambda: done.append("something else"))
    assert not done  # one file is read sooner
    write(root, {"articles/b.yaml": article("b")})
    assert [one.path for one in folder.read().added] == ["articles/a.yaml"]
    assert [one.path for one in folder.read().added] == ["articles/b.yaml"]
