"""Fixtures of the tests of documents."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documentation.document_steps import User
from tests.helpers.programs import require_program


@pytest.fixture
def user(tmp_path: Path) -> Iterator[User]:
    require_program("git", "apt-get install git")
    folder = tmp_path / "empty"
    folder.mkdir()
    with contextlib.ExitStack() as stack:
        user = User(tmp_path, folder)
        stack.callback(user.stop)
        yield user
