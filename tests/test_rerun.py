"""The second run of failed tests: it decides, and names the tests whose result depends on other tests or on time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT
from tests.rerun import MAX_FAILURES

_PROGRAM = """
from pathlib import Path
from random import random

import pytest


def test_unstable():
    flag = Path("flag")
    was_there = flag.exists()
    flag.touch()
    assert was_there


@pytest.mark.parametrize("number", range({broken}))
def test_broken(number):
    Path("seeds").open("a").write(f"{{random()}}\\n")
    assert number < 0


def test_good():
    Path("runs").open("a").write("run\\n")
"""


@pytest.mark.parametrize(
    ("broken", "status", "named"),
    [(0, 0, "passed alone"), (1, 1, "failed beside other tests"), (MAX_FAILURES, 1, "")],
    ids=["unstable", "unstable and broken", "too many"],
)
def test_failed_tests_run_once_more_and_decide(tmp_path: Path, broken: int, status: int, named: str) -> None:
    (tmp_path / "test_program.py").write_text(_PROGRAM.format(broken=broken))
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    first = subprocess.run([sys.executable, "-m", "pytest", "-q", "-n", "1"], cwd=tmp_path, check=False, capture_output=True)
    again = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tests.rerun import rerun; sys.exit(rerun())",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert (first.returncode, again.returncode) == (1, status)
    assert named in again.stdout
    assert ("test_program.py::test_unstable\n" in again.stdout) == (broken == 0)
    assert (tmp_path / "runs").read_text() == "run\n"
    if broken == 1:
        first_seed, second_seed = (tmp_path / "seeds").read_text().split()
        assert first_seed == second_seed
