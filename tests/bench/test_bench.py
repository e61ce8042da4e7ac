"""Test the benchmark: the generated articles, its groups of rows, the memory measurement, goals, the table and profiles."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from bench import corpus, hugo
from bench.table import Goal, Row, markdown_table
from tests import ROOT
from tests.helpers.forked_process import run_module
from tests.helpers.programs import require_program
from tests.helpers.running_server import environment

ARTICLES: Final = 50
# Changes only with the word lists of bench/prose.py; figures from before such a change are not comparable.
DIGEST: Final = "de5e2a66440fb8df"


def digest(folder: Path) -> str:
    sha256 = hashlib.sha256()
    for file in sorted(folder.rglob("*.*")):
        if file.is_file():
            sha256.update(str(file.relative_to(folder)).encode() + b"\0" + file.read_bytes() + b"\0")
    return sha256.hexdigest()[:16]


def test_generated_articles_have_a_fixed_digest(tmp_path: Path) -> None:
    for name in ("one", "other"):
        corpus.write_newsroom(tmp_path / name, ARTICLES)
    assert digest(tmp_path / "one") == digest(tmp_path / "other") == DIGEST


def test_check_reports_no_problem_in_generated_articles(tmp_path: Path) -> None:
    corpus.write_newsroom(tmp_path / "newsroom", ARTICLES)
    result = run_module("feedsvc", "check", tmp_path / "newsroom", "--strict", env=environment())
    lines = [line for line in result.stdout.splitlines() if "authors.yaml" not in line]
    assert [line for line in lines if line.startswith("articles/")] == []


def measure(tmp_path: Path, *options: str) -> list[dict[str, object]]:
    """Measure each figure once with few articles, and return the rows in the order of the groups that `options` name."""
    file = tmp_path / "results.json"
    sizes = f"{ARTICLES},{ARTICLES},{ARTICLES}"
    subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "--sizes", sizes, "--repetitions", "1", "--json", str(file), *options],
        check=True,
        cwd=ROOT,
        env=environment(),
        capture_output=True,
    )
    rows: list[dict[str, object]] = json.loads(file.read_text("utf-8"))["rows"]
    return rows


def test_goals_for_any_size_apply_in_a_run_with_few_articles() -> None:
    row = Row(name="files out of step", value=1.0, goal=Goal(maximum=0, any_size=True))
    assert row.without_size_dependent_goal().verdict == "missed"


def test_groups_feeds_and_page_sizes_compare_with_hugo_and_write_the_document(tmp_path: Path) -> None:
    require_program("hugo", hugo.INSTALL)
    groups = ("--only", "feeds", "--only", "page-sizes")
    rows = measure(tmp_path, *groups, "--write", str(tmp_path / "performance.md"))
    assert all(row["feedsvc"] and row["beside"] for row in rows[:2])
    assert [row["verdict"] for row in rows if row["verdict"]] == ["met"], "only page sizes have goals for any number of articles"
    text = (tmp_path / "performance.md").read_text("utf-8")
    assert "every feed of 50 articles" in text
    assert str(tmp_path) not in text


def test_missing_program_is_reported_with_its_install_command(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "bench", "--only", "requests"],
        check=False,
        cwd=ROOT,
        env={**environment(), "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    assert "wrk is missing: apt-get install wrk" in result.stderr


@pytest.mark.parametrize(
    ("value", "reference", "goal", "verdict"),
    [
        (1.0, 2.0, Goal(maximum=0.5), "met"),
        (1.1, 2.0, Goal(maximum=0.5), "met within 10 %"),
        (1.2, 2.0, Goal(maximum=0.5), "missed"),
        (9.0, 10.0, Goal(minimum=0.9), "met"),
        (8.5, 10.0, Goal(minimum=0.9), "met within 10 %"),
        (8.0, 10.0, Goal(minimum=0.9), "missed"),
        (1.05, 1.0, Goal(minimum=1, maximum=1), "missed"),
        (0.01, None, Goal(maximum=0), "missed"),
        (5.0, None, Goal(maximum=4), "missed"),
        (5.0, 0.0, Goal(maximum=4), "missed"),
        (5.0, 1.0, Goal(), ""),
        (None, None, Goal(maximum=4), "not measured"),
    ],
)
def test_verdict_compares_the_ratio_or_else_the_figure_with_the_goal(
    value: float | None, reference: float | None, goal: Goal, verdict: str
) -> None:
    assert Row(name="x", value=value, reference=reference, goal=goal).verdict == verdict


def test_markdown_table_formats_figures_with_units_and_appends_notes() -> None:
    rows = [Row(name="a", value=0.0123, reference=2.5, reference_name="Hugo", goal=Goal(maximum=0.01), note="a remark")]
    assert "34.5 kB" in markdown_table([Row(name="b", value=34_540, unit="B")])
    assert "| a | 12.3 ms | 2.5 s Hugo | 0.00492 | at most 0.01 | met |\n\n- a: a remark\n" in markdown_table(rows)
