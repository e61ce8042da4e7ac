"""A newsroom in the application of another program checks its state folder."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from feedsvc.errors import FeedsvcError
from feedsvc.service import require_usable_state_folder


def test_state_folder_in_a_folder_that_may_not_be_searched_is_an_error_for_the_operator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the fix, an application ended with a traceback of PermissionError."""

    def refuse(path: Path, **_: object) -> os.stat_result:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(path))

    monkeypatch.setattr(Path, "stat", refuse)
    monkeypatch.setattr(Path, "exists", lambda path: bool(path.stat()))  # Python 3.14 returns False
    with pytest.raises(FeedsvcError, match=r"state cannot be used \(Permission denied\); give another folder"):
        require_usable_state_folder(tmp_path / "state")
