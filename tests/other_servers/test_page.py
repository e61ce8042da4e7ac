"""The commands of docs/deploy/other-servers.md start servers that respond, and its settings exist."""

from __future__ import annotations

import contextlib
import re
import shlex
import signal
from pathlib import Path
from typing import Final

import pytest

from feedsvc.cli.settings import VARIABLE_NAMES
from tests import ROOT
from tests.helpers.forked_process import start_module
from tests.helpers.http_client import SECONDS, ask
from tests.helpers.running_server import environment
from tests.helpers.unix_client import ask_unix
from tests.other_servers.other_server import free_port, kill_group, wait_for_start
from tests.web.newsroom import write_newsroom

PAGE: Final = (ROOT / "docs/deploy/other-servers.md").read_text("utf-8")
LINES: Final = re.findall(r"^(?:FEEDSVC_\w+=\S+ )?(?:gunicorn|granian) .*feedsvc\.wsgi:app.*$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("line", LINES)
def test_command_starts_a_server_that_responds(tmp_path: Path, line: str) -> None:
    content, port, path = write_newsroom(tmp_path / "content"), free_port(), tmp_path / "http.sock"
    words = shlex.split(line.replace("8000", str(port)).replace("/run/feedsvc/http.sock", str(path)))
    variables = dict(word.split("=", 1) for word in words if word.startswith("FEEDSVC_"))
    settings = {"FEEDSVC_CONTENT": str(content), "FEEDSVC_STATE": str(tmp_path / "state"), "HOME": str(tmp_path), **variables}
    with (tmp_path / "log").open("wb") as log:
        process = start_module(
            *words[len(variables) :], stdout=log, stderr=log, env=environment(settings), cwd=tmp_path, new_session=True
        )

    def is_answering() -> bool:
        with contextlib.suppress(OSError):
            response = ask_unix(path, "/feed.rss") if "unix:" in line else ask(f"http://127.0.0.1:{port}", "/feed.rss")
            return response.status == 200
        return False

    try:
        # granian loses a signal during the start.
        wait_for_start(lambda: (tmp_path / "log").read_text().count("in process") == 2 and is_answering())
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0, (tmp_path / "log").read_text()
    finally:
        kill_group(process)


def test_page_has_commands_of_both_servers() -> None:
    assert len(LINES) == 3


def test_every_variable_of_the_page_exists() -> None:
    assert set(re.findall(r"FEEDSVC_[A-Z_]+", PAGE)) <= VARIABLE_NAMES | {"FEEDSVC_CONTENT", "FEEDSVC_CONFIG"}
