"""A killed import: the next one completes it, and nothing that was there is lost."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

import pytest

from tests.helpers.forked_process import Process, start_module
from tests.helpers.newsrooms import picture
from tests.helpers.running_server import environment
from tests.importing.writer.import_program import PICTURES, import_posts
from tests.importing.writer.memory_source import articles, files

POSTS = 400
PROGRAM = "tests.importing.writer.import_program"


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    folder = tmp_path / "uploads"
    folder.mkdir()
    for number in range(PICTURES):
        (folder / f"{number}.jpg").write_bytes(picture(16 + number, 16))
    return folder


def start(root: Path, uploads: Path, title: str) -> Process:
    return start_module(PROGRAM, root, str(POSTS), uploads, title, env=environment())


def run_with_kills(root: Path, uploads: Path, title: str, chance: random.Random) -> int:
    """Run an import and kill it at any moment, until one ends by itself. Return the number of kills."""
    started = time.monotonic()
    import_posts(root.with_name(f"{root.name}-timing"), POSTS, uploads, title)
    duration = time.monotonic() - started + 1
    for kills in range(6):
        process = start(root, uploads, title)
        try:
            assert process.wait(chance.uniform(0.2, duration)) == 0
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        else:
            return kills
    assert start(root, uploads, title).wait() == 0
    return 6


def visible_files(root: Path) -> dict[str, bytes]:
    """Return the files of a folder without the temporary ones of settings, which .gitignore names."""
    return {path: data for path, data in files(root).items() if not path.startswith(".new-")}


@pytest.mark.slow
def test_killed_imports_give_the_folder_of_one_that_was_not(tmp_path: Path, uploads: Path) -> None:
    chance = random.Random(7)
    root, expected = tmp_path / "newsroom", tmp_path / "expected"
    for title in ("Title", "Changed"):
        run_with_kills(root, uploads, title, chance)
        import_posts(expected, POSTS, uploads, title)
        assert len(articles(root)) == POSTS
        assert len([*root.glob("pages/*.md")]) == POSTS // 10
        assert visible_files(root) == visible_files(expected)


@pytest.mark.slow
def test_kill_loses_no_change_of_an_editor(tmp_path: Path, uploads: Path) -> None:
    root = tmp_path / "newsroom"
    import_posts(root, POSTS, uploads)
    edited = [*sorted(root.glob("articles/**/*.md"))[::7], *sorted(root.glob("pages/*.md"))[::7]]
    for file in edited:
        file.write_text(file.read_text("utf-8").replace("Body of", "Checked body of"), "utf-8")
    mine = [file.read_bytes() for file in edited]
    run_with_kills(root, uploads, "Changed", random.Random(8))
    assert [file.read_bytes() for file in edited] == mine
    others = {*root.glob("articles/**/*.md"), *root.glob("pages/*.md")} - {*edited}
    assert all("Changed" in file.read_text("utf-8") for file in others)
