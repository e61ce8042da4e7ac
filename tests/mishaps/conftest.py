"""Fixtures: editors of a newsroom, the documents expected for their files, and the permission to mount."""

from pathlib import Path
from random import Random

import pytest

from tests.kills.newsroom import AtomicEditors, PublishedDocuments, ReferencePublisher
from tests.mishaps.disks import mount_permission

__all__ = ["mount_permission"]


@pytest.fixture
def editors(tmp_path: Path) -> AtomicEditors:
    return AtomicEditors(tmp_path / "content", Random(1))


class ExpectedDocuments:
    """Callable that returns what a fresh start publishes for the files of the editors."""

    def __init__(self, home: Path) -> None:
        self._publisher = ReferencePublisher(home)

    def __call__(self, editors: AtomicEditors) -> PublishedDocuments:
        return self._publisher.documents_of(editors.files)


@pytest.fixture
def expected_documents(tmp_path: Path) -> ExpectedDocuments:
    return ExpectedDocuments(tmp_path / "fresh")
