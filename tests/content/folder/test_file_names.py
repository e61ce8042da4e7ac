"""Files and folders that are not read although their names suggest it, and files that programs leave."""

from __future__ import annotations

import pytest

from feedsvc.content.folder.folder import load_content
from tests.conftest import Newsroom
from tests.content.folder.loading import article_paths, article_text, messages

NO_ARTICLE = "warning: this file is not read, because articles end in .yaml or .md"
RENAME = "rename it, or move it out of the folder if it is no article"
COPY = ", as feedsvc new --markdown makes it, and move this one away"
HIDDEN = "Windows may hide the .txt at the end"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("articles/a.txt", f"{NO_ARTICLE}; {RENAME}"),
        ("articles/2026/a.json", f"{NO_ARTICLE}; {RENAME}"),
        ("articles/a", f"{NO_ARTICLE}; {RENAME}"),
        ("articles/2026/a.docx", f"{NO_ARTICLE}; copy its text into a file such as articles/2026/a.md{COPY}"),
        ("articles/a.ODT", f"{NO_ARTICLE}; copy its text into a file such as articles/a.md{COPY}"),
        ("articles/a.yaml.txt", f"{NO_ARTICLE}; rename it to a.yaml; {HIDDEN}"),
        ("articles/a.md.txt", f"{NO_ARTICLE}; rename it to a.md; {HIDDEN}"),
        ("articles/a.yaml.TXT", f"{NO_ARTICLE}; rename it to a.yaml; {HIDDEN}"),
        ("articles/a.jpg", ""),
        ("articles/README", ""),
        ("author.yaml", "warning: this file is not read; did you mean authors.yaml?"),
        ("categorys.yaml", "warning: this file is not read; did you mean categories.yaml?"),
        ("category.yml", "warning: this file is not read; did you mean categories.yaml?"),
        ("tags.yaml.txt", f"warning: this file is not read; rename it to tags.yaml; {HIDDEN}"),
        ("summit.yaml", "warning: this file is not read; articles lie in articles/"),
        ("notes.txt", ""),
    ],
)
def test_a_file_that_is_not_read_has_a_warning_with_its_right_name(newsroom: Newsroom, path: str, expected: str) -> None:
    root = newsroom({path: article_text("a")})
    assert messages(root) == ([f"{path}:1:1: {expected}"] if expected else [])
    assert not load_content(root).errors


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("aticles", "articles"),
        ("Articles", "articles"),
        ("article", "articles"),
        ("page", "pages"),
        ("medias", "media"),
        ("themes", "theme"),
        ("_posts", "articles"),
        ("posts", "articles"),
    ],
)
def test_a_folder_with_a_misspelled_name_has_a_warning(newsroom: Newsroom, folder: str, name: str) -> None:
    expected = [f"{folder}:1:1: warning: this folder is not read; did you mean {name}/?"]
    assert messages(newsroom({f"{folder}/a.yaml": article_text("a")})) == expected


@pytest.mark.parametrize("folder", [".git", "docs", "scripts", "schemas", "boot", "images", "templates", "packages", "state"])
def test_other_folders_beside_articles_are_ignored(newsroom: Newsroom, folder: str) -> None:
    assert messages(newsroom({f"{folder}/a.yaml": article_text("a")})) == []


def test_hidden_files_backups_and_lock_files_are_no_articles(newsroom: Newsroom) -> None:
    names = ("~$a.yaml", ".a.yaml", "a.yaml~", "#a.yaml#", ".git/a.yaml", "a.yaml")
    root = newsroom({f"articles/{name}": article_text("a") for name in names})
    assert messages(root) == []
    assert article_paths(root) == {"articles/a.yaml"}


def test_a_link_to_itself_hides_no_warning_about_another_file(newsroom: Newsroom) -> None:
    root = newsroom({"category.yaml": article_text("a")})
    (root / "loop").symlink_to("loop")
    assert messages(root) == ["category.yaml:1:1: warning: this file is not read; did you mean categories.yaml?"]
