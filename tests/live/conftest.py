"""Fixtures of tests of a folder that changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.newsrooms import SITE, article, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Write a content folder with two articles, `one` and `two`."""
    files = {**SITE, **article("one", category="asia", author="ritesh"), **article("two", body="First words.")}
    return write(tmp_path / "content", files)
