"""Exit status of every command, as docs/reference/command-line.md describes it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
import pytest

from feedsvc.cli import main
from tests import ROOT
from tests.cli.command_line import run_feedsvc
from tests.helpers import newsrooms
from tests.helpers.http_client import SECONDS
from tests.helpers.programs import killing
from tests.helpers.running_server import command, environment

SITE: Final = "title: T\nbase_url: https://t.example\nid_domain: t.example\n"
ARTICLE: Final = "id: tag:t.example,2026:a\ntitle: A\npublished: 2026-01-01\nsummary: S.\nbody: Text.\n"
FEED: Final = (
    '<rss version="2.0"><channel><title>F</title><link>https://old.example/</link><description>D</description>'
    "<item><guid>https://old.example/1</guid><title>One</title></item></channel></rss>"
)
DOCUMENT: Final = (ROOT / "docs/reference/command-line.md").read_text("utf-8")

# Arguments of each command: with a newsroom without problems, with one that has an error, and with an error of the operator.
SUCCESS: Final = (
    *("build out good --state state", "check good", "completion bash", "config", "export json good", "feeds good"),
    *("import feed.xml imported", "init new --yes", "list good", "new Title good", "ping good --state state"),
    *("schema site", "stamp good", "token list good --state existing", "--version", "--help", "serve --help"),
)
PROBLEM: Final = (
    *("build out broken --state state", "check broken", "check warned --strict", "export wxr broken", "feeds broken"),
    *("import empty.xml imported", "list broken", "new Title unusable", "ping unusable --state state"),
    *("serve unusable --state state --port 0", "serve unusable --state state --port 0 --workers 2", "stamp broken"),
    *("token list unusable --state existing", "views unusable"),
)
OPERATOR_ERROR: Final = (
    *("build good/out good --state state", "check nowhere", "completion tcsh", "config --config nowhere.toml"),
    *("demo --port -1", "export pdf good", "feeds good --base-url x", "import nowhere imported", "init good --yes"),
    *("list good --limit many", "new", "ping nowhere", "schema nowhere", "serve good --state good/state", "stamp nowhere"),
    *("token add unknown Alice good --state state", "views good --state state", "unknown", "--unknown"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, article, site in (
        ("good", ARTICLE, SITE),
        ("broken", "title: no\npublished: 2026-01-01\n", SITE),
        ("warned", ARTICLE.replace("id: tag:t.example,2026:a\n", ""), SITE),
        ("unusable", ARTICLE, "title: T\n"),
    ):
        newsrooms.write(tmp_path / name, {"site.yaml": site, "articles/a.yaml": article})
    (tmp_path / "feed.xml").write_text(FEED, "utf-8")
    (tmp_path / "empty.xml").write_text("<rss><channel><link>https://old.example/</link></channel></rss>", "utf-8")
    (tmp_path / "existing").mkdir()  # an empty state folder
    return tmp_path


@pytest.mark.parametrize(
    ("status", "arguments"),
    [(status, line) for status, lines in enumerate((SUCCESS, PROBLEM, OPERATOR_ERROR)) for line in lines],
)
def test_exit_status_of_a_command(folder: Path, status: int, arguments: str) -> None:
    result = run_feedsvc(*arguments.split(), cwd=folder)
    assert result.returncode == status, result.stderr
    assert "Traceback" not in result.stderr


def test_every_command_is_tested_and_documented() -> None:
    for name in main.list_commands(click.Context(main)):
        assert f"`{name}`" in DOCUMENT, name
        assert any(name in line.split() for line in OPERATOR_ERROR), name
        assert name in ("serve", "demo", "views") or any(name in line.split() for line in SUCCESS), name


def test_command_in_a_deleted_folder_says_so(tmp_path: Path) -> None:
    line = ["sh", "-c", 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', "sh", *command("check")]
    result = subprocess.run(line, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1] == "feedsvc: error: the current folder was deleted; change to another one, as with: cd"


@contextmanager
def printing(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a command that prints more than its reader reads, which has begun to print."""
    articles = {f"articles/a{count:03}.yaml": f"title: {'T' * 100} {count}\npublished: 2026-01-01\n" for count in range(600)}
    newsrooms.write(folder / "good", articles)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with killing(subprocess.Popen(command(*arguments), text=True, cwd=folder, env=environment(), **pipes)) as process:
        assert process.stdout
        os.read(process.stdout.fileno(), 1)
        yield process


def end_of(process: subprocess.Popen[str]) -> tuple[int, str]:
    assert process.stderr
    return process.wait(SECONDS), process.stderr.read()


@pytest.mark.parametrize("arguments", [["list", "good", "--json"], ["check", "good", "--all"]], ids=" ".join)
def test_ctrl_c_gives_130(folder: Path, arguments: list[str]) -> None:
    with printing(folder, *arguments) as process:
        process.send_signal(signal.SIGINT)
        assert end_of(process) == (130, "\nAborted!\n")


def test_sigterm_ends_a_command_by_the_signal(folder: Path) -> None:
    with printing(folder, "list", "good", "--json") as process:
        process.terminate()
        assert end_of(process) == (-signal.SIGTERM, "")


def test_closed_output_gives_141_and_no_message(folder: Path) -> None:
    newsrooms.write(folder / "good", {f"articles/a{count:03}.yaml": "title: T\npublished: 2026-01-01\n" for count in range(600)})
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    line = command("list", "good", "--json")
    with killing(subprocess.Popen(line, text=True, cwd=folder, env=environment(), **pipes)) as process:
        assert process.stdout
        process.stdout.close()
        assert end_of(process) == (141, "")
