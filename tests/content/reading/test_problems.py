"""Every fault has one line that an editor can act on, and takes nothing else down."""

from __future__ import annotations

from itertools import chain
from typing import Annotated, Final

import pytest
from pydantic import BaseModel, Field

from feedsvc.content.folder.folder import ContentSnapshot, load_content
from feedsvc.content.schema import validation as keys_of
from feedsvc.content.yaml import document
from feedsvc.errors import ContentError
from tests.broken_files import dates, duplicates, files, keys, media, names, settings, sites, values, words
from tests.broken_files.case import HEAD, PNG, Case, Files
from tests.conftest import Newsroom

SOUND: Final[Files] = {
    "media/p.png": PNG,
    "articles/sound.yaml": f"{HEAD}id: tag:news.example,2026:sound\n",
    "articles/folder/sound-too.md": f"---\n{HEAD}id: tag:news.example,2026:sound-too\n---\nText\n",
}
TABLES: Final = (dates, files, keys, media, names, settings, duplicates, values, words)
IN_THE_FOLDER: Final = tuple(chain.from_iterable(table.CASES for table in TABLES))


def printed(content: ContentSnapshot) -> tuple[str, ...]:
    return tuple(str(problem) for problem in content.errors)


@pytest.mark.parametrize("case", IN_THE_FOLDER, ids=lambda case: case.name)
def test_a_broken_file_says_what_to_mend_and_everything_else_is_loaded(newsroom: Newsroom, case: Case) -> None:
    content = load_content(newsroom({**SOUND, **case.files}))
    assert printed(content) == case.lines
    assert {"sound", "sound-too"} <= {article.slug for article in content.articles}


@pytest.mark.parametrize("case", sites.CASES, ids=lambda case: case.name)
def test_a_broken_site_says_what_to_mend(newsroom: Newsroom, case: Case) -> None:
    with pytest.raises(ContentError, match=r"site\.yaml cannot be used") as caught:
        load_content(newsroom({**SOUND, **case.files}))
    assert tuple(str(problem) for problem in caught.value.problems if problem.severity == "error") == case.lines


def test_names_of_the_cases_are_all_different() -> None:
    every = [case.name for case in (*IN_THE_FOLDER, *sites.CASES)]
    assert len(every) == len(set(every))


def test_a_key_without_a_value_at_the_end_of_a_file_is_reported_in_a_line_that_the_file_has(newsroom: Newsroom) -> None:
    content = load_content(newsroom({"articles/a.yaml": "? title"}))
    assert "articles/a.yaml:1:3: title: has no value" in printed(content)


def test_several_faults_of_one_file_are_told_at_once(newsroom: Newsroom) -> None:
    text = """\
title: 1984
title: B
published: tomorrow
sumary: x
author: mina-prak
tags: [asia, no]
image: {src: media/q.png, alt: 5}
enclosures:
- {src: media/a.mp3}
- {src: 'https://x.example/b.mp3'}
slug: A B
body: "![x](media/c.png)\\x07"
"""
    content = load_content(newsroom({**SOUND, "articles/a.yaml": text}))
    places = [(problem.line, problem.message.partition(":")[0]) for problem in content.errors]
    assert places == [
        (1, "title"),
        (2, "'title' stands here a second time; the first is in line 1"),
        (3, "published"),
        (4, "unknown key 'sumary'"),
        (5, "author"),
        (6, "tags"),
        (7, "image.alt"),
        (9, "enclosures.src"),
        (10, "enclosures"),
        (11, "slug"),
        (12, "a character that feeds cannot carry (U+0007), written as an escape"),
        (12, "body"),
    ]


def test_faults_of_two_files_are_told_in_the_order_of_their_paths(newsroom: Newsroom) -> None:
    broken = {"articles/b.yaml": "", "articles/a.yaml": "- x\n", "authors.yaml": ""}
    assert [problem.path for problem in load_content(newsroom(broken)).errors] == [
        "articles/a.yaml",
        "articles/b.yaml",
        "authors.yaml",
    ]


def test_a_list_with_a_control_character_tells_both(newsroom: Newsroom) -> None:
    lines = printed(load_content(newsroom({"articles/a.yaml": "- a\x07\n"})))
    assert lines == (
        "articles/a.yaml:1:1: expected 'key: value' lines, found a list",
        "articles/a.yaml:1:4: a character that feeds cannot carry (U+0007); delete it",
    )


def test_a_spreadsheet_saved_as_an_article_does_not_flood_the_terminal(newsroom: Newsroom) -> None:
    rows = "".join(f"cell{number}: {number}\n" for number in range(5000))
    lines = printed(load_content(newsroom({"articles/a.yaml": HEAD + rows})))
    assert len(lines) == 101
    assert "articles/a.yaml:1:1: 4900 more problems like these" in lines


def test_a_long_or_broken_quotation_stays_on_one_short_line(newsroom: Newsroom) -> None:
    written = f'slug: "{"word " * 1000}\\n\\tend"\n'
    (line,) = printed(load_content(newsroom({"articles/a.yaml": HEAD + written})))
    assert line.startswith("articles/a.yaml:3:7: slug: 'word word ")
    assert "\n" not in line
    assert len(line) < 500


@pytest.mark.parametrize(
    ("entry", "kept"),
    [
        ("lee: {name: 5}\n", {"mina-park"}),
        ("lee:\n", {"mina-park"}),
        ("lee: {name: Lee, url: example.org}\n", {"mina-park"}),
        ("lee: {name: Lee, mail: l@example.org}\n", {"mina-park"}),
        ("lee: {name: Lee, avatar: media/none.png}\n", {"mina-park"}),
        ("'': {name: Lee}\n", {"mina-park"}),
        ("lee: {name: Lee, aliases: [mina-park]}\n", {"mina-park", "lee"}),
    ],
)
def test_a_broken_author_is_set_aside_alone(newsroom: Newsroom, entry: str, kept: set[str]) -> None:
    content = load_content(newsroom({"authors.yaml": f"{entry}mina-park: {{name: Mina Park}}\n"}))
    assert set(content.authors) == kept
    assert [problem.path for problem in content.errors] == ["authors.yaml"]


def test_a_file_of_another_program_is_no_article(newsroom: Newsroom) -> None:
    files = {f"articles/{name}": "!" for name in (".hidden.yaml", "a.yaml~", "#a.yaml#", "notes.txt", ".git/a.yaml")}
    content = load_content(newsroom(files))
    assert (content.articles, content.problems) == ((), ())


def test_text_that_nobody_has_cleaned_is_a_problem_still() -> None:
    (problem,) = document.parse_yaml("a.yaml", "a: \x07").problems
    assert problem.message.startswith("this is not YAML (")


def test_a_rule_without_a_sentence_of_ours_is_told_in_the_library_s_words() -> None:
    class Keys(BaseModel):
        name: Annotated[str, Field(pattern="^.$")]

    grown = document.parse_yaml("a.yaml", "name: Lee")
    assert keys_of.validate_document(grown, Keys, {"name": "-"}) == Keys(name="-")
    assert [str(problem) for problem in grown.problems] == ["a.yaml:1:7: name: string should match pattern '^.$'"]
