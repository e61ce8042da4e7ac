"""The access log: one line for each answer, whole whatever a client sends, written when the server stops at the latest."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from feedsvc.support.client_address import parse_networks
from feedsvc.web.access_log import AccessLog
from tests.helpers.http_client import NO_HEADERS, ask, environ_of
from tests.helpers.running_server import command, environment
from tests.web.newsroom import write_newsroom

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _app(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
    if environ["PATH_INFO"] == "/fails":
        raise LookupError("odd")
    start_response("304 Not Modified" if environ["PATH_INFO"] == "/same" else "200 OK", [("Content-Length", "5")])
    return [b"hello"]


class Pipe:
    """A log whose lines a test can read."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def lines(self) -> list[str]:
        return self.file.read_text("ascii").splitlines()


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[Pipe]:
    one = Pipe(tmp_path / "log")
    yield one
    os.close(one.descriptor)


def logged(
    log: AccessLog, path: str, headers: Mapping[str, str] = NO_HEADERS, method: str = "GET", peer: str = "10.0.0.1"
) -> None:
    environ: dict[str, Any] = environ_of(path, method, headers) | {"REMOTE_ADDR": peer}
    log.wrap(_app, lambda: _NOON)(environ, lambda *_: lambda _: None)


def test_what_a_line_says(pipe: Pipe) -> None:
    log = AccessLog("json", pipe.descriptor)
    logged(log, "/feed.rss?key=secret", {"User-Agent": "Reader/1", "Authorization": "secret", "X-Forwarded-For": "6.6.6.6"})
    logged(log, "/same", method="HEAD")
    log.close()
    first, second = map(json.loads, pipe.lines())
    assert first.pop("ms") >= 0
    assert first == {
        "time": "2026-03-01T12:00:00.000+00:00",
        "client": "10.0.0.1",
        "method": "GET",
        "path": "/feed.rss",
        "status": 200,
        "bytes": 5,
        "not_modified": False,
        "agent": "Reader/1",
    }
    assert (second["status"], second["not_modified"], second["bytes"]) == (304, True, 0)


def test_the_client_behind_a_trusted_proxy(pipe: Pipe) -> None:
    log = AccessLog("json", pipe.descriptor, parse_networks(["10.0.0.0/8"]))
    for peer in ("10.0.0.1", "192.0.2.9"):
        logged(log, "/", {"X-Forwarded-For": "198.51.100.7"}, peer=peer)
    log.close()
    assert [json.loads(line)["client"] for line in pipe.lines()] == ["198.51.100.7", "192.0.2.9"]


@pytest.mark.parametrize("form", ["json", "logfmt"])
def test_no_client_writes_a_line_of_its_own(pipe: Pipe, form: str) -> None:
    log = AccessLog(form, pipe.descriptor)
    evil = 'x" status=500\r\ntime=now\x85\u2028\x1b[31m\\'
    logged(log, "/%0a%0d%22%20=%C2%85%E2%80%A8%FF", {"User-Agent": evil.encode().decode("latin-1")}, "G\nET")
    log.close()
    [line] = pipe.lines()
    assert line.isprintable()
    assert "/%0A%0D%22%20%3D%C2%85%E2%80%A8%FF" in line
    if form == "json":
        assert json.loads(line)["agent"] == evil


def test_a_line_of_logfmt(pipe: Pipe) -> None:
    log = AccessLog("logfmt", pipe.descriptor)
    logged(log, "/feed.rss", {"User-Agent": "Reader/1 (like others)"})
    log.close()
    [line] = pipe.lines()
    start = "time=2026-03-01T12:00:00.000+00:00 client=10.0.0.1 method=GET path=/feed.rss status=200 bytes=5 ms="
    assert line.startswith(start)
    assert line.endswith(' not_modified=false agent="Reader/1 (like others)"')


def test_an_answer_that_failed_is_logged_too(pipe: Pipe) -> None:
    log = AccessLog("json", pipe.descriptor)
    with pytest.raises(LookupError):
        logged(log, "/fails")
    log.close()
    assert json.loads(pipe.lines()[0])["status"] == 500


def test_many_threads_lose_and_mix_nothing(pipe: Pipe) -> None:
    log = AccessLog("json", pipe.descriptor)
    threads = [threading.Thread(target=lambda: [logged(log, "/x" * 200) for _ in range(200)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    assert [json.loads(line)["status"] for line in pipe.lines()] == [200] * 800


def test_what_does_not_fit_is_counted(pipe: Pipe) -> None:
    log = AccessLog("json", pipe.descriptor, max_queued=0)
    logged(log, "/")
    log.close()
    assert pipe.lines() == ['{"dropped": 1}']


def test_a_reader_of_the_log_that_went_stops_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    log = AccessLog("json", writing)
    logged(log, "/")
    log.close()
    os.close(writing)


def test_a_server_that_stops_has_written_every_line(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content")
    options = ("--port", "0", "--state", tmp_path / "state", "--access-log", "json")
    with subprocess.Popen(
        command("serve", content, *options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as process:
        assert process.stderr
        url = next(line for line in process.stderr if " at http://" in line).rpartition(" at ")[2].split()[0]
        got = ask(url, "/feed.rss")
        ask(url, "/feed.rss", {"If-None-Match": got["ETag"]})
        ask(url, "/nothing")
        process.terminate()
        said, _ = process.communicate(timeout=60)
    lines = [json.loads(line) for line in said.splitlines()]
    assert [(line["path"], line["status"]) for line in lines] == [("/feed.rss", 200), ("/feed.rss", 304), ("/nothing", 404)]
    assert lines[0]["bytes"] == len(got.body)
