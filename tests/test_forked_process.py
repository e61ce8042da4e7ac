"""Test that forks stand in for new interpreters only where both do the same."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.helpers import forked_process
from tests.helpers.forked_process import CAN_FORK, ForkedProcess, run_module, start_interpreter, start_module
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


@pytest.mark.skipif(not CAN_FORK, reason="only Linux has the fork server")
@pytest.mark.parametrize(
    "end",
    [
        "pass",
        "sys.exit()",
        "sys.exit(3)",
        "sys.exit(-1)",
        "sys.exit('a message')",
        "raise ValueError('a')",
        "os.kill(os.getpid(), 9)",
        "atexit.register(print, 'registered'); sys.exit(4)",
        "threading.Thread(target=lambda: (time.sleep(0.1), print('thread'))).start()",
        "os.close(1)",
        "tempfile.TemporaryDirectory(dir='.')",
    ],
)
def test_fork_ends_like_an_interpreter(tmp_path: Path, end: str) -> None:
    """Status, output and files left behind are the same."""
    (tmp_path / "ending.py").write_text(
        f"import atexit, os, sys, tempfile, threading, time\nprint('unwritten')\nvalue = {end}\n"
        if end.startswith("tempfile")
        else f"import atexit, os, sys, threading, time\nprint('unwritten')\n{end}\n"
    )
    results = []
    for start in (start_module, start_interpreter):
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = start("ending", env=environment(), cwd=tmp_path, **streams)
        output, errors = process.communicate(60)
        files = sorted(path.name for path in tmp_path.iterdir() if path.name != "__pycache__")
        results.append((process.returncode, output, errors.splitlines()[-1:], files))
    assert isinstance(process, subprocess.Popen)
    assert results[0] == results[1]


@pytest.mark.skipif(not CAN_FORK, reason="only Linux has the fork server")
def test_locale_with_another_encoding_starts_an_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {name: value for name, value in environment().items() if name != "LANG" and not name.startswith("LC_")}
    monkeypatch.setattr(forked_process, "_SERVER_VARIABLES", variables)
    for locale, is_fork in (("C.UTF-8", True), ("ko_KR.utf8", True), ("C", False), ("ko_KR.EUC-KR", False)):
        process = start_module("feedsvc", "--version", env={**variables, "LC_ALL": locale}, stdout=subprocess.DEVNULL)
        assert process.wait() == 0
        assert isinstance(process, ForkedProcess) == is_fork, locale
