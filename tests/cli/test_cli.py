"""The commands on the command line: output, exit status, and one sentence for each error."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import feedsvc
from tests import ROOT
from tests.cli.command_line import run_feedsvc
from tests.helpers import newsrooms

_SLOW_LIBRARIES: Final = ("comrak", "feedgen", "flask", "html_to_markdown", "jinja2", "lxml", "pydantic", "sqlalchemy", "yaml")


def test_command_modules_import_no_slow_library() -> None:
    """The process imports slow libraries after it has read the command line, while a thread prefetches the articles."""
    for command in ("build", "serve"):
        code = f"import sys, feedsvc.cli.{command} as one; print([name for name in {_SLOW_LIBRARIES} if name in sys.modules])"
        assert output_of(code) == "[]\n", command


def test_list_of_commands_imports_no_command() -> None:
    """Otherwise it would take a second of processor time, for the libraries of all commands."""
    code = "import sys; from feedsvc.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    *_, modules = output_of(code).splitlines()
    imported = {name for name in modules.split() if name.startswith("feedsvc.")} - {"feedsvc._version"}
    assert imported == {"feedsvc.cli", "feedsvc.support", "feedsvc.support.posix"}


def test_commands_do_not_load_sqlalchemy_at_their_start() -> None:
    """SQLAlchemy takes 0.3 s and 30 MB, and is needed only where reads are counted or a feed is private."""
    modules = ", ".join(f"feedsvc.cli.{name}" for name in ("serve_runner", "views", "token", "build_runner"))
    assert output_of(f"import sys, {modules}; print('sqlalchemy' in sys.modules)") == "False\n"


def output_of(code: str) -> str:
    line = [sys.executable, "-c", code]
    return subprocess.run(line, check=True, capture_output=True, text=True, cwd=ROOT, timeout=120).stdout


@pytest.mark.parametrize("command", ["check", "build", "serve"])
def test_broken_site_yaml_is_reported_with_line_and_column(tmp_path: Path, command: str) -> None:
    newsrooms.write(tmp_path, {"c/site.yaml": "title: 12\nbase_url: nowhere\n"})
    result = run_feedsvc(command, *(["out"] if command == "build" else []), tmp_path / "c", cwd=tmp_path)
    assert result.returncode == 1
    lines = [line for line in (result.stdout + result.stderr).splitlines() if not line.startswith(" ")]
    mark = "" if command == "serve" else "error: "  # the level of a line in the log says it
    assert lines[0] == f'site.yaml:1:8: {mark}title: YAML reads 12 as a number; put it in quotes: "12"'
    assert lines[1].startswith(f"site.yaml:2:11: {mark}base_url: 'nowhere' is not a web address")
    assert "Traceback" not in result.stderr


COMMANDS: Final = (
    *("check", "check --against HEAD", "build out", "feeds", "list", "ping", "serve --port 0", "serve --port 0 --workers 2"),
    *("serve --port 0 --preview", "stamp", "views", "new A", "new A b c", "schema --write", "schema x", "check my-folder"),
    *("check empty", "serve empty --port 0", "new A empty"),
)


@pytest.mark.parametrize("arguments", COMMANDS)
def test_every_error_about_a_missing_newsroom_names_init_and_demo(tmp_path: Path, arguments: str) -> None:
    (tmp_path / "empty").mkdir()
    result = run_feedsvc(*arguments.split(), cwd=tmp_path)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    match = re.search("(feedsvc init .*) writes a new newsroom there, and feedsvc demo serves a sample\n$", result.stderr)
    assert match, result.stderr
    _, *init_arguments = shlex.split(match[1])
    assert run_feedsvc(*init_arguments, "--yes", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("name", "message_end"),
    [("chekc", "'chekc'; did you mean 'check'?"), ("publish", "'publish'; feedsvc --help lists all commands")],
)
def test_unknown_command_error_suggests_the_nearest_name(name: str, message_end: str) -> None:
    result = run_feedsvc(name)
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1] == f"Error: No such command {message_end}"


def test_help_and_version() -> None:
    assert run_feedsvc("--version").stdout == f"feedsvc {feedsvc.__version__}\n"
    for command in ("serve", "check", "build", "new", "schema", "init", "demo"):
        help_text = run_feedsvc(command, "--help").stdout
        assert f"Examples:\n    feedsvc {command}" in help_text
        assert all(len(line) <= 100 for line in help_text.splitlines())


def test_new_reads_a_utf_8_title_in_a_c_locale(content: Path) -> None:
    c_locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    result = run_feedsvc("new", "Zoë gewinnt", content, **c_locale)
    assert result.returncode == 0, result.stderr
    file = Path(result.stdout.strip())
    assert file.name == "zoë-gewinnt.yaml"
    assert 'title: "Zoë gewinnt"\n' in file.read_text("utf-8")
    result = run_feedsvc("new", os.fsdecode(b"Zo\xeb"), content, **c_locale)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1].endswith("this is not UTF-8; set the terminal's encoding to UTF-8 and type it again")
