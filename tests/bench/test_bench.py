"""The measuring itself: the same articles everywhere, and rows that come to an end."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from bench import corpus, hugo, wrk
from bench.memory import Peak, pss
from bench.profiles import top
from bench.table import Goal, Row, markdown
from tests import ROOT
from tests.helpers.programs import require_program
from tests.helpers.running_server import environment

ARTICLES: Final = 50
# Moves with the words of bench/prose.py and with nothing else; figures before and after are then of other articles.
DIGEST: Final = "de5e2a66440fb8df"


def digest(folder: Path) -> str:
    made = hashlib.sha256()
    for file in sorted(folder.rglob("*.*")):
        if file.is_file():
            made.update(str(file.relative_to(folder)).encode() + b"\0" + file.read_bytes() + b"\0")
    return made.hexdigest()[:16]


def test_the_articles_are_the_same_bytes_each_time_and_everywhere(tmp_path: Path) -> None:
    for name in ("one", "other"):
        corpus.newsroom(tmp_path / name, ARTICLES)
    assert digest(tmp_path / "one") == digest(tmp_path / "other") == DIGEST


def test_an_article_is_of_the_length_that_is_told() -> None:
    sizes = [len(corpus.as_yaml(corpus.article(number)).encode()) for number in range(400)]
    assert 1_700 <= sum(sizes) / len(sizes) <= 2_100


def test_a_newsroom_of_the_bench_is_one_without_a_word_against_it(tmp_path: Path) -> None:
    corpus.newsroom(tmp_path / "newsroom", ARTICLES)
    done = subprocess.run(
        [sys.executable, "-m", "feedsvc", "check", str(tmp_path / "newsroom"), "--strict"],
        check=False,
        env=environment(),
        capture_output=True,
        text=True,
    )
    told = [line for line in done.stdout.splitlines() if "authors.yaml" not in line]
    assert [line for line in told if line.startswith("articles/")] == []


def run(tmp_path: Path, *words: str) -> list[dict[str, object]]:
    found = tmp_path / "found.json"
    few = f"{ARTICLES},{ARTICLES},{ARTICLES}"
    subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "--sizes", few, "--json", str(found), *words],
        check=True,
        cwd=ROOT,
        env=environment(),
        capture_output=True,
    )
    rows: list[dict[str, object]] = json.loads(found.read_text("utf-8"))["rows"]
    return rows


def test_the_rows_of_a_server_alone(tmp_path: Path) -> None:
    rows = run(tmp_path, "--only", "memory")
    assert [bool(row["feedsvc"]) for row in rows] == [True]


def test_a_run_with_few_articles_gives_no_verdict_by_a_goal_for_many(tmp_path: Path) -> None:
    rows = run(tmp_path, "--only", "memory")
    assert [(row["goal"], row["verdict"]) for row in rows] == [({"most": None, "least": None}, "")]


def test_a_goal_that_holds_for_any_size_is_judged_in_a_quick_run_too() -> None:
    row = Row(what="files out of step", ours=1.0, goal=Goal(most=0, any_size=True))
    assert row.without_goal_of_other_sizes().verdict == "missed"


def test_the_rows_beside_hugo(tmp_path: Path) -> None:
    require_program("hugo", hugo.INSTALL)
    rows = run(tmp_path, "--only", "feeds", "--only", "start", "--write", str(tmp_path / "performance.md"))
    assert len(rows) == 4
    assert all(row["feedsvc"] and row["beside"] for row in rows)
    text = (tmp_path / "performance.md").read_text("utf-8")
    assert "every feed of 50 articles" in text
    assert str(tmp_path) not in text


def test_the_rows_under_load(tmp_path: Path) -> None:
    require_program("wrk", wrk.INSTALL)
    rows = run(tmp_path, "--only", "workers")
    assert len(rows) == 1


def test_what_is_missing_is_told_with_the_line_that_mends_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--only", "requests"],
        check=False,
        cwd=ROOT,
        env={**environment(), "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "wrk is missing: apt-get install wrk" in done.stderr


def test_memory_that_a_child_takes_counts() -> None:
    child = "import time; held = bytearray(b'x' * 50_000_000); print(flush=True); time.sleep(60)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, start_new_session=True) as process:
        try:
            assert process.stdout
            process.stdout.readline()
            with Peak(process.pid) as peak:
                held = pss(process.pid)
            assert 50_000_000 < held < 150_000_000
            assert peak.bytes > 50_000_000
        finally:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize(
    ("ours", "beside", "goal", "verdict"),
    [
        (1.0, 2.0, Goal(most=0.5), "met"),
        (1.1, 2.0, Goal(most=0.5), "missed"),
        (9.0, 10.0, Goal(least=0.9), "met"),
        (8.0, 10.0, Goal(least=0.9), "missed"),
        (5.0, None, Goal(most=4), "missed"),
        (5.0, 0.0, Goal(most=4), "missed"),
        (5.0, 1.0, Goal(), ""),
        (None, None, Goal(most=4), "not measured"),
    ],
)
def test_a_row_is_judged_by_its_ratio_or_by_itself(ours: float | None, beside: float | None, goal: Goal, verdict: str) -> None:
    assert Row(what="x", ours=ours, beside=beside, goal=goal).verdict == verdict


def test_the_table_says_figures_as_people_do() -> None:
    rows = [Row(what="a", ours=0.0123, beside=2.5, beside_is="Hugo", goal=Goal(most=0.01), note="so it is")]
    assert "| a | 12.3 ms | 2.5 s Hugo | 0.00492 | at most 0.01 | met |\n\n- a: so it is\n" in markdown(rows)


def test_a_profile_names_no_folder_of_the_machine() -> None:
    samples = (
        'process 7:"python /home/x" ();main (/home/x/feedsvc/cli.py:3);read (/home/x/feedsvc/tree.py:9) 3\n'
        'process 7:"python /home/x" ();main (/home/x/feedsvc/cli.py:4) 1\n'
    )
    told = top(samples)
    assert "| 25% | 100% | `main (feedsvc/cli.py)` |" in told
    assert "home" not in told
