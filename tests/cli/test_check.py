"""The command `feedsvc check`: problems, warnings and output formats."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT
from tests.cli.command_line import run_feedsvc
from tests.helpers import newsrooms


def test_check_of_the_sample_content_reports_neither_error_nor_warning() -> None:
    result = run_feedsvc("check")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "feedsvc: 35 articles: 0 errors, 0 warnings\n")


def test_check_prints_problems_with_position_and_source_line(broken_content: Path) -> None:
    result = run_feedsvc("check", broken_content)
    assert result.returncode == 1
    assert result.stdout.partition("articles/")[2].partition("\narticles/december")[0].splitlines() == [
        'broken.yaml:1:8: error: title: YAML reads no as false; put it in quotes: "no"',
        "    1 | title: no",
        "      |        ^",
        "articles/broken.yaml:2:12: error: published: there is no such date or time as '2026-02-30': February 2026 has 28 days",
        "    2 | published: 2026-02-30",
        "      |            ^",
        "articles/broken.yaml:3:9: error: author: no author 'ritesch'; did you mean 'ritesh'?",
        "    3 | author: ritesch",
        "      |         ^",
    ]


def test_warnings_fail_check_only_with_strict(content: Path) -> None:
    result = run_feedsvc("check", content)
    assert (result.returncode, "warning: no summary" in result.stdout) == (0, True)
    assert run_feedsvc("check", content, "--strict").returncode == 1
    assert "no summary" not in run_feedsvc("build", content.parent / "public", content).stderr


def test_check_of_20000_mistakes_ends_and_prints_the_first_100(tmp_path: Path) -> None:
    newsrooms.write(tmp_path, {**newsrooms.SITE, "authors.yaml": "".join(f"a{number}:\n  nam: x\n" for number in range(20_000))})
    result = run_feedsvc("check", tmp_path)
    assert result.returncode == 1
    lines = [line for line in result.stdout.splitlines() if line.startswith("authors.yaml:")]
    assert len(lines) == 101
    assert lines[0] == "authors.yaml:2:3: error: unknown key 'nam'; did you mean 'name'?"
    assert lines[-1] == "authors.yaml:200:4: error: and 19,900 more in authors.yaml"


@pytest.mark.parametrize(("options", "variable"), [(["--format", "json"], ""), (["--json", "--all"], ""), ([], "1")])
def test_check_prints_problems_as_json(broken_content: Path, options: list[str], variable: str) -> None:
    result = run_feedsvc("check", broken_content, *options, FEEDSVC_JSON=variable)
    problems = json.loads(result.stdout)["problems"]
    assert problems[0] == {
        "path": "articles/broken.yaml",
        "line": 1,
        "column": 8,
        "message": "title: YAML reads no as false",
        "hint": 'put it in quotes: "no"',
        "rule": "",
        "severity": "error",
    }


def test_check_format_github_prints_annotations(broken_content: Path) -> None:
    options = ("--format", "github")  # takes precedence over a variable for all commands
    lines = run_feedsvc("check", "content", *options, cwd=broken_content.parent, FEEDSVC_JSON="1").stdout.splitlines()
    assert lines[0] == (
        '::error file=content/articles/broken.yaml,line=1,col=8::title: YAML reads no as false; put it in quotes: "no"'
    )


def test_a_warning_names_its_rule_in_every_format(content: Path) -> None:
    message = "no summary; feeds and search engines would show the beginning of the body; write summary: and a sentence"
    assert run_feedsvc("check", content).stdout.splitlines()[0].endswith(f": warning: {message} [no-summary]")
    row, *_ = json.loads(run_feedsvc("check", content, "--format", "json").stdout)["problems"]
    assert (row["rule"], row["severity"]) == ("no-summary", "warning")
    assert run_feedsvc("check", content, "--format", "github").stdout.splitlines()[0].endswith(f",title=no-summary::{message}")


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        (["--ignore", "no-summary", "--ignore", "no-alt", "--ignore", "no-credit"], ""),
        ([], 'check.ignore = ["no-summary", "no-alt", "no-credit"]\n'),
    ],
)
def test_warnings_of_an_ignored_rule_do_not_fail_a_strict_check(content: Path, options: list[str], settings: str) -> None:
    (content.parent / "feedsvc.toml").write_text(settings)
    result = run_feedsvc("check", "content", "--strict", *options, cwd=content.parent)
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr.endswith("0 errors, 0 warnings\n")


def test_an_unknown_rule_is_answered_with_the_nearest_one(content: Path) -> None:
    result = run_feedsvc("check", content, "--ignore", "no-sumary")
    assert (result.returncode, result.stderr.splitlines()[-1]) == (
        2,
        "Error: Invalid value for '--ignore': there is no 'no-sumary'; did you mean 'no-summary'?",
    )
    assert run_feedsvc("check", content, "--ignore", "no-such").stderr.endswith("; did you mean 'no-summary'?\n")
    (content.parent / "feedsvc.toml").write_text('[check]\nignore = "no-sumary"\n')
    result = run_feedsvc("check", "content", cwd=content.parent)
    assert (result.returncode, result.stderr.splitlines()[-1]) == (
        2,
        "Error: Invalid value for '--ignore' (feedsvc.toml): there is no 'no-sumary'; did you mean 'no-summary'?",
    )


def test_check_inside_the_content_folder_suggests_a_dot(content: Path) -> None:
    result = run_feedsvc("check", cwd=content)
    assert result.returncode == 2
    assert result.stderr == (
        "feedsvc: error: no folder content; give the folder that holds site.yaml; "
        "site.yaml is in the current folder: give . as the folder\n"
    )
    assert run_feedsvc("check", ".", cwd=content).returncode == 0


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("site.yaml", "{path} is a file; give the folder that holds site.yaml"),
        ("articles", "{path} has no site.yaml, which needs at least the keys title and base_url"),
    ],
)
def test_path_inside_a_newsroom_is_answered_with_that_newsroom(content: Path, path: str, what: str) -> None:
    result = run_feedsvc("check", content / path)
    hint = f"site.yaml is in {content}: give that folder"
    assert (result.returncode, result.stderr) == (2, f"feedsvc: error: {what.format(path=content / path)}; {hint}\n")


@pytest.mark.parametrize("site", ["title: [\n", "title: 12\n", "title: T\nbase_url: https://t.example\nlanguage: korean!\n"])
def test_a_fault_in_site_yaml_does_not_hide_those_of_other_files(tmp_path: Path, site: str) -> None:
    translation = "title: B\npublished: 2026-01-02\nlanguage: en\ntranslation_of: tag:t.example,2026:b\n"
    files = {"articles/b.yaml": "title: B\npublished: 2026-01-02\nid: tag:t.example,2026:b\n", "articles/b-en.yaml": translation}
    newsrooms.write(tmp_path, {"site.yaml": site, "authors.yaml": "kim: {}\n", "articles/a.yaml": "title: no\n", **files})
    result = run_feedsvc("check", tmp_path)
    errors = [line.partition(": error")[0] for line in result.stdout.splitlines() if ": error: " in line]
    assert (result.returncode, "invalid" in result.stdout) == (1, False)
    assert [error for error in errors if "site.yaml" not in error] == [
        *("authors.yaml:1:6", "articles/a.yaml:1:1", "articles/a.yaml:1:8")
    ]
    assert any("site.yaml" in error for error in errors)


def test_site_yml_is_named_if_site_yaml_is_missing(tmp_path: Path) -> None:
    newsrooms.write(tmp_path, {"site.yml": newsrooms.SITE["site.yaml"]})
    assert run_feedsvc("check", tmp_path).stderr.endswith("; rename site.yml to site.yaml\n")


def test_check_warns_of_unread_files_without_their_first_line(content: Path) -> None:
    files = {"summit.yaml": "title: A\n", "authors.yml": "", "TAGS.yaml": "", "README.md": "# A\n", "articles/a.rtf": "{\\rtf1"}
    newsrooms.write(content, files)
    lines = run_feedsvc("check", content).stdout.splitlines()
    assert not any("rtf1" in line or "title: A" in line for line in lines)
    assert [line for line in lines if "is not read;" in line] == [
        "TAGS.yaml:1:1: warning: this file is not read; rename it to tags.yaml [unread-file]",
        "authors.yml:1:1: warning: this file is not read; rename it to authors.yaml [unread-file]",
        "summit.yaml:1:1: warning: this file is not read; articles lie in articles/ [unread-file]",
    ]


def test_full_output_device_is_reported_in_one_sentence(content: Path) -> None:
    (content / "articles/broken.yaml").write_text("title: [")
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "feedsvc", "check", str(content)]
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    assert (result.returncode, result.stderr) == (
        2,
        "feedsvc: error: the output cannot be written (No space left on device); make space, or write it to another file\n",
    )


def test_check_says_what_is_shown_instead_of_files_with_errors(tmp_path: Path) -> None:
    files = {"articles/a.yaml": "title: no\npublished: 2026-02-30\n", "articles/b.yaml": "title: B\n"}
    result = run_feedsvc("check", newsrooms.write(tmp_path, {**newsrooms.SITE, **files}))
    summary, meanwhile = result.stderr.splitlines()
    assert summary.startswith("feedsvc: 0 valid articles, 2 articles with errors: ")
    assert "shows the last valid version of each of these files" in meanwhile
