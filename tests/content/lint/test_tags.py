"""Warnings of `check` about tags with several spellings."""

from __future__ import annotations

import pytest

from feedsvc.content.folder.folder import load_content
from tests.conftest import Newsroom
from tests.content.lint.checking import VALID_ARTICLE, warnings


def article_with_tags(tags: str, stem: str) -> dict[str, str]:
    keys = VALID_ARTICLE.replace("tag:news.example,2026:x", f"tag:news.example,2026:{stem}")
    return {f"articles/{stem}.yaml": f"{keys}tags: {tags}\n"}


def test_tags_that_differ_only_in_punctuation_have_a_warning(newsroom: Newsroom) -> None:
    files = (
        article_with_tags("[St. Louis, C++]", "a")
        | article_with_tags("[C, St Louis]", "b")
        | article_with_tags("ST. LOUIS", "c")
        | article_with_tags("St. Louis", "d")
    )
    assert warnings(newsroom(files)) == [
        (
            "articles/b.yaml:6:11: warning: tags: 'St Louis' (articles/b.yaml) and 'St. Louis' (articles/a.yaml and 2 more) "
            "are one tag, with one page and feed at /tag/st-louis/; "
            "write 'St. Louis' everywhere; two tags must differ in a letter, a digit or one of + # & @"
        )
    ]


def test_spellings_of_a_tag_are_compared_with_the_most_used_spelling(newsroom: Newsroom) -> None:
    files = (
        article_with_tags("C++", "a")
        | article_with_tags("C plus plus", "b")
        | article_with_tags("C++", "c")
        | article_with_tags("'C: ++'", "d")
    )
    lines = warnings(newsroom(files))
    assert [line.partition(" are one tag")[0] for line in lines] == [
        "articles/b.yaml:6:7: warning: tags: 'C plus plus' (articles/b.yaml) and 'C++' (articles/a.yaml and 1 more)",
        "articles/d.yaml:6:7: warning: tags: 'C: ++' (articles/d.yaml) and 'C++' (articles/a.yaml and 1 more)",
    ]


@pytest.mark.parametrize(
    "spellings",
    [
        ("C", "C++", "'C#'", ".NET", "net", "R&D", "R D", "Café", "Cafe"),
        ("China", "CHINA", "china"),
        ("South Korea", "south-korea", "South_Korea"),
        ("R&D", "R & D", "Ｒ＆Ｄ"),
    ],
    ids=["punctuation", "case", "spaces", "character widths"],
)
def test_different_tags_and_equivalent_spellings_have_no_warning(newsroom: Newsroom, spellings: tuple[str, ...]) -> None:
    files = {path: text for n, title in enumerate(spellings) for path, text in article_with_tags(title, f"a{n}").items()}
    assert warnings(newsroom(files)) == []


def test_a_hashtag_keeps_its_mark_with_a_warning(newsroom: Newsroom) -> None:
    root = newsroom(article_with_tags("[rain, '#metoo', C#]", "a") | article_with_tags("metoo", "b"))
    assert warnings(root) == ["articles/a.yaml:6:14: warning: tags: readers see '#metoo' with the # of a hashtag; write 'metoo'"]
    assert {tag.title for article in load_content(root).articles for tag in article.tags} == {"rain", "#metoo", "C#", "metoo"}


def test_tags_of_drafts_have_no_warning(newsroom: Newsroom) -> None:
    files = article_with_tags("St. Louis", "a") | article_with_tags("St Louis\nstatus: draft", "b")
    assert warnings(newsroom(files)) == []
