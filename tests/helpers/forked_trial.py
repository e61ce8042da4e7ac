"""Trials of themes in forks of the fork server, for tests of their results.

The product tries a theme in a new interpreter with limits, which needs half a second of processor time for imports. The child
reads the same request, sets the same limits and sends the same messages as a fork. Tests of limits and of the interpreter itself
use the product's way.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING, Final, cast

from feedsvc.support import limited_process
from feedsvc.support.limited_process_child import run_child
from tests.helpers.forked_process import CAN_FORK, start_module
from tests.helpers.running_server import environment

if TYPE_CHECKING:
    import pytest

_start_interpreter: Final = limited_process._start
_INTERPRETER: Final = sys.executable


def use_forks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try themes in forks until the end of the test, if the system can fork."""
    if CAN_FORK:
        monkeypatch.setattr(limited_process, "_start", _start)


def _start(request: str) -> subprocess.Popen[bytes]:
    if sys.executable != _INTERPRETER:  # a test replaced it
        return _start_interpreter(request)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = start_module("tests.helpers.forked_trial", request, env=environment(), **pipes)
    for name in pipes:
        setattr(process, name, cast("TextIOWrapper", getattr(process, name)).detach())
    return cast("subprocess.Popen[bytes]", process)


if __name__ == "__main__":
    run_child({**json.loads(sys.argv[1]), "parent": os.getppid()})
