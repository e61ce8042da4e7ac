"""Several workers are one server to readers: the same bytes, tags and dates from each, after every change."""

import json
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedsvc.publication.last_modified import LastModifiedStore
from tests.audience.waiting import until
from tests.helpers.http_client import ask
from tests.live.served_content import Followed, addresses
from tests.web.newsroom import write_article, write_newsroom
from tests.workers.running_workers import of_each, processes, team, told

_FISH = "title: {title}\npublished: 2026-02-12\ncategory: business\nauthor: mina-park"


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_newsroom(tmp_path_factory.mktemp("together") / "content")


@pytest.fixture(scope="module")
def server(content: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Followed]:
    with team(content, tmp_path_factory.mktemp("state")) as one:
        yield one


def disagreeing(server: Followed, paths: list[str]) -> list[str]:
    """The paths that two workers answer differently."""
    answers = {path: of_each(server, path) for path in paths}
    facts = {
        path: {(got.status, got["etag"], got["last-modified"], got["location"], got.body) for got in each.values()}
        for path, each in answers.items()
    }
    return [path for path, found in facts.items() if len(found) != 1]


def test_every_document_is_the_same_from_each(server: Followed, content: Path) -> None:
    # A date is not sent before its second has come; a document that is asked for at the end of a second may have the next one's.
    until(lambda: not disagreeing(server, addresses(content)))


@pytest.mark.parametrize("how", ["the bell", "SIGHUP"])
def test_a_save_reaches_all_and_they_agree_again(server: Followed, content: Path, how: str) -> None:
    write_article(content, "fish", _FISH.format(title=f"Fish, by {how}"))
    if how == "SIGHUP":
        server.process.send_signal(signal.SIGHUP)
    until(lambda: all(how.encode() in got.body for got in of_each(server, "/feed.rss").values()))
    # A date that is the next second's, since this one has had a text already, is not sent before it has come.
    until(lambda: not disagreeing(server, ["/", "/feed.rss", "/feed.atom", "/feed.json", "/articles/fish/", "/sitemap.xml"]))


def test_each_tells_of_all(server: Followed) -> None:
    facts = [json.loads(got.body)["workers"] for got in of_each(server, "/status").values()]
    assert sorted(each["answering"] for each in facts) == [1, 2]
    assert [each["of"] for each in facts] == [2, 2]
    assert facts[0]["processes"] == facts[1]["processes"]
    assert server.process.pid not in facts[0]["processes"].values()


def test_a_killed_worker_is_replaced_and_the_other_serves_on(content: Path, tmp_path: Path) -> None:
    with team(content, tmp_path) as server:
        before = processes(server)
        os.kill(before["2"], signal.SIGKILL)
        until(lambda: processes(server)["1"] == before["1"] and processes(server).get("2") not in (None, before["2"]))
        until(lambda: not disagreeing(server, ["/feed.rss", "/", "/articles/fish/"]))
    assert f"feedsvc: worker 2 (process {before['2']}) ended by SIGKILL; a new worker replaces it in 1 second\n" in server.stderr


def test_editors_hear_of_a_problem_once(content: Path, tmp_path: Path) -> None:
    root = write_newsroom(tmp_path / "content")
    with team(root, tmp_path / "state", number=3) as server:
        (root / "articles" / "bad.yaml").write_text("title: 5\n")
        until(lambda: any("bad.yaml" in line for line in server.lines))
        until(lambda: all(b"bad.yaml" in got.body for got in of_each(server, "/status", 3).values()))
        (root / "articles" / "bad.yaml").unlink()
        until(lambda: all(b"bad.yaml" not in got.body for got in of_each(server, "/status", 3).values()))
        until(lambda: "articles/bad.yaml: no problem any more\n" in server.lines)
    assert server.lines.count("articles/bad.yaml: no problem any more\n") == 1
    told_lines = [line for line in server.lines if "bad.yaml:" in line]
    assert len(told_lines) == len(set(told_lines))


def test_reads_of_all_workers_add_up(content: Path, tmp_path: Path) -> None:
    headers = {"Sec-Fetch-Site": "same-origin", "Content-Length": "0"}
    with team(content, tmp_path) as server:
        for number in range(20):
            agent = {"User-Agent": f"Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0 Number/{number}"}
            assert ask(server.url, "/articles/bay/views", {**headers, **agent}, "POST").status == 204
        until(lambda: all(got.body == b'{"views": 20}' for got in of_each(server, "/articles/bay/views").values()))


def test_a_worker_that_has_not_read_a_change_yet_does_not_take_its_date_away(tmp_path: Path) -> None:
    """The two gave one feed two dates for ever, where the slower made the old text for the first time just then."""
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def at(second: int) -> datetime:
        return noon + timedelta(seconds=second)

    quick, slow = (LastModifiedStore(tmp_path / "modified.sqlite") for _ in range(2))
    assert quick.last_modified("/feed.rss", "old", at(1), at(0)) == at(1)
    assert quick.last_modified("/feed.rss", "new", at(10), at(10)) == at(10)
    assert slow.last_modified("/feed.rss", "old", at(10), at(5)) == at(1)
    assert slow.last_modified("/feed.rss", "older", at(10), at(5)) is None
    assert slow.last_modified("/feed.rss", "new", at(11), at(11)) == at(10)
    assert slow.last_modified("/feed.rss", "old", at(12), at(12)) == at(12)
    quick.close()
    slow.close()


def test_the_address_is_told_once_all_are_ready(content: Path, tmp_path: Path) -> None:
    with team(content, tmp_path, number=3) as server:
        assert told(server)["of"] == 3
        assert sorted(processes(server)) == ["1", "2", "3"]
    assert server.stderr.count("\n") == 1
    assert server.stderr.endswith(" with 3 workers\n")


def counted(server: Followed) -> float:
    """How many answers of a feed all workers have given, by what one of them says."""
    lines = ask(server.url, "/metrics").body.decode().splitlines()
    head = 'feedsvc_requests_total{format="rss",kind="feed",status="200"} '
    return sum(float(line.removeprefix(head)) for line in lines if line.startswith(head))


def test_metrics_are_of_all_workers_and_never_jump(server: Followed) -> None:
    seen = [counted(server)]
    for _ in range(10):
        ask(server.url, "/feed.rss")
        seen.append(counted(server))
    assert seen == sorted(seen)
    # What another worker counted is told within a second or so.
    until(lambda: counted(server) >= seen[0] + 10)
    text = ask(server.url, "/metrics").body.decode()
    assert all(f'feedsvc_edition{{worker="{number}"}}' in text for number in (1, 2))
