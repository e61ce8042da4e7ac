"""The version of the package: that of the last tag, and one that says so where there is no tag."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Final

import pytest

import feedsvc
from feedsvc.content.store import store
from tests import ROOT
from tests.cli.command_line import run_feedsvc

FILES: Final = ("pyproject.toml", "README.md", "LICENSE", ".gitattributes", ".git_archival.txt", "feedsvc/__init__.py")
NEXT: Final = re.search(r'fallback_version = "(.*?)"', (ROOT / "pyproject.toml").read_text("utf-8"))
USER: Final = ("-c", "user.name=a", "-c", "user.email=a@news.example")


def run(*words: str | Path, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SETUPTOOLS_SCM", "GIT_"))}
    result = subprocess.run(words, check=False, capture_output=True, text=True, cwd=cwd, env=environment)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout.strip()


def version(folder: Path) -> str:
    return run(sys.executable, "-m", "hatchling", "version", cwd=folder)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of the files that decide the version, with one commit and no tag."""
    folder = tmp_path / "repository"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    run("git", "init", "--quiet", ".", cwd=folder)
    run("git", "add", ".", cwd=folder)
    run("git", *USER, "commit", "--quiet", "--message", "One", cwd=folder)
    return folder


def archive(repository: Path, folder: Path) -> Path:
    """Extract an archive that git makes, as for a download from a forge, and return its folder."""
    run("git", "archive", "--format", "tar", "--prefix", "archive/", "--output", folder / "a.tar", "HEAD", cwd=repository)
    with tarfile.open(folder / "a.tar") as file:
        file.extractall(folder, filter="data")
    return folder / "archive"


def test_version_is_that_of_the_tag_and_without_one_that_of_the_next_release(repository: Path, tmp_path: Path) -> None:
    assert NEXT
    release = NEXT[1].partition(".dev")[0]
    assert version(repository).startswith(f"{release}.dev")
    assert version(archive(repository, tmp_path)) == NEXT[1]
    run("git", "tag", "v3.4.5", cwd=repository)
    assert version(repository) == version(archive(repository, tmp_path)) == "3.4.5"
    run("git", *USER, "commit", "--quiet", "--allow-empty", "--message", "More", cwd=repository)
    (repository / "LICENSE").write_text("changed", "utf-8")
    assert version(repository) == "3.4.6.dev1"
    run("git", "clone", "--quiet", "--depth", "1", "--no-tags", repository.as_uri(), tmp_path / "shallow", cwd=tmp_path)
    assert version(tmp_path / "shallow").startswith(f"{release}.dev")
    shutil.rmtree(repository / ".git")
    assert version(repository) == NEXT[1]


def test_program_has_the_version_of_its_installation() -> None:
    installed = (ROOT / "feedsvc" / "_version.py").read_text("utf-8")
    assert f'"{feedsvc.__version__}"' in installed
    assert run_feedsvc("--version").stdout == f"feedsvc {feedsvc.__version__}\n"


def test_checkout_that_was_never_installed_says_so(tmp_path: Path) -> None:
    (tmp_path / "feedsvc").mkdir()
    shutil.copy(ROOT / "feedsvc" / "__init__.py", tmp_path / "feedsvc")
    code = "import feedsvc; print(feedsvc.__version__)"
    assert run(sys.executable, "-c", code, cwd=tmp_path) == "0+unknown"


def test_caches_stay_valid_from_run_to_run() -> None:
    """The generated file is part of the code that caches depend on: a run must not write it again."""
    file = ROOT / "feedsvc" / "_version.py"
    before, digest = file.read_bytes(), store._code_digest.__wrapped__()
    run_feedsvc("check", "content")
    assert (file.read_bytes(), store._code_digest.__wrapped__()) == (before, digest)


def test_changelog_has_a_dated_section_for_a_released_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    if ".dev" in feedsvc.__version__:
        assert "## [Unreleased]\n" in changelog
    else:
        assert re.search(rf"^## \[{re.escape(feedsvc.__version__)}\] - \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE)
