"""Work in several processes, tried where no other test has left a thread."""

import subprocess
import sys
from pathlib import Path

from tests import ROOT

ALONE = Path(__file__).with_name("alone")


def test_work_in_several_processes() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(ALONE / "process_pool.py")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
