"""Fixtures of the preview's tests: a small content folder and running servers with --preview."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.running_server import ServerProcess, serving
from tests.web.newsroom import write_newsroom


@pytest.fixture(scope="session")
def shared_preview(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Run one preview for all tests that change no file."""
    folder = tmp_path_factory.mktemp("previewed")
    with serving(write_newsroom(folder / "content"), folder / "state", "--preview") as server:
        yield server


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return write_newsroom(tmp_path / "content")


@pytest.fixture
def preview(content: Path, tmp_path: Path) -> Iterator[ServerProcess]:
    """Run a preview of `content`. It may print problems, and ends with status 0 unless the test has stopped it."""
    server = ServerProcess(content, tmp_path / "state", "--preview")
    try:
        yield server
        if server.process.poll() is None:
            server.terminate()
            assert server.wait() == 0, server.stderr
    finally:
        server.kill()
