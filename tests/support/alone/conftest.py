"""A check after each test that no child process remains."""

from __future__ import annotations

from collections.abc import Iterator
from multiprocessing import active_children

import pytest


@pytest.fixture(autouse=True)
def no_child_process_remains() -> Iterator[None]:
    yield
    assert active_children() == []
