"""Run the tests of the process pool in a pytest process of their own, in which no other test has started a thread."""

import subprocess
import sys
from pathlib import Path

from tests import ROOT

ISOLATED_TESTS = [Path(__file__).with_name("alone") / name for name in ("process_pool.py", "parallel_builds.py")]


def test_process_pool_tests_pass_in_a_process_of_their_own() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *map(str, ISOLATED_TESTS)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert " passed" in result.stdout
