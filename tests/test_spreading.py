"""Work in several processes, tried where no other test has left a thread."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def test_work_in_several_processes() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(HERE / "alone" / "spreading.py")]
    done = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
