"""Files of a killed build belong to the next build, which may change and remove them and deletes temporary files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from feedsvc.errors import FeedsvcError
from feedsvc.export.layout import MANIFEST_FILE
from feedsvc.export.manifest import Manifest
from feedsvc.export.static_tree import StaticTree


@pytest.fixture
def root(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_folder_or_pipe_with_the_name_of_the_manifest_is_an_error(tmp_path: Path, make: Callable[[Path], object]) -> None:
    """Before the fix, a folder led to a traceback, and a build waited forever for a writer of the pipe."""
    make(tmp_path / MANIFEST_FILE)
    message = f"{tmp_path / MANIFEST_FILE} cannot be written (not a regular file; move it away)"
    with pytest.raises(FeedsvcError, match=re.escape(message)), StaticTree(tmp_path):
        pass


def test_manifest_that_is_only_read_keeps_its_mtime(root: int, tmp_path: Path) -> None:
    """Before the fix, programs that copy trees by mtime copied it again."""
    Manifest(root).close()
    os.utime(tmp_path / MANIFEST_FILE, ns=(1, 1))
    Manifest(root).close()
    assert (tmp_path / MANIFEST_FILE).stat().st_mtime_ns == 1
