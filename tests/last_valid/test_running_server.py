"""The same in a real server, followed by its watcher: one broken file of each kind, and where one takes others along."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import pytest

from feedsvc.publication.document import Document, FileResource
from feedsvc.publication.publication import Publication
from feedsvc.support.clock import wall_clock
from tests.broken_files.case import Case
from tests.conftest import SETTINGS
from tests.helpers.http_client import SECONDS, Response, ask
from tests.helpers.newsrooms import load_publication
from tests.helpers.running_server import ServerProcess
from tests.last_valid import saved_files

_BY_NAME: Final = {case.name: case for case in saved_files.CASES}
_MORE: Final = ("syntax in categories", "one slug", "id by file name", "site without title")
SAMPLE: Final = {
    case.name: case for case in (*(table[0] for table in saved_files.TABLES.values()), *map(_BY_NAME.__getitem__, _MORE))
}


class Newsroom(NamedTuple):
    root: Path
    server: ServerProcess


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    home = tmp_path_factory.mktemp("broken")
    root = saved_files.write(home / "content", {**SETTINGS, **saved_files.SOUND})
    server = ServerProcess(root, home / "state")
    try:
        yield Newsroom(root, server)
        server.terminate()
        assert server.wait() == 0
        assert "Traceback" not in server.stderr
    finally:
        server.kill()


@pytest.mark.parametrize("case", SAMPLE.values(), ids=SAMPLE)
def test_a_running_server_goes_on_and_tells_what_to_mend(newsroom: Newsroom, tmp_path: Path, case: Case) -> None:
    root, server = newsroom
    before = load_publication(saved_files.only(root, saved_files.before(case)), wall_clock())
    until(server, lambda told: not told["problems"] and bodies(before) == {p: g.body for p, g in answers(server, before).items()})
    was = answers(server, before)

    saved_files.write(root, case.files)
    until(server, lambda told: saved_files.told(told["problems"]) == saved_files.lines(case))
    like = load_publication(saved_files.write(tmp_path / "like", saved_files.expected(case)), wall_clock())
    now = answers(server, like)
    assert {path: got.body for path, got in now.items()} == bodies(like)
    same = [path for path in now if path in was and was[path].body == now[path].body]
    assert [path for path in same if headers(now[path]) != headers(was[path])] == []
    assert ask(server.url, "/readyz").status == 200


def until(server: ServerProcess, is_so: Callable[[dict[str, Any]], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not is_so(told := json.loads(ask(server.url, "/status").body)):
        assert time.monotonic() < end, told["problems"]
        time.sleep(0.02)


def headers(got: Response) -> dict[str, str]:
    """Without the dates: a Last-Modified that two quick changes pushed on is first sent when it has come."""
    return {name: value for name, value in got.headers.items() if name not in ("date", "last-modified")}


def answers(server: ServerProcess, edition: Publication) -> dict[str, Response]:
    return {path: ask(server.url, quote(path)) for path in edition.paths_with_redirects()}


def bodies(edition: Publication) -> dict[str, bytes]:
    found = {path: edition.resolve(path) for path in edition.paths_with_redirects()}
    files = {path: Path(one.location).read_bytes() for path, one in found.items() if isinstance(one, FileResource)}
    return {path: one.body for path, one in found.items() if isinstance(one, Document)} | files
