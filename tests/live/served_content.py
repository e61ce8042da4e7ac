"""Run a server while reading its log, and compare its responses with those of a newly started server."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import load_content
from feedsvc.publication.publication import Publication
from tests.audience.waiting import wait_until
from tests.helpers.http_client import SECONDS, ask
from tests.helpers.log_lines import without_times
from tests.helpers.running_server import NO_VARIABLES, ServerProcess, serving


class MonitoredServer(ServerProcess):
    """A running server whose stderr a thread reads, so that a full pipe never blocks it; `lines` holds its lines so far."""

    def __init__(self, content: Path, state: Path, *options: str, variables: Mapping[str, str] = NO_VARIABLES) -> None:
        super().__init__(content, state, *options, variables=variables)
        self.lines = [self.stderr]
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.lines.append(without_times(line))

    def wait(self) -> int:
        self.process.wait(SECONDS)
        self._reader.join(SECONDS)
        self.stderr = "".join(self.lines)
        return self.process.returncode

    def kill(self) -> None:
        self.process.kill()
        self.wait()
        assert self.process.stderr
        self.process.stderr.close()


@contextlib.contextmanager
def monitored_server(content: Path, state: Path, *options: str) -> Iterator[MonitoredServer]:
    """Run a server until the block ends, then stop it by SIGTERM; fail if its exit status is not 0 or it prints a traceback."""
    server = MonitoredServer(content, state, *options)
    try:
        yield server
        server.terminate()
        assert server.wait() == 0, server.stderr
        assert "Traceback" not in server.stderr, server.stderr
    finally:
        server.kill()


Responses = dict[str, tuple[int, str, str, str, bytes]]


def fetch_status(server: ServerProcess) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(ask(server.url, "/status").body)
    return document


def fetch_problems(server: ServerProcess) -> list[str]:
    """Return the problems that /status lists, each as "path:line: message"."""
    return [f"{problem['path']}:{problem['line']}: {problem['message']}" for problem in fetch_status(server)["problems"]]


def known_paths(root: Path) -> list[str]:
    """Return every path that a new edition of the folder resolves, with redirects and withdrawn articles, and an unknown one."""
    return [
        *Publication(build_catalog(load_content(root), datetime.now(UTC))).paths_with_redirects(),
        "/articles/nothing-of-that-name/",
    ]


def fetch_responses(server: ServerProcess, paths: Iterable[str]) -> Responses:
    """Return for each path its status, entity tag, redirect target, media type and body."""
    responses = {path: ask(server.url, quote(path)) for path in paths}
    return {
        path: (response.status, response["etag"], response["location"], response["content-type"], response.body)
        for path, response in responses.items()
    }


def differing_paths(left: Responses, right: Responses) -> list[str]:
    return [path for path in left if left[path] != right[path]]


def assert_equals_fresh_server(server: ServerProcess, root: Path, empty_state: Path) -> None:
    """Wait until every document of the server equals that of a new server with an empty state folder, byte for byte."""
    paths = known_paths(root)
    with serving(root, empty_state) as fresh_server:
        expected = fetch_responses(fresh_server, paths)
    wait_until(lambda: not differing_paths(fetch_responses(server, paths), expected))
