"""A newsroom for each, and who may mount."""

from pathlib import Path
from random import Random

import pytest

from tests.kills.newsroom import Desk, Edition, Editions
from tests.mishaps.disks import mounting

__all__ = ["mounting"]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "content", Random(1))


class Fresh:
    """What a fresh start on a desk's files publishes."""

    def __init__(self, home: Path) -> None:
        self._editions = Editions(home)

    def __call__(self, desk: Desk) -> Edition:
        return self._editions.of(desk.files)


@pytest.fixture
def fresh(tmp_path: Path) -> Fresh:
    return Fresh(tmp_path / "fresh")
