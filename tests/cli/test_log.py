"""The log of serve and build: time and level, --verbose, --quiet, --log-format, and no lost line."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from bench.web import free_port
from tests import ROOT
from tests.audience.waiting import wait_until
from tests.deploy.test_private_feeds import is_listening
from tests.helpers import newsrooms
from tests.helpers.forked_process import run_module, start_module
from tests.helpers.http_client import SECONDS, ask
from tests.helpers.programs import killing
from tests.helpers.running_server import command, environment

TIME: Final = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
BROKEN: Final = "id: tag:news.example,2026:broken\ntitle: no\npublished: 2026-01-01\n"


class LoggingProcess:
    """A command whose stderr is a file."""

    def __init__(self, folder: Path, *arguments: str | Path, variables: dict[str, str] | None = None) -> None:
        self._file = folder / "log"
        with self._file.open("wb") as log:
            stream = os.fstat(log.fileno())
            journal = {"JOURNAL_STREAM": f"{stream.st_dev}:{stream.st_ino}"} if variables and "JOURNAL" in variables else {}
            own = environment({**(variables or {}), **journal})
            self.process = start_module("feedsvc", *arguments, stdout=subprocess.DEVNULL, stderr=log, env=own)

    @property
    def lines(self) -> list[str]:
        return self._file.read_text("utf-8").splitlines()

    def wait_for(self, text: str) -> str:
        wait_until(lambda: any(text in line for line in self.lines))
        return next(line for line in self.lines if text in line)

    def end(self) -> list[str]:
        self.process.terminate()
        assert self.process.wait(SECONDS) == 0
        return self.lines


@pytest.fixture
def serve(content: Path, tmp_path: Path) -> Iterator[Callable[..., LoggingProcess]]:
    """Return a function that starts a server with options; it is killed at the end."""
    processes = []

    def start(*options: str, **variables: str) -> LoggingProcess:
        arguments = ("serve", content, "--port", "0", "--state", tmp_path / "state", *options)
        processes.append(LoggingProcess(tmp_path, *arguments, variables=variables))
        return processes[-1]

    yield start
    for running in processes:
        running.process.kill()
        running.process.wait()


def parsed(lines: list[str]) -> list[Any]:
    return [json.loads(line) for line in lines]


def test_each_line_of_a_server_has_time_and_level(serve: Callable[..., LoggingProcess], content: Path) -> None:
    server = serve()
    server.wait_for(" at http://")
    newsrooms.write(content, {"articles/broken.yaml": BROKEN})
    server.wait_for("YAML reads no as false")
    (content / "articles/broken.yaml").unlink()
    server.wait_for("no problem any more")
    serving, error, corrected, end = server.end()
    assert re.match(rf"{TIME} INFO feedsvc: serving 7 articles of ", serving)
    assert re.match(rf"{TIME} ERROR articles/broken.yaml:2:8: title: YAML reads no as false; put it in quotes", error)
    assert re.fullmatch(rf"{TIME} INFO articles/broken.yaml: no problem any more", corrected)
    assert re.fullmatch(rf"{TIME} INFO feedsvc: the server has ended because of SIGTERM", end)


def test_a_server_logs_that_a_public_article_is_scheduled_now(serve: Callable[..., LoggingProcess], content: Path) -> None:
    """An editor mistypes the year, which is no error, and the article is gone."""
    server = serve()
    server.wait_for(" at http://")
    file = content / "articles/older.yaml"
    file.write_text(file.read_text("utf-8").replace("2026-02-01", "2062-02-01"), "utf-8")
    server.wait_for("is scheduled for")
    (line,) = (one for one in server.end() if "older" in one)
    assert re.fullmatch(
        rf"{TIME} WARNING articles/older.yaml: was public, and is scheduled for 2062-02-01 00:00\+09:00 now", line
    )


@pytest.mark.parametrize("options", [(), ("--workers", "2"), ("--preview",)], ids=" ".join)
def test_json_log_has_one_object_per_line_with_the_place_of_a_problem(
    serve: Callable[..., LoggingProcess], content: Path, options: tuple[str, ...]
) -> None:
    server = serve("--log-format", "json", *options, FEEDSVC_X="1")
    server.wait_for(" at http://")
    newsrooms.write(content, {"articles/broken.yaml": BROKEN})
    server.wait_for("YAML reads no as false")
    rows = parsed(server.end())
    assert all(re.fullmatch(TIME, row["time"]) and row["process"] for row in rows)
    assert rows[0]["level"] == "warning"
    assert rows[0]["message"].startswith("no option has the environment variable FEEDSVC_X;")
    assert any(row["level"] == "info" and re.match("(serving|previewing) ", row["message"]) for row in rows)
    (error,) = (row for row in rows if row["level"] == "error")
    del error["time"], error["process"]
    assert error == {
        "level": "error",
        "message": "title: YAML reads no as false",
        "path": "articles/broken.yaml",
        "line": 2,
        "column": 8,
        "hint": 'put it in quotes: "no"',
        "rule": "",
    }


def test_quiet_log_has_warnings_and_errors_only(serve: Callable[..., LoggingProcess], content: Path) -> None:
    newsrooms.write(content, {"articles/broken.yaml": BROKEN})
    port = free_port()
    server = serve("--quiet", "--access-log", "json", "--port", str(port))
    wait_until(lambda: is_listening(port))
    assert ask(f"http://127.0.0.1:{port}/", "/healthz").status == 200
    assert [line.split()[1] for line in server.end()] == ["ERROR"]


def test_verbose_log_has_each_edition(serve: Callable[..., LoggingProcess], content: Path) -> None:
    server = serve("--verbose")
    server.wait_for(" at http://")
    newsrooms.write(content, {"articles/further.yaml": "title: Further\npublished: 2026-01-01\n"})
    line = server.wait_for("8 visible articles")
    assert re.match(rf"{TIME} DEBUG feedsvc: edition \d+: 14 documents changed, 8 visible articles, since ", line)


def test_verbose_and_quiet_contradict_each_other(content: Path) -> None:
    result = subprocess.run(
        command("serve", content, "--verbose", "--quiet"), capture_output=True, text=True, env=environment(), check=False
    )
    assert result.returncode == 2
    assert "--verbose and --quiet contradict each other; give one of them" in result.stderr


def test_lines_for_the_journal_have_a_priority_and_no_time(serve: Callable[..., LoggingProcess], content: Path) -> None:
    newsrooms.write(content, {"articles/broken.yaml": BROKEN})
    server = serve(JOURNAL="1")
    server.wait_for(" at http://")
    error, serving = server.lines
    assert error.startswith("<3>articles/broken.yaml:2:8: error: ")
    assert serving.startswith("<6>feedsvc: serving ")


def test_a_build_that_ends_writes_sentences_alone_or_json(content: Path, tmp_path: Path) -> None:
    def stderr(*options: str) -> list[str]:
        arguments = (tmp_path / "out", content, "--state", tmp_path / "state", *options)
        result = run_module("feedsvc", "build", *arguments, env=environment())
        assert result.returncode == 0, result.stderr
        return result.stderr.splitlines()

    assert [line.partition(":")[0] for line in stderr()] == ["feedsvc", "feedsvc"]
    assert [row["message"].rpartition(" ")[2] for row in parsed(stderr("--log-format", "json"))] == ["counted", "scheduled"]
    assert all(re.match(f"{TIME} INFO feedsvc: ", line) for line in stderr("--log-format", "text"))
    assert stderr("--quiet") == []


def test_lines_of_a_watching_build_have_times(content: Path, tmp_path: Path) -> None:
    running = LoggingProcess(tmp_path, "build", tmp_path / "out", content, "--state", tmp_path / "state", "--watch")
    with killing(running.process):
        running.wait_for("up to date")
        assert all(re.match(f"{TIME} INFO feedsvc: ", line) for line in running.end())


_REPEATING_PROGRAM: Final = """
import logging, sys
from feedsvc.cli.log import configure_log
from feedsvc.web.workers import Supervisor

def repeat(worker=None):
    for number in range(8):
        logging.getLogger("feedsvc.web").warning("feedsvc: about %d", number)

configure_log("text", logging.INFO)
sys.exit(repeat() if sys.argv[1:] == ["alone"] else Supervisor(1, repeat, print_line=print).run())
"""


@pytest.mark.parametrize("arguments", [["alone"], ["worker"]], ids=str)
def test_number_of_repeated_lines_is_written_at_the_end_of_the_process(arguments: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, "-c", _REPEATING_PROGRAM, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(),
        timeout=SECONDS,
        check=False,
    )
    lines = [line.partition(" WARNING feedsvc: ")[2] for line in result.stderr.splitlines() if " WARNING " in line]
    assert lines == [
        *(f"about {number}" for number in range(5)),
        "3 more log lines like this one within 60 seconds: feedsvc: about 7",
    ]


@pytest.mark.parametrize("options", [(), ("--workers", "2")], ids=" ".join)
def test_a_server_whose_log_nobody_reads_any_more_goes_on(content: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    arguments = ("serve", content, "--port", "0", "--state", tmp_path / "state", *options)
    with killing(start_module("feedsvc", *arguments, stderr=subprocess.PIPE, env=environment())) as process:
        assert process.stderr
        url = process.stderr.readline().rpartition(" at ")[2].split()[0]
        process.stderr.close()
        newsrooms.write(content, {"articles/broken.yaml": BROKEN})
        wait_until(lambda: b"broken.yaml" in ask(url, "/status").body)
        (content / "articles/broken.yaml").unlink()
        wait_until(lambda: b"broken.yaml" not in ask(url, "/status").body)
        assert ask(url, "/daily/").status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0


@pytest.mark.parametrize(
    ("options", "number", "reason"),
    [
        ((), signal.SIGTERM, "SIGTERM"),
        (("--workers", "2"), signal.SIGTERM, "SIGTERM"),
        (("--workers", "2"), signal.SIGINT, "SIGINT (Ctrl-C)"),
        (("--preview",), signal.SIGINT, "SIGINT (Ctrl-C)"),
    ],
)
def test_last_line_of_a_server_says_why_it_ended(tmp_path: Path, options: tuple[str, ...], number: int, reason: str) -> None:
    content = newsrooms.write_sample(tmp_path / "content")
    server = LoggingProcess(tmp_path, "serve", content, "--port", "0", "--state", tmp_path / "state", *options)
    with killing(server.process):
        server.wait_for(" at http://")
        server.process.send_signal(number)
        assert server.process.wait(SECONDS) == 0
    assert [line for line in server.lines if "has ended" in line] == server.lines[-1:]
    assert server.lines[-1].endswith(f" INFO feedsvc: the server has ended because of {reason}")
