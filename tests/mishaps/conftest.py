"""A newsroom for each, and who may mount."""

from pathlib import Path
from random import Random

import pytest

from tests.kills.newsroom import AtomicEditors, PublishedDocuments, ReferencePublisher
from tests.mishaps.disks import mounting

__all__ = ["mounting"]


@pytest.fixture
def desk(tmp_path: Path) -> AtomicEditors:
    return AtomicEditors(tmp_path / "content", Random(1))


class Fresh:
    """What a fresh start on a desk's files publishes."""

    def __init__(self, home: Path) -> None:
        self._editions = ReferencePublisher(home)

    def __call__(self, desk: AtomicEditors) -> PublishedDocuments:
        return self._editions.documents_of(desk.files)


@pytest.fixture
def fresh(tmp_path: Path) -> Fresh:
    return Fresh(tmp_path / "fresh")
