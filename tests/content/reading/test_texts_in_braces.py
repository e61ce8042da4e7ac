"""Texts in braces or brackets, in which YAML gives a comma and a bracket a meaning that an editor may not know."""

from __future__ import annotations

import pytest

from feedsvc.content.folder.folder import load_content
from tests.broken_files.case import PNG
from tests.conftest import Newsroom


@pytest.mark.parametrize(
    ("lines", "position", "owner", "lost"),
    [
        ("image: {src: media/p.png, alt: A boat, at sea, credit: AP}", "5:40", "image", "at sea"),
        ("corrections: [{date: 2026-01-03, text: It was line 9, not 12}]", "5:55", "corrections", "not 12"),
        ("sources:\n- {name: Yonhap, Seoul, url: https://y.example/}", "6:18", "sources", "Seoul"),
        ('image: {src: media/p.png, alt: "A boat, at sea", credit: AP}', "", "", ""),
        ("image: {src: media/p.png, alt: A boat, credit: AP, caption: }", "", "", ""),
        ("image:\n  src: media/p.png\n  alt: A boat, at sea\n  credit: AP\n  caption:", "", "", ""),
    ],
)
def test_a_text_in_braces_that_ends_at_a_comma_has_a_warning_and_stays_public(
    newsroom: Newsroom, lines: str, position: str, owner: str, lost: str
) -> None:
    keys = "id: tag:news.example,2026:x\ntitle: A\npublished: 2026-01-02\nsummary: A sentence.\n"
    root = newsroom({"articles/a.yaml": f"{keys}{lines}\n", "media/p.png": PNG})
    content = load_content(root)
    message = (
        f"articles/a.yaml:{position}: warning: {owner}: '{lost}' has no value, so it is left out; "
        "if it belongs to the text before the comma, put the whole text in quotes"
    )
    assert [str(problem) for problem in content.problems] == ([message] if lost else [])
    assert [article.title for article in content.articles] == ["A"]


def test_an_author_whose_bio_in_braces_ends_at_a_comma_is_still_known(newsroom: Newsroom) -> None:
    root = newsroom(
        {
            "authors.yaml": "mina: {name: Mina, bio: Writes about buses, trams}\n",
            "articles/a.yaml": "id: tag:news.example,2026:x\ntitle: A\npublished: 2026-01-02\nauthor: mina\nsummary: S.\n",
        }
    )
    content = load_content(root)
    message = "authors.yaml:1:45: warning: mina: 'trams' has no value, so it is left out"
    assert [str(problem).partition("; ")[0] for problem in content.problems] == [message]
    assert [article.authors for article in content.articles] == [("mina",)]


def test_a_list_in_brackets_where_an_id_belongs_has_no_hint_on_quotes(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": "title: A\npublished: 2026-01-02\nslug: [a]\n"})
    assert [str(problem) for problem in load_content(root).errors] == ["articles/a.yaml:3:7: slug: expected text, found a list"]
