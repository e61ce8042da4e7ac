"""The access log: one intact line per response whatever a client sends, written at the latest when the server stops."""

import json
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from feedsvc.support.client_address import parse_networks
from feedsvc.web.access_log import AccessLog
from tests.helpers.http_client import NO_HEADERS, ask, environ_of
from tests.helpers.running_server import serving
from tests.web.newsroom import write_newsroom

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _app(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
    if environ["PATH_INFO"] == "/fails":
        raise LookupError("odd")
    start_response("304 Not Modified" if environ["PATH_INFO"] == "/same" else "200 OK", [("Content-Length", "5")])
    return [b"hello"]


@dataclass(frozen=True)
class LogFile:
    """A log file whose lines a test can read."""

    path: Path
    descriptor: int

    def lines(self) -> list[str]:
        return self.path.read_text("ascii").splitlines()


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[LogFile]:
    with (tmp_path / "log").open("ab") as file:
        yield LogFile(tmp_path / "log", file.fileno())


def log_request(
    log: AccessLog, path: str, headers: Mapping[str, str] = NO_HEADERS, method: str = "GET", peer: str = "10.0.0.1"
) -> None:
    environ: dict[str, Any] = environ_of(path, method, headers) | {"REMOTE_ADDR": peer}
    log.wrap(_app, lambda: _NOON)(environ, lambda *_: lambda _: None)


def test_json_line_has_the_fields_of_request_and_response(log_file: LogFile) -> None:
    log = AccessLog("json", log_file.descriptor)
    log_request(log, "/feed.rss?key=secret", {"User-Agent": "Reader/1", "Authorization": "secret", "X-Forwarded-For": "6.6.6.6"})
    log_request(log, "/same", method="HEAD")
    log.close()
    first, second = map(json.loads, log_file.lines())
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


def test_client_address_comes_from_a_trusted_proxy_only_and_a_failed_response_is_a_500(log_file: LogFile) -> None:
    log = AccessLog("json", log_file.descriptor, parse_networks(["10.0.0.0/8"]))
    for peer in ("10.0.0.1", "192.0.2.9"):
        log_request(log, "/", {"X-Forwarded-For": "198.51.100.7"}, peer=peer)
    with pytest.raises(LookupError):
        log_request(log, "/fails")
    log.close()
    lines = [json.loads(line) for line in log_file.lines()]
    assert [line["client"] for line in lines] == ["198.51.100.7", "192.0.2.9", "10.0.0.1"]
    assert [line["status"] for line in lines] == [200, 200, 500]


@pytest.mark.parametrize("log_format", ["json", "logfmt", "combined"])
def test_control_characters_of_a_client_are_escaped(log_file: LogFile, log_format: str) -> None:
    log = AccessLog(log_format, log_file.descriptor)
    user_agent = 'x" status=500\r\ntime=now\x85\u2028\x1b[31m\\'
    log_request(log, "/%0a%0d%22%20=%C2%85%E2%80%A8%FF", {"User-Agent": user_agent.encode().decode("latin-1")}, "G\nET")
    log.close()
    [line] = log_file.lines()
    assert line.isprintable()
    assert "/%0A%0D%22%20%3D%C2%85%E2%80%A8%FF" in line
    if log_format == "json":
        assert json.loads(line)["agent"] == user_agent


def test_logfmt_line_quotes_values_with_spaces(log_file: LogFile) -> None:
    log = AccessLog("logfmt", log_file.descriptor)
    log_request(log, "/feed.rss", {"User-Agent": "Reader/1 (like others)"})
    log.close()
    [line] = log_file.lines()
    start = "time=2026-03-01T12:00:00.000+00:00 client=10.0.0.1 method=GET path=/feed.rss status=200 bytes=5 ms="
    assert line.startswith(start)
    assert line.endswith(' not_modified=false agent="Reader/1 (like others)"')


def test_combined_line_is_that_of_apache(log_file: LogFile) -> None:
    """The expression is that of Apache's documentation: host, user, time, request, status, size, Referer, User-Agent."""
    log = AccessLog("combined", log_file.descriptor)
    agent = 'Reader "7" \\ 한'.encode().decode("latin-1")
    log_request(log, "/feed.rss?token=secret", {"User-Agent": agent, "Referer": "https://x.example/?q=secret"})
    log_request(log, "/same", {"User-Agent": ""}, "HEAD")
    log.close()
    assert log_file.lines() == [
        r'10.0.0.1 - - [01/Mar/2026:12:00:00 +0000] "GET /feed.rss HTTP/1.1" 200 5 "-" "Reader \"7\" \\ \xed\x95\x9c"',
        '10.0.0.1 - - [01/Mar/2026:12:00:00 +0000] "HEAD /same HTTP/1.1" 304 - "-" "-"',
    ]


def test_threads_write_every_line_intact(log_file: LogFile) -> None:
    log = AccessLog("json", log_file.descriptor)
    threads = [threading.Thread(target=lambda: [log_request(log, "/x" * 200) for _ in range(200)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    assert [json.loads(line)["status"] for line in log_file.lines()] == [200] * 800


@pytest.mark.parametrize(("log_format", "line"), [("json", '{"dropped": 1}'), ("combined", "# dropped=1")])
def test_lines_beyond_the_queue_limit_are_counted_as_dropped(log_file: LogFile, log_format: str, line: str) -> None:
    log = AccessLog(log_format, log_file.descriptor, max_queued=0)
    log_request(log, "/")
    log.close()
    assert log_file.lines() == [line]


def test_closed_log_pipe_does_not_fail_a_request() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    log = AccessLog("json", write_end)
    log_request(log, "/")
    log.close()
    os.close(write_end)


def test_stopped_server_has_written_every_line(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        content = write_newsroom(tmp_path / "content")
        with serving(content, tmp_path / "state", "--access-log", "json", log=log) as server:
            response = ask(server.url, "/feed.rss")
            ask(server.url, "/feed.rss", {"If-None-Match": response["ETag"]})
            ask(server.url, "/nothing")
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [(line["path"], line["status"]) for line in lines] == [("/feed.rss", 200), ("/feed.rss", 304), ("/nothing", 404)]
    assert lines[0]["bytes"] == len(response.body)
