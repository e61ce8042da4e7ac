"""A content folder on disk: its settings, articles and media, and the state of earlier runs."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from PIL import Image

from feedsvc.content.folder.folder import ContentFolder, load_content
from feedsvc.content.store import ContentStore
from feedsvc.errors import ContentError
from tests import ROOT
from tests.broken_files.case import HEAD, PNG, Files
from tests.conftest import Newsroom
from tests.content.folder.loading import article_paths, article_text, messages


def test_articles_in_any_folder_below_articles_are_read(newsroom: Newsroom) -> None:
    root = newsroom(
        {
            "articles/a.yaml": article_text("a"),
            "articles/2026/정/b.md": f"---\n{article_text('b')}---\n",
            "elsewhere/c.yaml": article_text("c"),
        }
    )
    assert (article_paths(root), messages(root)) == ({"articles/a.yaml", "articles/2026/정/b.md"}, [])


def test_a_folder_with_only_site_yaml_is_valid(newsroom: Newsroom) -> None:
    root = newsroom({})
    for name in ("categories.yaml", "authors.yaml"):
        (root / name).unlink()
    content = load_content(root)
    assert ([*content.articles], dict(content.authors), dict(content.categories), content.problems) == ([], {}, {}, ())


def test_the_message_about_an_unknown_author_does_not_list_many_authors(newsroom: Newsroom) -> None:
    authors = "".join(f"author-{number}: {{name: A}}\n" for number in range(9))
    root = newsroom({"authors.yaml": authors, "articles/a.yaml": article_text("a", "author: zz\n")})
    assert messages(root) == ["articles/a.yaml:4:9: author: no author 'zz'; add it to authors.yaml"]


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"no folder .*/nowhere; give the folder that holds site\.yaml"):
        load_content(tmp_path / "nowhere")


def test_a_folder_without_site_yaml_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"has no site\.yaml, which needs at least the keys title and base_url; feedsvc init"):
        load_content(tmp_path)


def test_only_media_files_with_a_reference_are_in_the_snapshot(newsroom: Newsroom) -> None:
    files: Files = {
        "authors.yaml": "lee: {name: Lee, avatar: media/lee.png}\n",
        "articles/a.yaml": article_text("a", "image: {src: media/a.png}\n"),
        "articles/b.yaml": article_text("b", "image: {src: media/b.png}\nnonsense: 1\n"),
        "media/a.png": PNG,
        "media/b.png": PNG,
        "media/lee.png": PNG,
        "media/nobody.png": PNG,
    }
    content = load_content(newsroom(files))
    assert set(content.media) == {"media/a.png", "media/lee.png"}
    file = content.media["media/a.png"]
    assert (file.type, file.length, Path(file.location).read_bytes()) == ("image/png", len(PNG), PNG)


def test_articles_of_an_author_whose_avatar_is_missing_are_published_without_it(newsroom: Newsroom) -> None:
    files: Files = {
        "authors.yaml": "lee: {name: Lee, avatar: media/lee.png}\n",
        "articles/a.yaml": article_text("a", "author: lee\n"),
    }
    root = newsroom(files)
    folder = ContentFolder(root)
    content = folder.read().content
    assert [str(problem) for problem in content.problems] == ["authors.yaml:1:26: avatar: no file 'media/lee.png'"]
    assert ([one.slug for one in content.articles], content.authors["lee"].avatar) == (["a"], "")
    (root / "media").mkdir(exist_ok=True)
    (root / "media/lee.png").write_bytes(PNG)
    content = folder.read().content
    assert (content.problems, content.authors["lee"].avatar) == ((), "https://news.example/media/lee.png")


def test_an_image_with_too_many_pixels_is_reported(newsroom: Newsroom) -> None:
    file = io.BytesIO()
    Image.new("P", (1, 1)).save(file, "GIF")
    data = file.getvalue()[:6] + b"\xff\xff\xff\xff" + file.getvalue()[10:]
    root = newsroom({"articles/a.yaml": article_text("a", "image: {src: media/x.gif}\n"), "media/x.gif": data})
    assert messages(root) == [
        "articles/a.yaml:4:14: image.src: 'media/x.gif' has more than 89 megapixels, the most that is used; make it smaller"
    ]


def test_a_folder_without_site_yaml_does_not_delete_its_articles(newsroom: Newsroom, tmp_path: Path) -> None:
    root = newsroom({"articles/a.yaml": HEAD})
    folder = ContentFolder(root, "", ContentStore(tmp_path / "state/articles.sqlite"))
    folder.read()
    root.rename(tmp_path / "away")
    root.mkdir()
    with pytest.raises(ContentError, match=r"has no site\.yaml"):
        folder.read()
    root.rmdir()
    (tmp_path / "away").rename(root)
    scan = folder.read()
    assert (scan.removed, scan.added, len(scan.content.articles)) == ((), (), 1)


def test_an_unreadable_folder_keeps_its_articles_pages_and_last_valid_versions(newsroom: Newsroom, tmp_path: Path) -> None:
    files = {"articles/2026/a.yaml": HEAD, "articles/b.yaml": HEAD, "pages/c.md": "---\ntitle: C\n---\n"}
    command = [sys.executable, "-c", _READ_WITHOUT_PERMISSION, newsroom(files), tmp_path / "articles.sqlite"]
    if os.geteuid() == 0:
        # Root without these capabilities may open what it owns, such as a checkout in its home, unless the mode forbids it.
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [
        "2 1 ['articles/2026', 'articles/2026/a.yaml']",
        "waiting: []",  # a server would read them again and again
        "2 1 ['articles/2026', 'articles/2026/a.yaml', 'pages/c.md']",
        "2 1 ['articles/2026/a.yaml', 'pages/c.md']",
    ]


_READ_WITHOUT_PERMISSION: Final = """
import pathlib, sys
from datetime import UTC, datetime, timedelta
from feedsvc.content.folder.folder import ContentFolder
from feedsvc.content.store import ContentStore
root, cache_file = map(pathlib.Path, sys.argv[1:])
folder = ContentFolder(root, "", ContentStore(cache_file))
folder.read(), folder.save()

def report(folder):
    content = folder.read().content
    print(len(content.articles), len(content.pages), sorted(content.last_valid_paths))
    folder.save()

(root / "articles/2026").chmod(0), (root / "pages").chmod(0)
report(folder)
for seconds in (10, 15, 20):  # what has just vanished waits
    now = datetime.now(UTC) + timedelta(seconds=seconds)
    change = folder.read({"pages"}, now, timedelta(milliseconds=20))
print("waiting:", sorted(change.waiting_files))
report(ContentFolder(root, "", ContentStore(cache_file)))
(root / "articles/2026").chmod(0o755), (root / "pages").chmod(0o755)
(root / "articles/2026/a.yaml").write_text("title: ["), (root / "pages/c.md").write_text("title: [")
report(ContentFolder(root, "", ContentStore(cache_file)))
"""


def test_a_file_deleted_between_two_runs_has_no_last_valid_version(newsroom: Newsroom, tmp_path: Path) -> None:
    root = newsroom({"articles/a.yaml": HEAD, "articles/b.yaml": HEAD})
    for _ in range(2):
        folder = ContentFolder(root, "", ContentStore(tmp_path / "articles.sqlite"))
        assert folder.read().content.last_valid_paths == frozenset()
        folder.save()
        (root / "articles/a.yaml").unlink(missing_ok=True)
    (root / "articles/a.yaml").write_text("title: [")
    assert ContentFolder(root, "", ContentStore(tmp_path / "articles.sqlite")).read().content.last_valid_paths == frozenset()


def test_the_first_save_after_the_start_is_not_delayed_by_optional_settings_that_do_not_exist(newsroom: Newsroom) -> None:
    """A settings file that vanished is waited for; one that never existed is not, nor is everything scanned again."""
    root = newsroom({"articles/one.yaml": HEAD})
    folder = ContentFolder(root)
    folder.read(now=datetime.now(UTC))
    time.sleep(0.1)  # until no file is young any more
    (root / "articles/one.yaml").write_text(f"{HEAD}summary: Saved.\n")
    change = folder.read(["articles/one.yaml"], datetime.now(UTC), timedelta(milliseconds=20))
    assert "articles/one.yaml" in change.waiting_files
    assert {path for path in change.waiting_files if not path.startswith("articles")} == set()


def test_a_save_does_not_touch_the_problems_of_other_files(newsroom: Newsroom) -> None:
    text = "title: T\npublished: 2026-01-01\n"  # without id: a warning
    root = newsroom({f"articles/{number:04}.yaml": text for number in range(1100)})
    folder = ContentFolder(root)
    before = folder.read().content
    assert [(problem.path, problem.rule) for problem in before.problems_at("articles/0005.yaml")] == [
        ("articles/0005.yaml", "no-id")
    ]
    (root / "articles/0005.yaml").write_text(text.replace("T", "New title"))
    assert folder.read().content.sorted_problems is before.sorted_problems

    (root / "articles/0005.yaml").write_text("title: [")
    (root / "articles/0007.yaml").unlink()
    (root / "articles/a.txt").touch()
    after = folder.read().content
    assert after.problems == tuple(sorted(after.problems))
    gone, new = (
        before.sorted_problems.difference(after.sorted_problems),
        after.sorted_problems.difference(before.sorted_problems),
    )
    assert [problem.path for problem in gone] == ["articles/0005.yaml", "articles/0007.yaml"]
    assert {problem.path for problem in new} == {"articles/0005.yaml", "articles/a.txt"}
    assert after.last_valid_paths == {"articles/0005.yaml"}
    fresh = load_content(root)
    assert (after.problems, after.errors) == (fresh.problems, fresh.errors)
