"""SQLAlchemy is loaded only for a database that the operator names; without it the error says what to install."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT
from tests.cli.command_line import run_feedsvc
from tests.helpers import newsrooms
from tests.helpers.running_server import ServerProcess

MESSAGE = "--database needs the package sqlalchemy; install it with: pip install 'feedsvc[postgres]'"


def hide_sqlalchemy(folder: Path) -> str:
    """Return a PYTHONPATH in which SQLAlchemy cannot be imported, as on a machine without the extra."""
    (folder / "sqlalchemy.py").write_text("raise ImportError('not installed', name='sqlalchemy')\n")
    return f"{folder}{os.pathsep}{ROOT}"


@pytest.mark.parametrize("module", ["feedsvc.cli.serve_runner", "feedsvc.cli.views", "feedsvc.cli.build_runner"])
def test_commands_do_not_load_sqlalchemy_at_their_start(module: str) -> None:
    code = f"import sys, {module}; sys.exit('sqlalchemy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_server_counts_and_reports_reads_without_sqlalchemy(tmp_path: Path) -> None:
    content, path = newsrooms.write_sample(tmp_path / "content"), hide_sqlalchemy(tmp_path)
    server = ServerProcess(content, tmp_path / "state", variables={"PYTHONPATH": path})
    server.terminate()
    assert server.wait() == 0
    result = run_feedsvc("views", content, "--state", tmp_path / "state", PYTHONPATH=path)
    assert "Traceback" not in result.stderr
    assert MESSAGE not in result.stderr


@pytest.mark.parametrize("command", ["serve", "views"])
def test_named_database_without_sqlalchemy_is_an_error_with_the_install_command(tmp_path: Path, command: str) -> None:
    content = newsrooms.write_sample(tmp_path / "content")
    result = run_feedsvc(command, content, "--database", "postgresql://h/d", PYTHONPATH=hide_sqlalchemy(tmp_path))
    assert result.returncode == 2
    assert MESSAGE in result.stderr
    assert "Traceback" not in result.stderr
