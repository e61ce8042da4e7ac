"""Printed problems: one line each, one line for a warning of many files, colors only on a terminal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command_line import run_feedsvc
from tests.helpers import newsrooms
from tests.helpers.running_server import environment

SITE_FILES = {"site.yaml": "title: T\nbase_url: https://t.example\nid_domain: t.example\n"}
ARTICLE_WITHOUT_ID = "title: A\npublished: 2026-01-01\nsummary: S.\nbody: Text.\n"
NO_ID_WARNING = "no id; if the file is renamed"


def write_articles_without_ids(root: Path, count: int) -> Path:
    return newsrooms.write(
        root / "content", {**SITE_FILES, **{f"articles/a{number}.yaml": ARTICLE_WITHOUT_ID for number in range(count)}}
    )


@pytest.mark.parametrize(
    ("count", "options", "printed", "note"),
    [
        (3, (), 3, ""),
        (6, (), 1, "(and in 5 more files; feedsvc check --all shows each)"),
        (6, ("--all",), 6, ""),
        (6, ("--format", "json"), 6, ""),
    ],
)
def test_warning_of_more_than_three_files_is_printed_once_with_a_count_unless_all_are_asked_for(
    tmp_path: Path, count: int, options: tuple[str, ...], printed: int, note: str
) -> None:
    result = run_feedsvc("check", write_articles_without_ids(tmp_path, count), *options)
    assert result.stdout.count(NO_ID_WARNING) == printed
    assert (note in result.stdout, "--all shows each" in result.stdout) == (True, bool(note))
    assert result.stderr.endswith(f"0 errors, {count} warnings\n")


def test_errors_of_many_files_are_printed_for_each(tmp_path: Path) -> None:
    files = {f"articles/a{number}.yaml": "title: no\npublished: 2026-01-01\n" for number in range(6)}
    result = run_feedsvc("check", newsrooms.write(tmp_path / "content", {**SITE_FILES, **files}))
    assert result.stdout.count(": error: title: YAML reads no as false") == 6


def write_articles_of_a_category(root: Path, count: int, categories: str) -> Path:
    article = f"id: tag:t.example,2026:a\n{ARTICLE_WITHOUT_ID}category: harbour\n"
    articles = {f"articles/a{n}.yaml": article.replace("2026:a", f"2026:a{n}") for n in range(count)}
    return newsrooms.write(root / "content", {**SITE_FILES, "categories.yaml": categories, **articles})


CATEGORY_WITH_TAB = "harbour:\n\ttitle: Harbour\n"
CATEGORY_WITHOUT_TITLE = "harbour:\n  description: Ships.\n"


@pytest.mark.parametrize("categories", [CATEGORY_WITH_TAB, CATEGORY_WITHOUT_TITLE])
@pytest.mark.parametrize("command", ["check", "build"])
def test_one_mistake_in_a_settings_file_comes_first_and_its_consequences_are_one_line(
    tmp_path: Path, command: str, categories: str
) -> None:
    content = write_articles_of_a_category(tmp_path, 30, categories)
    newsrooms.write(content, {"author.yaml": ""})  # has a warning
    arguments = (tmp_path / "out", content) if command == "build" else (content,)
    result = run_feedsvc(command, *arguments)
    lines = [line for line in (result.stdout or result.stderr).splitlines() if "yaml:" in line]
    assert lines[0].startswith("categories.yaml:")
    assert sum(line.startswith("articles/") for line in lines) == 1
    assert "; correct categories.yaml:" in result.stdout + result.stderr
    assert "(and in 29 more files; feedsvc check --all shows each)" in result.stdout + result.stderr


def test_check_all_and_json_have_every_consequence_of_a_broken_settings_file(tmp_path: Path) -> None:
    content = write_articles_of_a_category(tmp_path, 30, CATEGORY_WITH_TAB)
    for arguments in (("--all",), ("--format", "json"), ("--format", "github")):
        result = run_feedsvc("check", content, *arguments)
        assert result.stdout.count("so no category is known") == 30
        assert result.stderr.startswith("feedsvc: 0 valid articles, 30 articles with errors: 31 errors, ")


def test_tag_conflict_of_many_files_is_printed_once(tmp_path: Path) -> None:
    numbers_by_tag = [("St. Louis", range(6)), ("St Louis", range(6, 11))]
    files = {
        f"articles/a{n}.yaml": f"id: tag:t.example,2026:a{n}\n{ARTICLE_WITHOUT_ID}tags: [{tag}]\n"
        for tag, numbers in numbers_by_tag
        for n in numbers
    }
    result = run_feedsvc("check", newsrooms.write(tmp_path / "content", {**SITE_FILES, **files}))
    assert result.stdout.count("'St Louis' (articles/a10.yaml and 4 more) and 'St. Louis' (articles/a0.yaml and 5 more)") == 1
    assert "(and in 4 more files; feedsvc check --all shows each)" in result.stdout
    assert result.stderr.endswith("0 errors, 5 warnings\n")


@pytest.mark.parametrize("closed", ["2>&-", "1>&-", "<&-", "<&- 1>&- 2>&-"])
def test_a_closed_standard_file_is_no_error(tmp_path: Path, closed: str) -> None:
    root = write_articles_without_ids(tmp_path, 1)
    line = f'"{sys.executable}" -m feedsvc build out "{root}" --state state {closed}'
    result = subprocess.run(["sh", "-c", line], check=False, capture_output=True, text=True, cwd=tmp_path, env=environment())
    assert result.returncode == 0, result.stdout + result.stderr
    assert (tmp_path / "out" / "feed.rss").is_file()
