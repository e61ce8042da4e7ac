"""Completion in shells: feedsvc completion bash, zsh and fish."""

from __future__ import annotations

import os
import pty
import select
import shlex
import subprocess
from pathlib import Path

import pytest

from tests import ROOT
from tests.cli.command_line import run_feedsvc
from tests.helpers import newsrooms
from tests.helpers.forked_program import write_program
from tests.helpers.http_client import SECONDS
from tests.helpers.programs import killing, require_program

# What the user types, and what the shell adds to the line.
CASES = [
    ("feedsvc sche", "ma "),
    ("feedsvc serve --trusted", "-proxy "),
    ("feedsvc list --status last", "-valid "),
    ("feedsvc schema auth", "ors "),
    ("feedsvc new Title --category mon", "ey "),
    ("feedsvc check my-newsr", "oom/"),
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a folder with a newsroom, and with the program feedsvc in bin/."""
    newsrooms.write(tmp_path / "my-newsroom", newsrooms.SITE)
    newsrooms.write(tmp_path / "content", newsrooms.SITE)
    write_program(tmp_path / "bin/feedsvc")
    return tmp_path


def variables(home: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FEEDSVC_")}
    path = f"{home / 'bin'}:{inherited['PATH']}"
    return {**inherited, "PATH": path, "HOME": str(home), "PYTHONPATH": str(ROOT), "TERM": "dumb", "PS1": "> "}


def check_typed_lines(home: Path, shell: list[str], setup: str) -> None:
    """Type each text and a tab in an interactive shell, and wait until it is completed on its line.

    Until the shell shows its prompt, the terminal itself would show what is typed, and the shell would show it again.
    """
    terminal, end = pty.openpty()
    with killing(
        subprocess.Popen(shell, stdin=end, stdout=end, stderr=end, env=variables(home), cwd=home, start_new_session=True)
    ):
        os.close(end)
        os.write(terminal, f"{setup}; PS1=pro''mpt:\n".encode())
        read_until(terminal, "prompt:")
        for text, completed in CASES:
            os.write(terminal, f"{text}\t".encode())
            read_until(terminal, f"{text}{completed}")
            os.write(terminal, b"\x15")  # Ctrl-U removes the line
        os.close(terminal)


def read_until(terminal: int, text: str) -> None:
    """Read from a terminal until it has shown `text`; fail after a long time without output."""
    output = ""
    while text not in output:
        readable, _, _ = select.select([terminal], [], [], SECONDS)
        assert readable, f"{text!r} is not in {output!r}"
        output += os.read(terminal, 65536).decode("utf-8", "replace")


def test_bash_completes_commands_options_and_values(home: Path) -> None:
    bash = [require_program("bash", "apt-get install bash"), "--norc", "--noprofile", "-i"]
    check_typed_lines(home, bash, 'bind "set bell-style none"; eval "$(feedsvc completion bash)"')


def test_zsh_completes_commands_options_and_values(home: Path) -> None:
    zsh = [require_program("zsh", "apt-get install zsh"), "-f", "-i"]
    setup = 'unsetopt beep; autoload -U compinit; compinit -u -D; eval "$(feedsvc completion zsh)"'
    check_typed_lines(home, zsh, setup)


def test_fish_completes_commands_options_and_values(home: Path) -> None:
    fish = require_program("fish", "apt-get install fish")
    queries = "".join(f"; complete -C {shlex.quote(text)}" for text, _ in CASES)
    result = subprocess.run(
        [fish, "--no-config", "-c", f"feedsvc completion fish | source{queries}"],
        capture_output=True,
        text=True,
        env=variables(home),
        cwd=home,
        timeout=SECONDS,
        check=False,
    )
    assert [line.partition("\t")[0] for line in result.stdout.splitlines()] == [
        f"{text.rpartition(' ')[2]}{completed.strip()}" for text, completed in CASES
    ], result.stderr


def test_only_folders_and_names_that_begin_so_are_completed(home: Path) -> None:
    def completed(line: str, number: int) -> list[str]:
        settings = {"COMP_WORDS": line, "COMP_CWORD": str(number), "_FEEDSVC_COMPLETE": "bash_complete"}
        return run_feedsvc(cwd=home, **settings).stdout.splitlines()

    assert completed("feedsvc s", 1) == ["plain,schema", "plain,serve", "plain,stamp"]
    assert completed("feedsvc check ", 2) == ["dir,"]
    assert completed("feedsvc serve --state ", 3) == ["dir,"]
    assert completed("feedsvc new T --author ", 4) == ["plain,jia", "plain,ritesh", "plain,rn"]
    newsrooms.write(home / "other", {"site.yaml": "title: T\n", "authors.yaml": "kim: {name: Kim}\n"})
    assert completed("feedsvc new T other --author ", 5) == ["plain,kim"]
    assert completed("feedsvc schema site ", 3) == ["dir,"]
