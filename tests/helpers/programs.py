"""Programs that a test needs and a machine may lack."""

import os
import shutil

import pytest


def require_program(name: str, install: str) -> str:
    """The program's path; without it the test is skipped with the line that installs it, or fails where all are required."""
    found = shutil.which(name)
    if found:
        return found
    if os.environ.get("FEEDSVC_TEST_REQUIRE_ALL") == "1":
        pytest.fail(f"{name} is missing: {install}")
    pytest.skip(f"{name} is missing: {install}")
