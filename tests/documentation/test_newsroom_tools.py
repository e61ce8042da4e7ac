"""What newsrooms copy or refer to: the pre-commit hook and the GitHub workflow."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
import pytest
import yaml

from feedsvc.cli import main
from tests import ROOT
from tests.helpers import newsrooms

(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
WORKFLOW: Final = yaml.safe_load((ROOT / "docs/github-workflow.yaml").read_text("utf-8"))


def steps() -> Iterator[dict[str, Any]]:
    for job in WORKFLOW["jobs"].values():
        yield from job["steps"]


def commands() -> list[list[str]]:
    lines = [line for step in steps() for line in step.get("run", "").splitlines()]
    return [shlex.split(line) for line in lines if line.startswith("feedsvc ")]


@pytest.mark.parametrize("words", [*commands(), [*shlex.split(HOOK["entry"]), *HOOK["args"]]], ids=" ".join)
def test_every_command_exists_with_its_options(words: list[str]) -> None:
    _, name, *arguments = words
    command = main.get_command(click.Context(main), name)
    assert command
    command.make_context(name, arguments)


def test_the_workflow_checks_pull_requests_and_builds_what_is_published() -> None:
    assert {words[1] for words in commands()} == {"check", "build", "ping"}
    # YAML 1.1 reads the key `on` as true.
    assert set(WORKFLOW[True]) == {"pull_request", "push", "schedule"}
    publish = WORKFLOW["jobs"]["publish"]
    assert (publish["needs"], publish["if"].startswith("always()")) == ("check", True)
    assert all(("uses" in step) != ("run" in step) for step in steps())
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]) for step in steps() if "uses" in step)


def test_the_hook_has_what_pre_commit_asks_for_and_looks_at_the_newsroom() -> None:
    assert {"id", "name", "entry", "language"} <= set(HOOK)
    assert HOOK["pass_filenames"] is False
    assert HOOK["always_run"] is True  # or a commit that only deletes would pass unseen
    assert re.search(HOOK["files"], "content/articles/a.yaml")
    assert not re.search(HOOK["files"], "feedsvc/cli/new.py")


@pytest.mark.parametrize(("title", "status"), [("A", 0), ("no", 1)])
def test_the_hook_stops_a_commit_that_would_break_an_article(tmp_path: Path, title: str, status: int) -> None:
    newsrooms.write(tmp_path / "content", {**newsrooms.SITE, "articles/a.yaml": f"title: {title}\npublished: 2026-01-02\n"})
    words = [sys.executable, "-m", *shlex.split(HOOK["entry"]), *HOOK["args"]]
    assert subprocess.run(words, check=False, cwd=tmp_path, capture_output=True).returncode == status
