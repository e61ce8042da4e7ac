"""Test that forks stand in for new interpreters only where both do the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.helpers.forked_process import CAN_FORK, ForkedProcess, run_module, start_module
from tests.helpers.running_server import environment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(not CAN_FORK, reason="only Linux has the fork server")
def test_variable_of_the_loader_reaches_a_process_although_the_fork_server_runs_without_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A clock that LD_PRELOAD replaces was the real one if an earlier test had started the fork server."""
    assert run_module("feedsvc", "--version", env=environment()).returncode == 0
    monkeypatch.setenv("LD_DEBUG", "statistics")
    monkeypatch.setenv("LD_DEBUG_OUTPUT", str(tmp_path / "loader"))
    process = start_module("feedsvc", "--version", env=environment())
    assert process.wait() == 0
    assert not isinstance(process, ForkedProcess)
    assert list(tmp_path.iterdir())
