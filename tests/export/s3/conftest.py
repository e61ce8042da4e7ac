"""Fixtures of the storage tests: one storage server for all tests, an empty bucket for each, and a content folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.export.s3 import moto
from tests.export.s3.uploads import write_small_newsroom
from tests.helpers import newsrooms


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[moto.Storage]:
    with moto.storage(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture
def bucket(storage: moto.Storage, monkeypatch: pytest.MonkeyPatch) -> moto.Bucket:
    for name, value in storage.variables.items():
        monkeypatch.setenv(name, value)
    new_bucket = storage.create_bucket()
    new_bucket.clear_requests()
    return new_bucket


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return newsrooms.write_sample(tmp_path / "content")


@pytest.fixture
def small_content(tmp_path: Path) -> Path:
    """Return a content folder for tests that do not depend on the kinds of objects."""
    return write_small_newsroom(tmp_path / "content")
