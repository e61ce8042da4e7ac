"""A running server with a watcher: one broken file of each kind, and some that affect other files."""

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
_CASES_THAT_AFFECT_OTHER_FILES: Final = (
    "syntax error in categories",
    "same slug twice",
    "id equal to a generated id",
    "site without title",
)
SAMPLE: Final = {
    case.name: case
    for case in (*(table[0] for table in saved_files.TABLES.values()), *map(_BY_NAME.__getitem__, _CASES_THAT_AFFECT_OTHER_FILES))
}


class Newsroom(NamedTuple):
    root: Path
    server: ServerProcess


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    folder = tmp_path_factory.mktemp("broken")
    root = saved_files.write(folder / "content", {**SETTINGS, **saved_files.VALID_FILES})
    server = ServerProcess(root, folder / "state")
    try:
        yield Newsroom(root, server)
        server.terminate()
        assert server.wait() == 0
        assert "Traceback" not in server.stderr
    finally:
        server.kill()


@pytest.mark.parametrize("case", SAMPLE.values(), ids=SAMPLE)
def test_a_running_server_serves_the_last_valid_version_and_reports_the_problem(
    newsroom: Newsroom, tmp_path: Path, case: Case
) -> None:
    root, server = newsroom
    before = load_publication(saved_files.write_only(root, saved_files.before(case)), wall_clock())
    wait_until(
        server,
        lambda status_document: (
            not status_document["problems"]
            and bodies(before) == {path: response.body for path, response in request_all(server, before).items()}
        ),
    )
    former_responses = request_all(server, before)

    saved_files.write_broken_last(root, case)
    wait_until(
        server, lambda status_document: saved_files.messages(status_document["problems"]) == saved_files.expected_messages(case)
    )
    expected_edition = load_publication(saved_files.write(tmp_path / "like", saved_files.expected(case)), wall_clock())
    responses = request_all(server, expected_edition)
    assert {path: response.body for path, response in responses.items()} == bodies(expected_edition)
    unchanged = [path for path in responses if path in former_responses and former_responses[path].body == responses[path].body]
    assert [path for path in unchanged if comparable_headers(responses[path]) != comparable_headers(former_responses[path])] == []
    assert ask(server.url, "/readyz").status == 200


def wait_until(server: ServerProcess, condition: Callable[[dict[str, Any]], bool]) -> None:
    """Poll /status until the condition holds."""
    deadline = time.monotonic() + SECONDS
    while not condition(status_document := json.loads(ask(server.url, "/status").body)):
        assert time.monotonic() < deadline, status_document["problems"]
        time.sleep(0.02)


def comparable_headers(response: Response) -> dict[str, str]:
    """Return the headers without dates: after two quick changes Last-Modified lies in the future and is not sent until then."""
    return {name: value for name, value in response.headers.items() if name not in ("date", "last-modified")}


def request_all(server: ServerProcess, edition: Publication) -> dict[str, Response]:
    """Return path -> response for every path of the edition."""
    return {path: ask(server.url, quote(path)) for path in edition.paths_with_redirects()}


def bodies(edition: Publication) -> dict[str, bytes]:
    """Return path -> body for every path of the edition, redirects excluded."""
    resources = {path: edition.resolve(path) for path in edition.paths_with_redirects()}
    files = {
        path: Path(resource.location).read_bytes() for path, resource in resources.items() if isinstance(resource, FileResource)
    }
    return {path: resource.body for path, resource in resources.items() if isinstance(resource, Document)} | files
