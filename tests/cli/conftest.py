"""Fixtures of the tests of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers import newsrooms


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return newsrooms.write_sample(tmp_path / "content")


@pytest.fixture
def broken_content(content: Path) -> Path:
    newsrooms.write(content, {"articles/broken.yaml": "title: no\npublished: 2026-02-30\nauthor: ritesch\n"})
    return content
