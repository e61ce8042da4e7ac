"""Messages about broken files: one line per problem that an editor can act on, and all other files are loaded."""

from __future__ import annotations

from itertools import chain
from typing import Annotated, Final

import pytest
from pydantic import BaseModel, Field

from feedsvc.content.folder.folder import ContentSnapshot, load_content
from feedsvc.content.schema import validation
from feedsvc.content.yaml import document
from feedsvc.errors import ContentError
from tests.broken_files import dates, duplicates, files, keys, media, references, settings, sites, texts, values
from tests.broken_files.case import HEAD, PNG, SITE, Case, Files
from tests.conftest import Newsroom

VALID_FILES: Final[Files] = {
    "media/p.png": PNG,
    "articles/sound.yaml": f"{HEAD}id: tag:news.example,2026:sound\n",
    "articles/folder/sound-too.md": f"---\n{HEAD}id: tag:news.example,2026:sound-too\n---\nText\n",
}
TABLES: Final = (dates, files, keys, media, references, settings, duplicates, values, texts)
FOLDER_CASES: Final = tuple(chain.from_iterable(table.CASES for table in TABLES))


def error_lines(content: ContentSnapshot) -> tuple[str, ...]:
    return tuple(str(problem) for problem in content.errors)


@pytest.mark.parametrize("case", FOLDER_CASES, ids=lambda case: case.name)
def test_a_broken_file_is_reported_and_all_other_files_are_loaded(newsroom: Newsroom, case: Case) -> None:
    content = load_content(newsroom({**VALID_FILES, **case.files}))
    assert error_lines(content) == case.lines
    assert {"sound", "sound-too"} <= {article.slug for article in content.articles}


@pytest.mark.parametrize("case", sites.CASES, ids=lambda case: case.name)
def test_a_broken_site_yaml_is_reported(newsroom: Newsroom, case: Case) -> None:
    with pytest.raises(ContentError, match=r"site\.yaml cannot be used") as error:
        load_content(newsroom({**VALID_FILES, **case.files}))
    assert tuple(str(problem) for problem in error.value.problems if problem.severity == "error") == case.lines


def test_the_names_of_the_cases_are_unique() -> None:
    names = [case.name for case in (*FOLDER_CASES, *sites.CASES)]
    assert len(names) == len(set(names))


def test_a_missing_value_at_the_end_of_a_file_is_reported_in_the_last_line(newsroom: Newsroom) -> None:
    content = load_content(newsroom({"articles/a.yaml": "? title"}))
    assert "articles/a.yaml:1:3: title: has no value" in error_lines(content)


def test_all_problems_of_a_file_are_reported_at_once(newsroom: Newsroom) -> None:
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
    content = load_content(newsroom({**VALID_FILES, "articles/a.yaml": text}))
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


def test_problems_are_sorted_by_path(newsroom: Newsroom) -> None:
    broken = {"articles/b.yaml": "", "articles/a.yaml": "- x\n", "authors.yaml": ""}
    assert [problem.path for problem in load_content(newsroom(broken)).errors] == [
        "articles/a.yaml",
        "articles/b.yaml",
        "authors.yaml",
    ]


def test_a_list_with_a_control_character_has_two_problems(newsroom: Newsroom) -> None:
    lines = error_lines(load_content(newsroom({"articles/a.yaml": "- a\x07\n"})))
    assert lines == (
        "articles/a.yaml:1:1: expected 'key: value' lines, found a list",
        "articles/a.yaml:1:4: a character that feeds cannot carry (U+0007); delete it",
    )


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("articles/a.yaml", "cell{}: x\n"),
        ("site.yaml", "cell{}: x\n"),
        ("categories.yaml", "c{}: {{name: x}}\n"),
        ("categories.yaml", "c {}: {{title: x}}\n"),
        ("authors.yaml", "a{}: {{name: x, avatar: media/{}.png}}\n"),
        ("tags.yaml", "T{}: {{}}\n"),
        ("feeds.yaml", "f{}: {{title: x, include: {{categories: [c-{}]}}}}\n"),
        ("redirects.yaml", "/{}/: /a/\n"),
        ("site.yaml", "# \x0b {}\n"),
    ],
)
def test_of_a_file_with_1000_mistakes_100_are_reported_and_the_others_counted(newsroom: Newsroom, path: str, line: str) -> None:
    text = "".join(line.format(number, number) for number in range(1000))
    head = {"articles/a.yaml": HEAD, "site.yaml": SITE}.get(path, "")
    try:
        lines = error_lines(load_content(newsroom({path: head + text})))
    except ContentError as error:
        lines = tuple(map(str, error.problems))
    reported = [reported for reported in lines if reported.startswith(f"{path}:")]
    assert len(reported) == 101
    assert reported[-1].endswith(f": and 900 more in {path}")


def test_an_error_is_reported_although_100_warnings_stand_before_it(newsroom: Newsroom) -> None:
    tags = ", ".join(f"R&amp;D {number}" for number in range(100))
    text = f"{HEAD}id: tag:news.example,2026:a\nsummary: An <em>odd</em> word\ntags: [{tags}]\nlanguage: no\n"
    problems = load_content(newsroom({"articles/a.yaml": text})).problems
    assert [problem.line for problem in problems if problem.severity == "error"] == [6]
    assert str(problems[-2]).endswith("warning: and 1 more in articles/a.yaml")


@pytest.mark.parametrize(
    ("path", "entry", "most"),
    [
        ("categories.yaml", "c{}: {{title: x}}\n", 5_000),
        ("authors.yaml", "a{}: {{name: x}}\n", 20_000),
        ("feeds.yaml", "f{}: {{title: x, include: {{all: true}}}}\n", 1_000),
    ],
)
def test_a_file_with_more_entries_than_are_allowed_is_refused_whole(newsroom: Newsroom, path: str, entry: str, most: int) -> None:
    lines = [entry.format(number) for number in range(most + 1)]
    assert error_lines(load_content(newsroom({path: "".join(lines[:most])}))) == ()
    content = load_content(newsroom({path: "".join(lines)}))
    name = path.removesuffix(".yaml")
    assert error_lines(content) == (
        f"{path}:{most + 1}:1: {most + 1:,} {name}, at most {most:,} are allowed; delete those that are not needed",
    )
    assert not {"c0", "a0", "f0"} & {*content.categories, *content.authors, *content.custom_feeds}


def test_a_long_value_with_line_breaks_is_quoted_on_one_short_line(newsroom: Newsroom) -> None:
    slug_line = f'slug: "{"word " * 1000}\\n\\tend"\n'
    (line,) = error_lines(load_content(newsroom({"articles/a.yaml": HEAD + slug_line})))
    assert line.startswith("articles/a.yaml:3:7: slug: 'word word ")
    assert "\n" not in line
    assert len(line) < 500


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("lee: {name: 5}\n", {"mina-park"}),
        ("lee:\n", {"mina-park"}),
        ("lee: {name: Lee, url: example.org}\n", {"mina-park"}),
        ("lee: {name: Lee, mail: l@example.org}\n", {"mina-park"}),
        ("lee: {name: Lee, avatar: media/none.png}\n", {"mina-park", "lee"}),
        ("'': {name: Lee}\n", {"mina-park"}),
        ("lee: {name: Lee, aliases: [mina-park]}\n", {"mina-park", "lee"}),
    ],
)
def test_a_broken_author_does_not_affect_other_authors(newsroom: Newsroom, entry: str, expected: set[str]) -> None:
    content = load_content(newsroom({"authors.yaml": f"{entry}mina-park: {{name: Mina Park}}\n"}))
    assert set(content.authors) == expected
    assert [problem.path for problem in content.errors] == ["authors.yaml"]


def test_a_list_in_brackets_where_an_id_belongs_has_no_hint_on_quotes(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": f"{HEAD}slug: [a]\n"})
    assert error_lines(load_content(root)) == ("articles/a.yaml:3:7: slug: expected text, found a list",)


def test_a_rule_without_a_message_of_ours_is_reported_with_the_message_of_pydantic() -> None:
    class Keys(BaseModel):
        name: Annotated[str, Field(pattern="^.$")]

    yaml_document = document.parse_yaml("a.yaml", "name: Lee")
    assert validation.validate_document(yaml_document, Keys, {"name": "-"}) == Keys(name="-")
    assert [str(problem) for problem in yaml_document.problems] == ["a.yaml:1:7: name: string should match pattern '^.$'"]
