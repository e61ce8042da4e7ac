"""Test the files that newsrooms copy or refer to: the pre-commit hook and the GitHub workflow."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests import ROOT
from tests.documentation.test_documents import command_fault
from tests.helpers import newsrooms

(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
WORKFLOW: Final = yaml.safe_load((ROOT / "docs/github-workflow.yaml").read_text("utf-8"))


def workflow_steps() -> Iterator[dict[str, Any]]:
    for job in WORKFLOW["jobs"].values():
        yield from job["steps"]


def workflow_commands() -> list[list[str]]:
    lines = [line for step in workflow_steps() for line in step.get("run", "").splitlines()]
    return [shlex.split(line) for line in lines if line.startswith("feedsvc ")]


def test_every_command_exists_with_its_options() -> None:
    for _, name, *arguments in (*workflow_commands(), [*shlex.split(HOOK["entry"]), *HOOK["args"]]):
        assert command_fault(name, arguments) == ""


def test_workflow_checks_pull_requests_and_publishes_builds() -> None:
    assert {command_line[1] for command_line in workflow_commands()} == {"check", "build", "ping"}
    # YAML 1.1 reads the key `on` as true.
    assert set(WORKFLOW[True]) == {"pull_request", "push", "schedule"}
    publish = WORKFLOW["jobs"]["publish"]
    assert (publish["needs"], publish["if"].startswith("always()")) == ("check", True)
    assert all(("uses" in step) != ("run" in step) for step in workflow_steps())
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]) for step in workflow_steps() if "uses" in step)


def test_hook_has_the_required_keys_and_matches_newsroom_files() -> None:
    assert {"id", "name", "entry", "language"} <= set(HOOK)
    assert HOOK["pass_filenames"] is False
    assert HOOK["always_run"] is True  # otherwise a commit that only deletes files would not be checked
    assert re.search(HOOK["files"], "content/articles/a.yaml")
    assert not re.search(HOOK["files"], "feedsvc/cli/new.py")


@pytest.mark.parametrize(("title", "status"), [("A", 0), ("no", 1)])
def test_hook_fails_if_an_article_has_an_error(tmp_path: Path, title: str, status: int) -> None:
    newsrooms.write(tmp_path / "content", {**newsrooms.SITE, "articles/a.yaml": f"title: {title}\npublished: 2026-01-02\n"})
    command_line = [sys.executable, "-m", *shlex.split(HOOK["entry"]), *HOOK["args"]]
    assert subprocess.run(command_line, check=False, cwd=tmp_path, capture_output=True).returncode == status
