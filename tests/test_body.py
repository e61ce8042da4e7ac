"""An article's text: what would take a parser minutes is refused, what readers would see as markup is told."""

from __future__ import annotations

import pytest

from feedsvc.content.folder import load
from tests.conftest import Newsroom

HEAD = "---\nid: tag:news.example,2026:a\ntitle: A\npublished: 2026-01-02\n---\n"


@pytest.mark.parametrize(
    ("unit", "mark"), [("[", "["), ("![", "["), ("[[x]", "["), ("[a](", "("), ("<div>", "<"), ("<b class=x>", "<")]
)
def test_a_megabyte_of_opening_marks_does_not_stop_the_newsroom(newsroom: Newsroom, unit: str, mark: str) -> None:
    content = load(newsroom({"articles/a.md": HEAD + unit * (1_000_000 // len(unit))}))
    assert [str(problem) for problem in content.problems] == [
        f"articles/a.md:2:1: body: more than 500 '{mark}' are open at one place; close them or take them out"
    ]


def test_many_marks_that_are_closed_are_an_ordinary_text(newsroom: Newsroom) -> None:
    text = "[a](https://x.example/) <br> <img src='https://x.example/a.png'> <b>bold</b> (so) :) ] >\n\n" * 600
    content = load(newsroom({"articles/a.md": HEAD + text}))
    assert content.problems == ()
    assert content.html(content.articles[0]).count("<a ") == 600


@pytest.mark.parametrize("key", ["title", "summary"])
def test_markup_in_a_plain_text_is_warned_of(newsroom: Newsroom, key: str) -> None:
    keys = {"id": "tag:news.example,2026:a", "title": "A", "published": "2026-01-02", "summary": "S"} | {
        key: "An <em>odd</em> word"
    }
    content = load(newsroom({"articles/a.yaml": "".join(f"{name}: {value}\n" for name, value in keys.items())}))
    line = list(keys).index(key) + 1
    assert [str(problem) for problem in content.problems] == [
        f"articles/a.yaml:{line}:{len(key) + 3}: warning: {key}: '</em>' is shown as it stands; write plain text"
    ]
    assert len(content.articles) == 1


def test_a_long_list_of_links_is_an_ordinary_text(newsroom: Newsroom) -> None:
    content = load(newsroom({"articles/a.md": HEAD + "<https://x.example/> <a@x.example>\n<p>open\n" * 900}))
    assert content.problems == ()


def test_a_wrong_folder_name_in_every_line_is_told_a_hundred_times_at_most(newsroom: Newsroom) -> None:
    content = load(newsroom({"articles/a.md": HEAD + "".join(f"![x](media/none/{i}.jpg)\n" for i in range(300))}))
    assert len(content.problems) == 100


def test_a_comma_in_a_tag_is_warned_of(newsroom: Newsroom) -> None:
    keys = "id: tag:news.example,2026:a\ntitle: A\npublished: 2026-01-02\n"
    content = load(newsroom({"articles/a.yaml": f"{keys}tags: china, korea\n"}))
    assert [str(problem) for problem in content.problems] == [
        "articles/a.yaml:4:7: warning: tags: 'china, korea' is one tag; for several, write [china, korea]"
    ]
