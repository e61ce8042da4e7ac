"""Test the project's own files: the lock files, and README.md against the program."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import Final

import click
import pytest
import yaml
from click.testing import CliRunner

from feedsvc.cli import main
from tests import ROOT
from tests.helpers import newsrooms

README: Final = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "tests/node/package-lock.json"])
def test_locks_contain_versions_and_hashes_but_no_registry_addresses(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert re.search(r"sha(256|512)[:-]", text)
    assert "resolved" not in text
    assert not re.search(r"--(index-url|extra-index-url|find-links|trusted-host)", text)
    assert not [line for line in text.splitlines() if "://" in line and '"url"' not in line]


def test_production_lock_is_a_subset_of_the_development_lock() -> None:
    production, development = (
        set(re.findall(r"^[a-z0-9-]+==\S+", (ROOT / lock).read_text("utf-8"), re.MULTILINE))
        for lock in ("requirements.lock", "requirements-dev.lock")
    )
    assert production <= development


def test_every_dependency_is_locked() -> None:
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    names = {re.split(r"[<>=\[; ]", line)[0].replace(".", "-") for line in dependencies}
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE))
    assert names <= locked


def test_newsroom_of_the_readme_is_valid(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {}
    for block in re.findall(r"```yaml\n# newsroom/(.*?)```", README, re.DOTALL):
        path, _, text = block.partition("\n")
        files[path] = text
    newsrooms.write(
        tmp_path,
        {
            **files,
            "media/summit.jpg": newsrooms.picture(),
            "media/ritesh.jpg": newsrooms.picture(64, 64),
            "media/briefing.mp3": b"mp3",
        },
    )
    result = CliRunner().invoke(main, ["check", str(tmp_path)])
    assert (result.exit_code, result.stdout) == (0, "")
    assert set(yaml.safe_load(files["articles/2026/second-summit.yaml"])) >= {"id", "title", "published", "aliases", "body"}


def test_problems_in_the_readme_equal_the_output_of_check(tmp_path: Path) -> None:
    expected = re.search(r"\$ feedsvc check newsroom\n(.*?)```", README, re.DOTALL)
    assert expected
    newsrooms.write(
        tmp_path,
        {
            "site.yaml": "title: T\nbase_url: https://t.example\nid_domain: t.example\n",
            "authors.yaml": "ritesh-nambiar: {name: Ritesh Nambiar}\n",
            "articles/summit.yaml": "title: no\npublished: 2026-01-02\nauthor: ritesh-nambier\nid: tag:t.example,2026:s\n",
        },
    )
    assert CliRunner().invoke(main, ["check", str(tmp_path)]).stdout == expected[1]


def test_every_command_of_the_readme_exists() -> None:
    fenced = "".join(re.findall(r"^```.*?^```", README, re.MULTILINE | re.DOTALL))
    commands = re.findall(r"^feedsvc ([a-z]+\b[^#\n]*)", fenced, re.MULTILINE)
    assert len(commands) >= 4
    for line in commands:
        name, *arguments = shlex.split(line)
        command = main.get_command(click.Context(main), name)
        assert command
        if isinstance(command, click.Group):
            command = command.get_command(click.Context(command), arguments.pop(0))
            assert command
        assert command.make_context(name, arguments).params


def test_every_make_target_of_the_readme_exists() -> None:
    for target in re.findall(r"^make (\w+)", README, re.MULTILINE):
        subprocess.run(["make", "--dry-run", target], check=True, cwd=ROOT, capture_output=True)


def test_every_linked_file_of_the_documents_exists() -> None:
    for document in (ROOT / "README.md", ROOT / "docs/architecture.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"
