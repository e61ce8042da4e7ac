"""What a running server says of a folder, and whether it is what a fresh one would say."""

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
from tests.audience.waiting import until
from tests.helpers.http_client import SECONDS, ask
from tests.helpers.running_server import NO_VARIABLES, ServerProcess, serving


class Followed(ServerProcess):
    """A server whose every word is read as it comes, so that it never waits to be heard; `lines` are what it said so far."""

    def __init__(self, content: Path, state: Path, *options: str, variables: Mapping[str, str] = NO_VARIABLES) -> None:
        super().__init__(content, state, *options, variables=variables)
        self.lines = [self.stderr]
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.lines.append(line)

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
def followed(content: Path, state: Path, *options: str) -> Iterator[Followed]:
    """A server that ends with the block: by SIGTERM, with exit status 0, and never a traceback."""
    server = Followed(content, state, *options)
    try:
        yield server
        server.terminate()
        assert server.wait() == 0, server.stderr
        assert "Traceback" not in server.stderr, server.stderr
    finally:
        server.kill()


Answers = dict[str, tuple[int, str, str, str, bytes]]


def status(server: ServerProcess) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(ask(server.url, "/status").body)
    return told


def problems(server: ServerProcess) -> list[str]:
    """Each as path:line: message."""
    return [f"{one['path']}:{one['line']}: {one['message']}" for one in status(server)["problems"]]


def addresses(root: Path) -> list[str]:
    """Every address that a fresh start knows, withdrawn and former ones too, and one that it does not."""
    return [
        *Publication(build_catalog(load_content(root), datetime.now(UTC))).paths_with_redirects(),
        "/articles/nothing-of-that-name/",
    ]


def answers(server: ServerProcess, paths: Iterable[str]) -> Answers:
    """path -> status, entity tag, target, media type, body."""
    got = {path: ask(server.url, quote(path)) for path in paths}
    return {path: (one.status, one["etag"], one["location"], one["content-type"], one.body) for path, one in got.items()}


def differing(one: Answers, other: Answers) -> list[str]:
    return [path for path in one if one[path] != other[path]]


def assert_equals_a_fresh_start(server: ServerProcess, root: Path, empty: Path) -> None:
    """Every document of the running server comes to be, byte for byte, that of a fresh one with an empty state folder."""
    paths = addresses(root)
    with serving(root, empty) as fresh:
        expected = answers(fresh, paths)
    until(lambda: not differing(answers(server, paths), expected))
