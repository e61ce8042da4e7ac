"""Printed problems: one line for each, a warning of many files once, colors on a terminal alone."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.test_cli import ROOT, run
from tests.helpers import newsrooms

SITE = {"site.yaml": "title: T\nbase_url: https://t.example\nid_domain: t.example\n"}
ARTICLE = "title: A\npublished: 2026-01-01\nsummary: S.\nbody: Text.\n"
NO_ID = "no id; after a renaming"


def _without_ids(root: Path, count: int) -> Path:
    return newsrooms.write(root / "content", {**SITE, **{f"articles/a{number}.yaml": ARTICLE for number in range(count)}})


def test_a_warning_of_many_files_is_printed_once_with_their_number(tmp_path: Path) -> None:
    done = run("check", _without_ids(tmp_path, 6))
    assert done.stdout.count(NO_ID) == 1
    assert "(and in 5 more files; feedsvc check --all shows each)" in done.stdout
    assert done.stderr.endswith("0 errors, 6 warnings\n")


def test_a_warning_of_many_files_is_printed_for_each_when_all_are_wanted(tmp_path: Path) -> None:
    done = run("check", _without_ids(tmp_path, 6), "--all")
    assert done.stdout.count(NO_ID) == 6
    assert "--all shows each" not in done.stdout


def test_long_summaries_of_many_files_are_one_warning_whatever_their_lengths(tmp_path: Path) -> None:
    long = {f"articles/b{number}.yaml": ARTICLE.replace("S.", "long " * (70 + number)) for number in range(6)}
    done = run("check", newsrooms.write(tmp_path / "content", {**SITE, **long}))
    assert done.stdout.count("readers expect at most 300") == 1
    assert done.stdout.count("(and in 5 more files;") == 2


def test_a_warning_of_a_few_files_is_printed_for_each(tmp_path: Path) -> None:
    assert run("check", _without_ids(tmp_path, 3)).stdout.count(NO_ID) == 3


def test_errors_of_many_files_are_printed_one_by_one(tmp_path: Path) -> None:
    broken = {f"articles/a{number}.yaml": "title: no\npublished: 2026-01-01\n" for number in range(6)}
    done = run("check", newsrooms.write(tmp_path / "content", {**SITE, **broken}))
    assert done.stdout.count(": error: title: YAML reads no as false") == 6


def test_programs_are_given_every_warning(tmp_path: Path) -> None:
    done = run("check", _without_ids(tmp_path, 6), "--format", "json")
    assert done.stdout.count(NO_ID) == 6


def test_a_merged_tag_of_many_files_is_printed_once(tmp_path: Path) -> None:
    named = [("St. Louis", range(6)), ("St Louis", range(6, 11))]
    files = {f"articles/a{n}.yaml": f"id: tag:t.example,2026:a{n}\n{ARTICLE}tags: [{tag}]\n" for tag, some in named for n in some}
    done = run("check", newsrooms.write(tmp_path / "content", {**SITE, **files}))
    assert done.stdout.count("'St Louis' (articles/a10.yaml and 4 more) and 'St. Louis' (articles/a0.yaml and 5 more)") == 1
    assert "(and in 4 more files; feedsvc check --all shows each)" in done.stdout
    assert done.stderr.endswith("0 errors, 5 warnings\n")


def _on_a_terminal(content: Path, variables: Mapping[str, str]) -> str:
    """Return what `check` prints where stdout is a terminal."""
    ours, theirs = pty.openpty()
    own = {name: value for name, value in os.environ.items() if name != "NO_COLOR" and not name.startswith("FEEDSVC_")}
    command = [sys.executable, "-m", "feedsvc", "check", str(content)]
    with open(ours, "rb", buffering=0) as terminal:
        process = subprocess.Popen(
            command, stdout=theirs, stderr=subprocess.DEVNULL, env={**own, "PYTHONPATH": str(ROOT), "TERM": "xterm", **variables}
        )
        os.close(theirs)
        printed = b""
        try:
            while part := terminal.read(4096):
                printed += part
        except OSError:  # how Linux says that the other end is closed
            pass
        process.wait(60)
    return printed.decode()


@pytest.mark.parametrize(("variables", "has_colors"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)])
def test_a_terminal_shows_severities_in_color_unless_told_otherwise(
    tmp_path: Path, variables: dict[str, str], has_colors: bool
) -> None:
    printed = _on_a_terminal(_without_ids(tmp_path, 1), variables)
    assert NO_ID in printed
    assert ("\x1b[33m" in printed) == has_colors


def test_a_file_gets_no_colors(tmp_path: Path) -> None:
    assert "\x1b" not in run("check", _without_ids(tmp_path, 1)).stdout
