"""A newsroom in git for every test of the comparison."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.editing.repository import FILES, repository


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", FILES)
