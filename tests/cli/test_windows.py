"""The commands of editors in an interpreter that lacks what Windows lacks: processes, signals, locks and links of POSIX."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest

from feedsvc import cli
from tests import ROOT
from tests.cli.command_line import run_feedsvc
from tests.helpers import newsrooms

INTERPRETER = ROOT / "tests" / "helpers" / "windows_interpreter.py"
# The code page of many editors' machines. It has no Korean letters.
VARIABLES = {"PYTHONIOENCODING": "cp1252", "LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONPATH": str(ROOT)}
FEED = (
    '<rss version="2.0"><channel><title>T</title><link>https://t.example/</link><description>D</description><item>'
    "<title>One</title><link>https://t.example/one</link><guid>https://t.example/one</guid><description>Text</description>"
    "<pubDate>Fri, 02 Jan 2026 09:30:00 GMT</pubDate></item></channel></rss>"
)
INIT = ("--title", "T", "--base-url", "https://t.example", "--language", "en", "--timezone", "UTC")


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("windows") / "python"
    file.write_text(f'#!/bin/sh\nexec "{sys.executable}" -X warn_default_encoding "{INTERPRETER}" "$0" "$@"\n', "utf-8")
    file.chmod(0o755)
    return file


@pytest.fixture
def run(python: Path, tmp_path: Path) -> Run:
    return Run(python, tmp_path)


class Run:
    """Run feedsvc in the interpreter, in a folder. A traceback is a failure."""

    def __init__(self, python: Path, folder: Path) -> None:
        self._python, self.folder = python, folder

    def __call__(self, *arguments: str | Path, status: int = 0) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            [self._python, "-m", "feedsvc", *map(str, arguments)],
            check=False,
            capture_output=True,
            encoding="cp1252",
            cwd=self.folder,
            env={**VARIABLES, "PATH": os.environ["PATH"], "HOME": str(self.folder)},
            timeout=120,
        )
        assert "Traceback" not in result.stderr, result.stderr
        assert result.returncode == status, result.stdout + result.stderr
        return result


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return Path(copytree(ROOT / "content", tmp_path / "content"))


def test_interpreter_lacks_what_windows_lacks(python: Path) -> None:
    code = """if 1:
        import os, signal
        for name in ("fcntl", "resource", "pwd", "termios"):
            try: __import__(name); print(name)
            except ImportError: pass
        print(hasattr(os, "fork"), hasattr(os, "O_NOFOLLOW"), hasattr(signal, "SIGKILL"), hasattr(os, "pread"))
        try: os.open(".", os.O_RDONLY)
        except PermissionError: print("no folder is opened")
        with open("open", "w") as file:
            try: os.replace("open", "other")
            except PermissionError: print("no open file is renamed")
        """
    result = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True, cwd=python.parent)
    assert result.stdout == "False False False False\nno folder is opened\nno open file is renamed\n"


def test_check_says_the_same_as_elsewhere_with_line_and_column(run: Run, sample: Path) -> None:
    assert (run("check", sample).stdout, run("check", sample).stderr) == ("", run_feedsvc("check", sample).stderr)
    text = "title: no\npublished: 2026-02-30\nauthor: ritesch\nimage: media/none.jpg\n"
    newsrooms.write(sample, {"articles/broken.yaml": text})
    for arguments in ((), ("--format", "json"), ("--format", "github"), ("--all", "--strict")):
        here, there = run_feedsvc("check", sample, *arguments), run("check", sample, *arguments, status=1)
        assert (there.stdout, there.stderr) == (here.stdout, here.stderr)
    assert "articles/broken.yaml:2:12: error:" in run("check", sample, status=1).stdout


def test_letters_that_the_terminal_lacks_are_no_traceback(run: Run, sample: Path) -> None:
    newsrooms.write(sample, {"articles/broken.yaml": "title: 한국\npublished: 한국\n"})
    assert "\\ud55c\\uad6d" in run("check", sample, status=1).stdout


def test_init_writes_a_newsroom_that_check_accepts(run: Run) -> None:
    told = run("init", "newsroom", *INIT, "--yes").stdout
    assert "feedsvc check newsroom" in told
    assert "feedsvc serve" not in told
    assert run("check", "newsroom", "--strict").stderr == "feedsvc: 3 articles: 0 errors, 0 warnings\n"
    run("init", "elsewhere", *INIT, "--yes")
    assert "it is a newsroom already" in run("init", "newsroom", *INIT, "--yes", status=2).stderr
    assert run_feedsvc("check", run.folder / "newsroom", "--strict").returncode == 0


def test_new_creates_a_draft_with_slashes_in_its_schema_path(run: Run, sample: Path) -> None:
    file = Path(run("new", "Xi invites Lee to Beijing", sample, "--category", "asia").stdout.strip())
    text = file.read_text("utf-8")
    assert text.startswith("# yaml-language-server: $schema=../../../.feedsvc/schema/article.json\n")
    assert "status: draft" in text
    run("new", "서울", sample, "--markdown")
    run("check", sample)


def test_new_gives_no_file_the_name_of_a_device(run: Run, sample: Path) -> None:
    assert Path(run("new", "Con", sample).stdout.strip()).name == "con-2.yaml"
    assert "name of a device" in run("new", "The con", sample, "--slug", "aux", status=2).stderr


def test_stamp_writes_ids_and_leaves_no_temporary_file(run: Run, sample: Path) -> None:
    text = "title: One\r\npublished: 2026-01-02\r\nbody: Text\r\n"
    newsrooms.write(sample, {"articles/one.yaml": text, "articles/.feedsvc-stamp-0123": "left by a killed process"})
    assert "articles/one.yaml: id: tag:" in run("stamp", sample).stdout
    stamped = (sample / "articles" / "one.yaml").read_bytes()
    assert stamped.startswith(b"id: tag:")
    assert stamped.endswith(text.encode())
    assert not [name for _, _, names in os.walk(sample) for name in names if name.startswith(".feedsvc-stamp-")]
    assert run("stamp", sample).stderr == "feedsvc: 0 articles got an id; 0 problems\n"


def test_schemas_are_written_and_printed(run: Run, sample: Path) -> None:
    run("schema", "--write", sample)
    schema = json.loads((sample / ".feedsvc" / "schema" / "article.json").read_text("utf-8"))
    assert json.loads(run("schema", "article", sample).stdout) == schema


def test_a_newsroom_is_imported_twice_and_exported(run: Run, sample: Path) -> None:
    exported = run("export", "json", sample, "--output", "export.json")
    assert "35 articles exported" in exported.stderr
    (run.folder / "feed.rss").write_text(FEED, "utf-8")
    for _ in range(2):
        run("import", "feed.rss", "imported", "--no-media")
    assert "1 article" in run("check", "imported").stderr


def test_an_application_imports_the_blueprint(python: Path) -> None:
    code = "from feedsvc.flask import blueprint; print(blueprint.__name__)"
    variables = {**VARIABLES, "PATH": os.environ["PATH"]}
    result = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False, env=variables)
    assert (result.stdout, result.stderr) == ("blueprint\n", "")


def test_lists_of_articles_and_feeds_and_the_help_are_printed(run: Run, sample: Path) -> None:
    for arguments in (("list", sample), ("feeds", sample), ("completion", "bash"), ("--help",), ("--version",)):
        assert run(*arguments).stdout
    assert "no settings file sets an option" in run("config").stderr


@pytest.mark.parametrize("command", ["build", "demo", "ping", "serve", "token", "views"])
def test_commands_that_need_another_system_say_so(run: Run, sample: Path, command: str) -> None:
    result = run(command, "--port", "0", sample, status=2)
    assert result.stderr == (
        f"feedsvc: error: feedsvc {command} needs Linux or macOS; on Windows, run it in WSL or in a container\n"
    )
    assert result.stdout == ""


def test_the_document_says_of_every_command_whether_it_runs_on_windows() -> None:
    section = (ROOT / "docs/reference/command-line.md").read_text("utf-8").partition("## Windows\n")[2].partition("\n\n- ")[0]
    running, others = (set(re.findall(r"`(\w+)`", sentence)) for sentence in section.split("there. ", 1))
    assert others == cli._POSIX_COMMANDS
    assert running == cli._COMMANDS.keys() - others


def test_a_theme_is_checked_in_another_process(run: Run, sample: Path) -> None:
    newsrooms.write(sample, {"theme/templates/article.html": "{{ article.title }}\n{{ 1 / 0 }}\n"})
    assert "theme/templates/article.html:2:1: error:" in run("check", sample, status=1).stdout
    newsrooms.write(sample, {"theme/templates/article.html": "{{ article.title }}\n"})
    run("check", sample)


def test_a_link_out_of_the_folder_is_not_followed(run: Run, sample: Path) -> None:
    (run.folder / "secret.yaml").write_text("title: secret\npublished: 2026-01-02\nbody: x\n", "utf-8")
    (sample / "articles" / "leak.yaml").symlink_to(run.folder / "secret.yaml")
    (sample / "articles" / "here.yaml").symlink_to("2026")
    result = run("check", sample, status=1)
    assert "articles/leak.yaml:1:1: error: a symbolic link that leaves the content folder is not followed" in result.stdout


def test_changes_since_a_revision_are_compared(run: Run, sample: Path) -> None:
    for arguments in (("init", "-q"), ("add", "."), ("-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-qm", "a")):
        subprocess.run(["git", *arguments], check=True, cwd=sample)
    file = sample / "articles/2026/11/library-hours.yaml"  # whose title has ASCII characters only
    file.unlink()
    here, there = run_feedsvc("check", sample, "--against", "HEAD"), run("check", sample, "--against", "HEAD")
    assert (there.stdout, there.stderr) == (here.stdout, here.stderr)
