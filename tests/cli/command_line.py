"""Run the command `feedsvc` in another process."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests import ROOT
from tests.helpers.forked_process import run_module
from tests.helpers.log_lines import without_times
from tests.helpers.running_server import NO_VARIABLES, environment


def run_feedsvc(*arguments: str | Path, cwd: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `feedsvc` with these arguments and, of the variables FEEDSVC_*, only those given; return status and output.

    The log in stderr is without times and levels.
    """
    own = {key: value for key, value in os.environ.items() if not key.startswith("FEEDSVC_")}
    own |= {"PYTHONPATH": str(ROOT), **variables}
    result = run_module("feedsvc", *arguments, cwd=cwd, env=own)
    result.stderr = without_times(result.stderr)
    return result


def failed_serve_stderr(*arguments: str | Path, variables: Mapping[str, str] = NO_VARIABLES) -> str:
    """Run `feedsvc serve`, which must fail with exit status 2 and without a traceback, and return its stderr."""
    result = run_module("feedsvc", "serve", *arguments, env=environment(variables))
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return without_times(result.stderr)
