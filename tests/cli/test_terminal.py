"""Colors and progress: on a terminal, in a file, and with NO_COLOR, FORCE_COLOR and --quiet."""

from __future__ import annotations

import logging
import os
import pty
import re
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Final

import pytest

from feedsvc.cli import terminal
from feedsvc.cli.terminal import ReadingProgress
from tests.helpers import newsrooms
from tests.helpers.forked_process import start_module
from tests.helpers.programs import killing
from tests.helpers.running_server import NO_VARIABLES, environment

ESCAPE: Final = "\x1b["
SITE: Final = "title: T\nbase_url: https://t.example\nid_domain: t.example\n"
MANY: Final = 1200


@pytest.fixture
def large(tmp_path: Path) -> Path:
    article = "title: A\npublished: 2026-01-01\nsummary: S.\nbody: Text.\n"
    files = {f"articles/a{number}.yaml": f"id: tag:t.example,2026:a{number}\n{article}" for number in range(MANY)}
    return newsrooms.write(tmp_path / "large", {"site.yaml": SITE, **files})


def terminal_output(folder: Path, *arguments: str | Path, variables: Mapping[str, str] = NO_VARIABLES) -> str:
    """Run a command whose stdout and stderr are a terminal, and return its output."""
    terminal, end = pty.openpty()
    output = b""
    own = environment({"TERM": "xterm", **variables})
    with killing(start_module("feedsvc", *arguments, stdout=end, stderr=end, cwd=folder, env=own)) as process:
        os.close(end)
        try:
            while data := os.read(terminal, 65536):
                output += data
        except OSError:  # the process has closed the terminal
            pass
        process.wait(60)
    os.close(terminal)
    return output.decode()


def file_output(folder: Path, *arguments: str | Path, variables: Mapping[str, str] = NO_VARIABLES) -> str:
    """Run a command whose stdout and stderr are a file, and return its output."""
    with (folder / "output").open("wb+") as file:
        own = environment(dict(variables))
        with killing(start_module("feedsvc", *arguments, stdout=file, stderr=file, cwd=folder, env=own)) as process:
            process.wait(120)
        file.seek(0)
        return file.read().decode()


def test_colors_are_on_a_terminal_only_unless_a_variable_says_otherwise(broken_content: Path) -> None:
    def has_colors(output: str) -> bool:
        assert "articles/broken.yaml" in output
        return ESCAPE in output

    folder = broken_content.parent
    for arguments in (["check", "content"], ["list", "content"], ["build", "out", "content", "--state", "state"]):
        for no_color in (NO_VARIABLES, {"NO_COLOR": ""}):
            assert has_colors(terminal_output(folder, *arguments, variables=no_color))
        assert not has_colors(terminal_output(folder, *arguments, variables={"NO_COLOR": "1", "FORCE_COLOR": "1"}))
        assert not has_colors(file_output(folder, *arguments))
        assert has_colors(file_output(folder, *arguments, variables={"FORCE_COLOR": "1"}))


def test_json_has_no_colors_on_a_terminal(broken_content: Path) -> None:
    assert ESCAPE not in terminal_output(broken_content.parent, "check", "content", "--format", "json")
    log = terminal_output(broken_content.parent, "build", "out", "content", "--state", "state", "--log-format", "json")
    assert ESCAPE not in log


@pytest.mark.parametrize(
    "arguments", [["check", "large"], ["list", "large"], ["build", "out", "large", "--state", "state"]], ids=lambda line: line[0]
)
def test_reading_many_files_shows_one_line_that_is_updated_and_removed(tmp_path: Path, large: Path, arguments: list[str]) -> None:
    output = terminal_output(tmp_path, *arguments)
    counts = re.findall(r"\r([\d,]+) of 1,200 articles are read", output)
    assert counts
    assert counts == sorted(counts, key=lambda count: int(count.replace(",", "")))
    assert re.search(r"\r {20,}\r", output)
    assert "\n" not in output[: output.rindex("articles are read")]


def test_log_has_a_line_each_ten_seconds_of_reading(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([0.0, 9.0, 10.0, 11.0, 20.5, 31.0])
    # Not time.monotonic itself, which other threads of the tests call, too.
    monkeypatch.setattr(terminal, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    progress = ReadingProgress()
    with caplog.at_level(logging.INFO, "feedsvc"):
        for read in (1, 2, 3, 4, 5):
            progress(read * 1000, 100_000)
    assert caplog.messages == [f"feedsvc: {count} of 100,000 articles are read" for count in ("2,000", "4,000", "5,000")]


def test_progress_is_not_shown_in_a_file_and_not_with_quiet(tmp_path: Path, large: Path) -> None:
    arguments = ("build", "out", large, "--state", "state")
    assert "are read" not in file_output(tmp_path, *arguments)
    assert terminal_output(tmp_path, *arguments, "--state", "state-2", "--quiet") == ""
    assert "\r1" not in terminal_output(tmp_path, *arguments, "--state", "state-3", "--log-format", "json")
