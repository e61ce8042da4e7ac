"""Fixtures of the preview's tests: a small newsroom that may be edited, previewed by a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.running_server import ServerProcess, serving
from tests.web.newsroom import write_newsroom


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Only asked, never changed: the tests share it."""
    folder = tmp_path_factory.mktemp("previewed")
    with serving(write_newsroom(folder / "content"), folder / "state", "--preview") as one:
        yield one


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return write_newsroom(tmp_path / "content")


@pytest.fixture
def preview(content: Path, tmp_path: Path) -> Iterator[ServerProcess]:
    """It may say something of problems; it ends with status 0 unless the test has ended it."""
    server = ServerProcess(content, tmp_path / "state", "--preview")
    try:
        yield server
        if server.process.poll() is None:
            server.terminate()
            assert server.wait() == 0, server.stderr
    finally:
        server.kill()
