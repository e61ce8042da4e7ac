"""External programs: those that may be missing, and those that run during a block."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any, TypeVar

import pytest

from tests.helpers.forked_process import ForkedProcess

AnyProcess = TypeVar("AnyProcess", bound=subprocess.Popen[Any] | ForkedProcess)


@contextlib.contextmanager
def killing(process: AnyProcess) -> Iterator[AnyProcess]:
    """Yield a process, and kill it after the block if it still runs. `Popen` would wait for it, also after a failed assertion."""
    with process:
        try:
            yield process
        finally:
            process.kill()  # does nothing if the process has ended


def require_program(name: str, install: str) -> str:
    """Return the path of a program.

    Without the program the test is skipped with the command that installs it, or fails if FEEDSVC_TEST_REQUIRE_ALL is 1.
    """
    path = shutil.which(name)
    if path:
        return path
    if os.environ.get("FEEDSVC_TEST_REQUIRE_ALL") == "1":
        pytest.fail(f"{name} is missing: {install}")
    pytest.skip(f"{name} is missing: {install}")
