"""Several workers behave as one server: each sends the same bytes, entity tags and dates, after every change."""

import json
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedsvc.publication.last_modified import LastModifiedStore
from tests.audience.waiting import wait_until
from tests.helpers.http_client import ask
from tests.live.served_content import MonitoredServer, known_paths
from tests.web.newsroom import write_article, write_newsroom
from tests.workers.running_workers import fetch_workers, responses_by_worker, running_workers, worker_pids

_FISH = "title: {title}\npublished: 2026-02-12\ncategory: business\nauthor: mina-park"


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_newsroom(tmp_path_factory.mktemp("together") / "content")


@pytest.fixture(scope="module")
def server(content: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MonitoredServer]:
    with running_workers(content, tmp_path_factory.mktemp("state")) as server:
        yield server


def differing_paths(server: MonitoredServer, paths: list[str]) -> list[str]:
    """Return the paths for which two workers send different responses."""
    responses = {path: responses_by_worker(server, path) for path in paths}
    variants = {
        path: {
            (response.status, response["etag"], response["last-modified"], response["location"], response.body)
            for response in by_worker.values()
        }
        for path, by_worker in responses.items()
    }
    return [path for path, responses_of_path in variants.items() if len(responses_of_path) != 1]


def test_every_worker_sends_the_same_document(server: MonitoredServer, content: Path) -> None:
    # A Last-Modified in the next second is not sent yet: a document rendered at the end of a second may have such a date.
    wait_until(lambda: not differing_paths(server, known_paths(content)))


@pytest.mark.parametrize("trigger", ["the watcher", "SIGHUP"])
def test_saved_article_reaches_every_worker(server: MonitoredServer, content: Path, trigger: str) -> None:
    write_article(content, "fish", _FISH.format(title=f"Fish, by {trigger}"))
    if trigger == "SIGHUP":
        server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: all(trigger.encode() in response.body for response in responses_by_worker(server, "/feed.rss").values()))
    # A second version within one second is dated with the next second, and that date is not sent before it has come.
    wait_until(
        lambda: not differing_paths(server, ["/", "/feed.rss", "/feed.atom", "/feed.json", "/articles/fish/", "/sitemap.xml"])
    )


def test_status_of_each_worker_lists_all_workers(server: MonitoredServer) -> None:
    entries = [json.loads(response.body)["workers"] for response in responses_by_worker(server, "/status").values()]
    assert sorted(entry["answering"] for entry in entries) == [1, 2]
    assert [entry["of"] for entry in entries] == [2, 2]
    assert entries[0]["processes"] == entries[1]["processes"]
    assert server.process.pid not in entries[0]["processes"].values()


def test_killed_worker_is_replaced_while_the_other_serves(content: Path, tmp_path: Path) -> None:
    with running_workers(content, tmp_path) as server:
        pids_before = worker_pids(server)
        os.kill(pids_before["2"], signal.SIGKILL)
        wait_until(
            lambda: worker_pids(server)["1"] == pids_before["1"] and worker_pids(server).get("2") not in (None, pids_before["2"])
        )
        wait_until(lambda: not differing_paths(server, ["/feed.rss", "/", "/articles/fish/"]))
    assert (
        f"feedsvc: worker 2 (process {pids_before['2']}) ended by SIGKILL; a new worker replaces it in 1 second\n"
        in server.stderr
    )


def test_problem_is_logged_once_by_all_workers_together(content: Path, tmp_path: Path) -> None:
    root = write_newsroom(tmp_path / "content")
    with running_workers(root, tmp_path / "state", number=3) as server:
        (root / "articles" / "bad.yaml").write_text("title: 5\n")
        wait_until(lambda: any("bad.yaml" in line for line in server.lines))
        wait_until(lambda: all(b"bad.yaml" in response.body for response in responses_by_worker(server, "/status", 3).values()))
        (root / "articles" / "bad.yaml").unlink()
        wait_until(
            lambda: all(b"bad.yaml" not in response.body for response in responses_by_worker(server, "/status", 3).values())
        )
        wait_until(lambda: "articles/bad.yaml: no problem any more\n" in server.lines)
    assert server.lines.count("articles/bad.yaml: no problem any more\n") == 1
    problem_lines = [line for line in server.lines if "bad.yaml:" in line]
    assert len(problem_lines) == len(set(problem_lines))


def test_read_counts_of_all_workers_are_added(content: Path, tmp_path: Path) -> None:
    headers = {"Sec-Fetch-Site": "same-origin", "Content-Length": "0"}
    with running_workers(content, tmp_path) as server:
        for number in range(20):
            agent = {"User-Agent": f"Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0 Number/{number}"}
            assert ask(server.url, "/articles/bay/views", {**headers, **agent}, "POST").status == 204
        wait_until(
            lambda: all(
                response.body == b'{"views": 20}' for response in responses_by_worker(server, "/articles/bay/views").values()
            )
        )


def test_worker_with_the_old_edition_does_not_change_the_date_of_the_new_one(tmp_path: Path) -> None:
    """Two workers once sent different dates for one feed if the slower one rendered the old text first after the change."""
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def at(second: int) -> datetime:
        return noon + timedelta(seconds=second)

    first_store, second_store = (LastModifiedStore(tmp_path / "modified.sqlite") for _ in range(2))
    assert first_store.last_modified("/feed.rss", "old", at(1), at(0)) == at(1)
    assert first_store.last_modified("/feed.rss", "new", at(10), at(10)) == at(10)
    assert second_store.last_modified("/feed.rss", "old", at(10), at(5)) == at(1)
    assert second_store.last_modified("/feed.rss", "older", at(10), at(5)) is None
    assert second_store.last_modified("/feed.rss", "new", at(11), at(11)) == at(10)
    assert second_store.last_modified("/feed.rss", "old", at(12), at(12)) == at(12)
    first_store.close()
    second_store.close()


def test_address_is_logged_once_when_all_workers_are_ready(content: Path, tmp_path: Path) -> None:
    with running_workers(content, tmp_path, number=3) as server:
        assert fetch_workers(server)["of"] == 3
        assert sorted(worker_pids(server)) == ["1", "2", "3"]
    assert server.stderr.count("\n") == 2
    assert " with 3 workers\n" in server.stderr


def count_rss_responses(server: MonitoredServer) -> float:
    """Return how many RSS responses all workers have sent, as one of them reports in /metrics."""
    lines = ask(server.url, "/metrics").body.decode().splitlines()
    head = 'feedsvc_requests_total{format="rss",kind="feed",status="200"} '
    return sum(float(line.removeprefix(head)) for line in lines if line.startswith(head))


def test_metrics_sum_all_workers_and_never_decrease(server: MonitoredServer) -> None:
    counts = [count_rss_responses(server)]
    for _ in range(10):
        ask(server.url, "/feed.rss")
        counts.append(count_rss_responses(server))
    assert counts == sorted(counts)
    # The counts of other workers arrive within about a second.
    wait_until(lambda: count_rss_responses(server) >= counts[0] + 10)
    text = ask(server.url, "/metrics").body.decode()
    assert all(f'feedsvc_edition{{worker="{number}"}}' in text for number in (1, 2))
