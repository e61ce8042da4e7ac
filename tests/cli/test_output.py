"""Printed problems: one line each, one line for a warning of many files, colors only on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Mapping
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


def test_warning_of_many_files_is_printed_once_with_a_count(tmp_path: Path) -> None:
    result = run_feedsvc("check", write_articles_without_ids(tmp_path, 6))
    assert result.stdout.count(NO_ID_WARNING) == 1
    assert "(and in 5 more files; feedsvc check --all shows each)" in result.stdout
    assert result.stderr.endswith("0 errors, 6 warnings\n")


def test_check_all_prints_a_warning_for_every_file(tmp_path: Path) -> None:
    result = run_feedsvc("check", write_articles_without_ids(tmp_path, 6), "--all")
    assert result.stdout.count(NO_ID_WARNING) == 6
    assert "--all shows each" not in result.stdout


def test_long_summaries_of_many_files_are_one_warning(tmp_path: Path) -> None:
    files = {f"articles/b{number}.yaml": ARTICLE_WITHOUT_ID.replace("S.", "long " * (70 + number)) for number in range(6)}
    result = run_feedsvc("check", newsrooms.write(tmp_path / "content", {**SITE_FILES, **files}))
    assert result.stdout.count("readers expect at most 300") == 1
    assert result.stdout.count("(and in 5 more files;") == 2


def test_warning_of_three_files_is_printed_for_each(tmp_path: Path) -> None:
    assert run_feedsvc("check", write_articles_without_ids(tmp_path, 3)).stdout.count(NO_ID_WARNING) == 3


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


def test_renamed_category_of_many_articles_is_one_error_with_a_count(tmp_path: Path) -> None:
    result = run_feedsvc("check", write_articles_of_a_category(tmp_path, 30, "harbor:\n  title: Harbour\n"))
    assert result.stdout.count("no category 'harbour'; did you mean 'harbor'?") == 1
    assert "(and in 29 more files; feedsvc check --all shows each)" in result.stdout


def test_json_output_has_every_warning(tmp_path: Path) -> None:
    result = run_feedsvc("check", write_articles_without_ids(tmp_path, 6), "--format", "json")
    assert result.stdout.count(NO_ID_WARNING) == 6


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


def check_on_terminal(content: Path, variables: Mapping[str, str]) -> str:
    """Return the output of `check` on a terminal."""
    master, slave = pty.openpty()
    inherited = {name: value for name, value in environment().items() if name != "NO_COLOR"}
    command = [sys.executable, "-m", "feedsvc", "check", str(content)]
    with open(master, "rb", buffering=0) as terminal:
        process = subprocess.Popen(
            command,
            stdout=slave,
            stderr=subprocess.DEVNULL,
            env={**inherited, "TERM": "xterm", **variables},
        )
        os.close(slave)
        output = b""
        try:
            while chunk := terminal.read(4096):
                output += chunk
        except OSError:  # Linux reports the closed other end of the terminal as an error
            pass
        process.wait(60)
    return output.decode()


@pytest.mark.parametrize(("variables", "has_colors"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)])
def test_severities_are_colored_on_a_terminal_unless_no_color_is_set(
    tmp_path: Path, variables: dict[str, str], has_colors: bool
) -> None:
    output = check_on_terminal(write_articles_without_ids(tmp_path, 1), variables)
    assert NO_ID_WARNING in output
    assert ("\x1b[33m" in output) == has_colors


def test_output_to_a_file_has_no_colors(tmp_path: Path) -> None:
    assert "\x1b" not in run_feedsvc("check", write_articles_without_ids(tmp_path, 1)).stdout


@pytest.mark.parametrize("closed", ["2>&-", "1>&-", "<&-", "<&- 1>&- 2>&-"])
def test_a_closed_standard_file_is_no_error(tmp_path: Path, closed: str) -> None:
    root = write_articles_without_ids(tmp_path, 1)
    line = f'"{sys.executable}" -m feedsvc build out "{root}" --state state {closed}'
    result = subprocess.run(["sh", "-c", line], check=False, capture_output=True, text=True, cwd=tmp_path, env=environment())
    assert result.returncode == 0, result.stdout + result.stderr
    assert (tmp_path / "out" / "feed.rss").is_file()
