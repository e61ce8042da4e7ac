"""Templates that are made code once: a start neither waits for that again nor takes what is not its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import feedsvc

SCRIPT = """
from feedsvc.pages import theme
made = []
own = theme.builtin_environment()
compile_ = own.compile
own.compile = lambda *words, **more: made.append(1) or compile_(*words, **more)
theme.compile_builtin_templates()
print(len(made), len(theme.builtin_template_names()))
"""


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A program of its own, as if it were just installed."""
    shutil.copytree(Path(feedsvc.__file__).parent, tmp_path / "feedsvc", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def start(kept: Path, *options: str) -> tuple[int, int]:
    """How many templates were made code, of how many."""
    command = [sys.executable, *options, "-c", SCRIPT]
    done = subprocess.run(command, env={}, capture_output=True, text=True, check=True, cwd=kept)
    made, there = map(int, done.stdout.split())
    return made, there


def codes(kept: Path) -> list[Path]:
    return sorted(kept.rglob("*.html.*.pyc"))


def test_a_second_start_finds_the_templates_made(kept: Path) -> None:
    made, there = start(kept)
    assert made == there > 0
    assert len(codes(kept)) == there
    assert start(kept) == (0, there)


def test_what_is_cut_short_or_of_another_version_is_made_anew(kept: Path) -> None:
    _, there = start(kept)
    first, second, third, *_ = codes(kept)
    first.write_bytes(first.read_bytes()[:-20])
    second.write_bytes(b"another version" + second.read_bytes())
    third.write_bytes(b"")
    assert start(kept) == (3, there)
    assert start(kept) == (0, there)


def test_who_wants_no_code_kept_gets_none(kept: Path) -> None:
    made, there = start(kept, "-B")
    assert made == there
    assert codes(kept) == []


def test_a_full_disk_is_not_filled_further(kept: Path) -> None:
    start(kept)
    for code in codes(kept):
        code.unlink()
        code.mkdir()
        (code / "in the way").touch()
    made, there = start(kept)
    assert made == there
    assert [path for path in (kept / "feedsvc/pages/__pycache__").iterdir() if path.name[0].isdigit()] == []


def test_where_nothing_can_be_kept_pages_are_made_all_the_same(kept: Path) -> None:
    none = kept / "no folder"
    none.touch()
    made, there = start(kept, "-X", f"pycache_prefix={none}")
    assert made == there
    assert codes(kept) == []
