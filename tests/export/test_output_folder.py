"""Errors of the output folder name the file that is at fault."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from feedsvc.errors import FeedsvcError
from feedsvc.export.layout import LOCK_FILE
from feedsvc.export.output_folder import build_lock, translate_errors


@pytest.fixture(autouse=True)
def _work_in_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_error_names_a_file_in_a_relative_folder_once() -> None:
    """Before the fix, the message named public/public/.feedsvc-build.lock."""
    out = Path("public")
    (out / LOCK_FILE).mkdir(parents=True)
    message = f"public/{LOCK_FILE} cannot be written (Is a directory)"
    with pytest.raises(FeedsvcError, match=f"^{re.escape(message)}$"), translate_errors(out), build_lock(out):
        pass


def test_error_names_the_parent_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("a file")
    out = Path("site/public")
    message = f"{tmp_path}/site/public cannot be written (Not a directory)"
    with pytest.raises(FeedsvcError, match=f"^{re.escape(message)}$"), translate_errors(out), build_lock(out):
        pass
