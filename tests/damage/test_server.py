"""A real server with a state folder that is damaged before it starts or while it runs."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from urllib.parse import quote

import pytest

from tests.audience.waiting import wait_until
from tests.damage.damages import DAMAGES, Target
from tests.damage.newsroom import BROKEN_PATH, RECORDS_FILE, NewsroomWithState
from tests.damage.test_damage import SEED
from tests.helpers.http_client import ask, ask_until_final
from tests.helpers.seeds import seed_of_run
from tests.kills import invariants
from tests.kills.newsroom import PublishedDocuments, article
from tests.live.served_content import MonitoredServer, monitored_server

DAMAGE_TEXT = "articles.sqlite.damaged"


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> NewsroomWithState:
    return NewsroomWithState(tmp_path_factory.mktemp("newsroom"), "own")


@pytest.fixture
def state(newsroom: NewsroomWithState, tmp_path: Path) -> Path:
    return Path(shutil.copytree(newsroom.states[0], tmp_path / "state"))


def find_response_differences(server: MonitoredServer, edition: PublishedDocuments) -> list[str]:
    responses = {address: ask_until_final(server.url, quote(address)) for address in edition}
    return [
        *invariants.find_response_differences(
            {address: (response.status, response.body) for address, response in responses.items()}, edition
        )
    ]


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("part", range(2))
def test_server_starts_with_damaged_state_folder_and_serves_every_document(
    newsroom: NewsroomWithState, tmp_path: Path, part: int, workers: str
) -> None:
    seed = f"{SEED or seed_of_run()}-served-{part}-{workers}"
    sys.stdout.write(f"seed {seed}\n")
    random, state = Random(seed), tmp_path / "state"
    shutil.copytree(newsroom.states[part], state)
    for _ in range(3):
        random.choice(DAMAGES)(Target(state=state, random=random, other_folders=(newsroom.older,), is_running=False))
    for _ in range(2):
        with monitored_server(newsroom.editors.root, state, "--workers", workers) as server:
            assert find_response_differences(server, newsroom.documents) == [], seed


def test_database_overwritten_with_text_is_replaced_and_logged_in_one_line(newsroom: NewsroomWithState, state: Path) -> None:
    (state / RECORDS_FILE).write_bytes(b"Somebody's notes. " * 5000)
    with monitored_server(newsroom.editors.root, state) as server:
        assert find_response_differences(server, newsroom.documents) == []
    lines = [line for line in "".join(server.lines).splitlines() if DAMAGE_TEXT in line]
    assert len(lines) == 1
    assert lines[0].startswith(f"feedsvc: {state / RECORDS_FILE} cannot be used (file is not a database) and was renamed to ")
    assert lines[0].endswith("; the service goes on")


@pytest.fixture
def documents_without_broken_article(newsroom: NewsroomWithState) -> Iterator[PublishedDocuments]:
    """Break an article; return the documents that a start with an empty state folder publishes then. Repair it after the test."""
    before = newsroom.editors.files[BROKEN_PATH]
    yield newsroom.break_article()
    newsroom.editors.save(BROKEN_PATH, before)


def test_last_valid_text_damaged_while_server_runs_does_not_break_pages_permanently(
    newsroom: NewsroomWithState, state: Path, documents_without_broken_article: PublishedDocuments
) -> None:
    """Before the fix, the article and every listing with it had status 500 wait_until the file was repaired."""
    with monitored_server(newsroom.editors.root, state) as server:
        assert find_response_differences(server, newsroom.documents) == []
        with closing(sqlite3.connect(state / RECORDS_FILE)) as connection, connection:
            connection.execute("UPDATE text SET markdown = 'x'")
        newsroom.editors.save("articles/late.yaml", article("late", "late"))  # so that pages are rendered again
        newsroom.editors.delete("articles/late.yaml")
        wait_until(
            lambda: (
                find_response_differences(server, documents_without_broken_article) == []
                or find_response_differences(server, newsroom.documents) == []
            )
        )
    with monitored_server(newsroom.editors.root, state) as server:
        assert find_response_differences(server, documents_without_broken_article) == []


def test_page_whose_text_is_lost_is_503_until_its_article_is_removed(
    newsroom: NewsroomWithState, state: Path, documents_without_broken_article: PublishedDocuments
) -> None:
    with monitored_server(newsroom.editors.root, state) as server:
        with closing(sqlite3.connect(state / RECORDS_FILE)) as connection, connection:
            connection.execute("UPDATE text SET markdown = 'x'")
        response = ask(server.url, "/articles/first-03/")
        assert (response.status, response["retry-after"], response["cache-control"]) == (503, "1", "no-store")
        wait_until(lambda: ask(server.url, "/articles/first-03/").status == 404)
        wait_until(lambda: find_response_differences(server, documents_without_broken_article) == [])
