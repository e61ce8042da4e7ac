"""Fixtures of the tests of editors' commands: a content folder in a git repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.editing.repository import FILES, create_repository


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Commit a content folder to a new git repository and return the folder."""
    return create_repository(tmp_path / "repo", FILES)
