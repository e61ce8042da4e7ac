"""External programs that a test needs and that may be missing."""

import os
import shutil

import pytest


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
