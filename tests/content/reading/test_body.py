"""Texts of articles: limits of depth and size, missing files, markup in plain texts."""

from __future__ import annotations

from time import process_time

import pytest

from feedsvc.content.folder.folder import load_content
from tests.conftest import Newsroom

HEAD = "---\nid: tag:news.example,2026:a\ntitle: A\npublished: 2026-01-02\n---\n"


TOO_DEEP = (
    "body: elements lie in one another more than 100 deep, or are not closed; "
    "close HTML tags that stay open, and nest lists and quotes less than 100 deep"
)
TOO_LARGE = (
    "body: its HTML would be larger than 2 MB, the most that an article may have; "
    "split the article, or shorten what is repeated: footnotes, tables, addresses"
)


def problems(newsroom: Newsroom, text: str, path: str = "articles/a.md", head: str = HEAD) -> list[str]:
    return [str(problem) for problem in load_content(newsroom({path: head + text})).problems]


@pytest.mark.parametrize("unit", ["[", "![", "[[x]", "[a](", "*a ", "~~a _b ", "`", "&", "[^", "\\"])
def test_many_unclosed_markdown_delimiters_are_text(newsroom: Newsroom, unit: str) -> None:
    assert problems(newsroom, unit * (300_000 // len(unit))) == []


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("> " * 150 + "a", 6, 1),
        ("a\n\nb\n\n" + "- " * 60 + "c\n\nd", 10, 1),
        ("a\n\n" + "".join("  " * level + "- a\n" for level in range(60)), 58, 1),
        ("a\n\n" + "<div>" * 150, 8, 1),
        ("a\n\n" + "<div>\n" * 150, 107, 1),
        ("a\nb <b>c" + "<i>" * 150, 7, 6),
    ],
)
def test_too_deep_nesting_is_reported_with_its_line(newsroom: Newsroom, text: str, line: int, column: int) -> None:
    (problem,) = problems(newsroom, text)
    assert problem.endswith(TOO_DEEP)
    position = [int(part) for part in problem.split(":")[1:3]]
    assert (position[0], column) == (line, column) or abs(position[0] - line) <= 1


def test_nesting_just_below_the_limit_is_accepted(newsroom: Newsroom) -> None:
    assert problems(newsroom, "> " * 95 + "a\n\n" + "- " * 45 + "a\n\n<div>" + "<div>" * 90) == []


@pytest.mark.parametrize(
    "text",
    [
        "a[^1] " * 100_000 + "\n\n[^1]: b",
        "&" * 500_000,
        "|a" * 1000 + "\n" + "|-" * 1000 + "\n" + "|a\n" * 1000,
        "![a](media/a.png)\n" * 50_000,
    ],
)
def test_too_large_html_is_reported(newsroom: Newsroom, text: str) -> None:
    (problem,) = problems(newsroom, f"First.\n\n{text}")
    assert problem.endswith(TOO_LARGE)
    assert problem.startswith("articles/a.md:")


def test_html_that_is_too_large_because_of_absolute_urls_is_reported_at_the_first_line_of_the_text(newsroom: Newsroom) -> None:
    """The problem was reported at a line of the front matter."""
    text = "\n".join(f"[a](/articles/x{number}/)" for number in range(40_000))
    (problem,) = problems(newsroom, f"\n{text}")
    assert problem == f"articles/a.md:7:1: {TOO_LARGE}"


def test_a_hundred_missing_images_after_many_lines_are_reported_quickly(newsroom: Newsroom) -> None:
    """The lines before each image were counted again for each of them, which took 14 seconds."""
    images = "".join(f"![](media/x{number}.png)\n\n" for number in range(100))
    start = process_time()
    messages = problems(newsroom, "\n" * 900_000 + images)
    assert process_time() - start < 7
    assert len(messages) == 100
    assert messages[-1] == f"articles/a.md:{6 + 900_000 + 2 * 99}:5: body: no file 'media/x99.png'"


def test_many_closed_delimiters_are_rendered_as_usual(newsroom: Newsroom) -> None:
    text = "[a](https://x.example/) <br> <img src='https://x.example/a.png'> <b>bold</b> (so) :) ] >\n\n" * 600
    content = load_content(newsroom({"articles/a.md": HEAD + text}))
    assert content.problems == ()
    assert content.html(content.articles[0]).count("<a ") == 600


YAML = "id: tag:news.example,2026:a\ntitle: A\npublished: 2026-01-02\n"


@pytest.mark.parametrize(
    ("path", "text", "position"),
    [
        ("articles/a.md", f"{HEAD}One.\n\n![x](photo.png)", "8:6"),
        ("articles/a.md", f"{HEAD}```\n![x](photo.png)\n```\n\nTwo ![x](photo.png)", "10:10"),
        ("articles/a.md", f"{HEAD}a[^1]\n\n[^1]: b ![x](./photo.png)", "8:14"),
        ("articles/a.md", f"{HEAD}a ![x][y] b\n\nc\n\n[y]: photo.png", "10:6"),
        ("articles/a.md", f"{HEAD}| a |\n|---|\n| b |\n| ![x](photo.png) |", "9:8"),
        ("articles/a.md", f"{HEAD}<div>\n\n<p>a\n<img src='photo.png'></div>", "9:11"),
        ("articles/a.md", f"{HEAD.replace(chr(10), chr(13) + chr(10))}a\r\n\r\n![x](photo.png)", "8:6"),
        ("articles/a.yaml", f"{YAML}body: |\n  One.\n\n  ![x](photo.png)\n", "7:8"),
        ("articles/a.yaml", f"{YAML}body: >\n  One\n  ![x](photo.png)\n", "6:8"),
        ("articles/a.yaml", f'{YAML}body: "One\\n\\n![x](photo.png)"\n', "4:20"),
    ],
)
def test_an_image_outside_the_media_folder_is_reported_with_its_line(
    newsroom: Newsroom, path: str, text: str, position: str
) -> None:
    (problem,) = load_content(newsroom({path: text})).problems
    source = "./photo.png" if "./photo" in text else "photo.png"
    assert str(problem) == (
        f"{path}:{position}: body: '{source}' is not a file in media/; write it like media/picture.jpg, or an https address"
    )


def test_a_missing_image_is_reported_at_its_use_and_not_in_code(newsroom: Newsroom) -> None:
    text = "Write `![x](media/a.png)`:\n\n    ![x](media/a.png)\n\nso:\n\n![x](media/a.png)"
    (problem,) = problems(newsroom, text)
    assert problem.startswith("articles/a.md:12:6: body: ")


def test_many_links_and_unclosed_paragraphs_are_accepted(newsroom: Newsroom) -> None:
    content = load_content(newsroom({"articles/a.md": HEAD + "<https://x.example/> <a@x.example>\n<p>open\n" * 900}))
    assert content.problems == ()


def test_at_most_a_hundred_missing_files_are_reported(newsroom: Newsroom) -> None:
    content = load_content(newsroom({"articles/a.md": HEAD + "".join(f"![x](media/none/{i}.jpg)\n" for i in range(300))}))
    assert len(content.problems) == 100
