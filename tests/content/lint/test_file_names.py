"""Warnings of `check` about names of files that other systems cannot have."""

from __future__ import annotations

import pytest

from feedsvc.content.lint.files import is_reserved_name
from tests.broken_files.case import PNG
from tests.conftest import Newsroom
from tests.content.lint.checking import VALID_ARTICLE, warnings


def article(stem: str, **keys: str) -> str:
    slug = "x" + "".join(character for character in stem.lower() if character.isalnum())
    values = {"id": f"tag:news.example,2026:{slug}", "slug": slug, **keys}
    text = VALID_ARTICLE.replace("tag:news.example,2026:x", values.pop("id"))
    return text + "".join(f"{key}: {value}\n" for key, value in values.items())


def file_warnings(newsroom: Newsroom, files: dict[str, str | bytes]) -> list[str]:
    return [line for line in warnings(newsroom(files)) if "slug" not in line]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("articles/con.yaml", "'con.yaml' is the name of a device on Windows, where no file can have it; rename it"),
        ("articles/aux/a.yaml", "'aux' is the name of a device on Windows, where no file can have it; rename it"),
        ("articles/10:30.yaml", "'10:30.yaml' cannot be a name on Windows, because of :; rename it without that character"),
        ("articles/why?.yaml", "'why?.yaml' cannot be a name on Windows, because of ?; rename it without that character"),
        (
            "articles/etc./a.yaml",
            "'etc.' cannot be a name on Windows, because of its last character; rename it without that character",
        ),
    ],
)
def test_a_name_that_windows_cannot_have_is_a_warning(newsroom: Newsroom, path: str, message: str) -> None:
    stem = path.rpartition("/")[2].removesuffix(".yaml")
    assert file_warnings(newsroom, {path: article(stem)}) == [f"{path}:1:1: warning: {message}"]


def test_a_path_of_more_than_200_characters_is_a_warning(newsroom: Newsroom) -> None:
    path = f"articles/{'a' * 90}/{'b' * 90}/{'c' * 90}.yaml"
    (line,) = file_warnings(newsroom, {path: article("x")})
    assert "the path has 286 characters; Windows opens files up to 259" in line


def test_paths_that_differ_only_in_letter_case_or_accents_are_a_warning(newsroom: Newsroom) -> None:
    files: dict[str, str | bytes] = {
        "articles/Fish.yaml": article("fishone"),
        "articles/fish.yaml": article("fishtwo"),
        "articles/caf\u00e9.yaml": article("cafeone"),
        "articles/cafe\u0301.yaml": article("cafetwo"),
    }
    lines = file_warnings(newsroom, files)
    assert [line.partition(":")[0] for line in lines] == ["articles/caf\u00e9.yaml", "articles/fish.yaml"]
    assert "Windows and macOS take this file for articles/Fish.yaml, because only letter case or accents differ" in lines[1]


def test_names_of_media_files_are_checked_too(newsroom: Newsroom) -> None:
    image = "{src: media/nul.png, alt: A, credit: B}"
    (line,) = file_warnings(newsroom, {"media/nul.png": PNG, "articles/a.yaml": article("a", image=image)})
    assert line.startswith("media/nul.png:1:1: warning: 'nul.png' is the name of a device")


@pytest.mark.parametrize("path", ["pages/aux.md", "root/aux.txt", "theme/static/aux.css"])
def test_names_of_pages_root_files_and_theme_files_are_checked_too(newsroom: Newsroom, path: str) -> None:
    draft = "---\ntitle: A\nstatus: draft\n---\n"
    (line,) = file_warnings(newsroom, {path: draft, "articles/a.yaml": article("a")})
    assert line.startswith(f"{path}:1:1: warning: '{path.rpartition('/')[2]}' is the name of a device")


def test_ordinary_names_have_no_warning(newsroom: Newsroom) -> None:
    stems = ("console", "auxiliary", "com10", "nullarbor", "서울", "a.b")
    assert file_warnings(newsroom, {f"articles/{stem}.yaml": article(f"n{index}") for index, stem in enumerate(stems)}) == []
    assert not any(is_reserved_name(stem) for stem in stems)
    assert all(is_reserved_name(name) for name in ("CON", "com1.yaml", "Lpt9.tar.gz", "nul"))


@pytest.mark.parametrize(
    ("path", "suffix"), [("a.yml", ".yaml"), ("a.YAML", ".yaml"), ("b.markdown", ".md"), ("b.MD", ".md"), ("b.mdown", ".md")]
)
def test_an_article_with_an_unusual_suffix_is_read_with_a_warning(newsroom: Newsroom, path: str, suffix: str) -> None:
    text = f"---\n{VALID_ARTICLE}---\nText\n" if suffix == ".md" else VALID_ARTICLE
    expected = f"warning: names of such files end in {suffix}; rename it"
    assert warnings(newsroom({f"articles/{path}": text})) == [f"articles/{path}:1:1: {expected}"]


def test_a_static_page_with_an_unusual_suffix_is_read_with_a_warning(newsroom: Newsroom) -> None:
    lines = warnings(newsroom({"pages/about.MD": "---\ntitle: About\n---\nText\n"}))
    assert lines[-1] == "pages/about.MD:1:1: warning: names of such files end in .md; rename it"
