"""Several workers begin at once with what an earlier stop left."""

import logging
from pathlib import Path

import pytest

from feedsvc.audience.spool import read_spool_files


def test_a_file_that_another_worker_has_taken_meanwhile_is_no_fault(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Operators were told to move away a file that was not there any more."""
    (tmp_path / "taken.json").symlink_to("nowhere")  # listed, and not there when it is opened
    with caplog.at_level(logging.WARNING):
        assert read_spool_files(tmp_path) == ()
    assert caplog.records == []
