"""Object storage for all tests here, an empty bucket for each, and a newsroom."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.export.s3 import moto
from tests.helpers import newsrooms


@pytest.fixture(autouse=True)
def no_loop_of_others() -> Iterator[None]:
    """A browser of other tests (Playwright's synchronous door) leaves its loop in this thread, asleep until it is asked again."""
    others = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(others)


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[moto.Storage]:
    with moto.storage(tmp_path_factory.mktemp("moto")) as made:
        yield made


@pytest.fixture
def shelf(storage: moto.Storage, monkeypatch: pytest.MonkeyPatch) -> moto.Shelf:
    for name, value in storage.variables.items():
        monkeypatch.setenv(name, value)
    made = storage.bucket()
    made.listen()
    return made


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return newsrooms.write_sample(tmp_path / "content")
