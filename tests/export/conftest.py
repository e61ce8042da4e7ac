"""Fixtures of the tests of static trees: a content folder and the path of the tree."""

from pathlib import Path

import pytest

from tests.helpers import newsrooms


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return newsrooms.write_sample(tmp_path / "content")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"
