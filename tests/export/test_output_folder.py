"""Errors of the output folder name the file that is at fault."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from feedsvc.errors import FeedsvcError
from feedsvc.export.layout import LOCK_FILE
from feedsvc.export.output_folder import build_lock, translate_errors
from tests.cli.command_line import run_feedsvc


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


def test_build_in_a_locale_without_utf_8_says_what_to_set(content: Path, tmp_path: Path) -> None:
    """Before the fix, a tag such as Straße led to a traceback, or to a file that no address leads to."""
    result = run_feedsvc("build", tmp_path / "out", content, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert result.returncode == 2
    assert result.stderr == (
        "feedsvc: error: file names are encoded as ascii in this locale, but addresses are UTF-8; set PYTHONUTF8=1, or "
        "LC_ALL=C.UTF-8\n"
    )
    assert not (tmp_path / "out").exists()


def test_error_names_the_parent_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("a file")
    out = Path("site/public")
    message = f"{tmp_path}/site/public cannot be written (Not a directory)"
    with pytest.raises(FeedsvcError, match=f"^{re.escape(message)}$"), translate_errors(out), build_lock(out):
        pass
