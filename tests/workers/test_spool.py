"""Several workers read the spool files of an earlier run at the same time."""

import logging
from pathlib import Path

import pytest

from feedsvc.audience.spool import read_spool_files


def test_spool_file_already_read_by_another_worker_is_no_fault(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The log once told operators to move a file that did not exist any more."""
    (tmp_path / "taken.json").symlink_to("nowhere")  # listed, and not there when it is opened
    with caplog.at_level(logging.WARNING):
        assert read_spool_files(tmp_path) == ()
    assert caplog.records == []
