"""Two services over the same content, each with a state folder of its own: nobody can tell them apart, nor misses one."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote

import click
import pytest

from bench.headers import BROWSER
from feedsvc.cli import main
from tests.audience.waiting import until
from tests.deploy.nginx_proxy import proxied
from tests.deploy.test_cache import PROXY
from tests.helpers import newsrooms
from tests.helpers.http_client import SECONDS, Response, ask, without_date
from tests.helpers.running_server import ServerProcess, serving
from tests.live.served_content import addresses, problems
from tests.web.newsroom import write_article, write_newsroom

REPLICA: Final = (*PROXY, "--no-last-modified")
FORMS: Final[tuple[Mapping[str, str], ...]] = ({}, {"Accept-Encoding": "br"}, {"Accept-Encoding": "zstd, gzip"}, BROWSER)


def edit(content: Path) -> None:
    """What editors do while one of the two is running already."""
    write_article(
        content, "fish", "title: Fish again\npublished: 2026-02-12\ncategory: business\nauthor: mina-park\ntags: [Bridges]"
    )
    write_article(content, "gale", "title: A gale\npublished: 2026-02-20\ncategory: culture\nauthor: tuan-le\naliases: [storm]")
    (content / "articles/clock.yaml").unlink()
    newsrooms.write(content, {"authors.yaml": (content / "authors.yaml").read_text() + "new-one: {name: Somebody New}\n"})


class Pair:
    """The older one saw the content change, step by step; the newer one began with what came of it."""

    def __init__(self, content: Path, older: ServerProcess, newer: ServerProcess) -> None:
        self.content, self.older, self.newer = content, older, newer
        self.paths = [quote(path, safe="/~") for path in addresses(content)]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    home = tmp_path_factory.mktemp("replicas")
    content = write_newsroom(home / "content")
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=5)
    newsrooms.write(content, newsrooms.article("due", due.isoformat(), title="Dueword", author="tuan-le", category="culture"))
    with serving(content, home / "older", *REPLICA) as older:
        for path in addresses(content):
            ask(older.url, quote(path))
        edit(content)
        until(lambda: b"Dueword" in ask(older.url, "/feed.rss").body and ask(older.url, "/articles/clock/").status == 404)
        with serving(content, home / "newer", *REPLICA) as newer:
            assert problems(older) == problems(newer) == []
            yield Pair(content, older, newer)


def said(got: Response) -> tuple[int, dict[str, str], bytes]:
    return got.status, without_date(got.headers), got.body


def test_every_document_has_equal_bytes_and_equal_entity_tags(pair: Pair) -> None:
    assert len(pair.paths) > 60
    for path in pair.paths:
        for form in FORMS:
            one, other = (ask(server.url, path, form) for server in (pair.older, pair.newer))
            assert said(one) == said(other), path
            assert one.status != 200 or one["ETag"], path
            assert "last-modified" not in one.headers, path


def test_a_reader_that_is_sent_from_one_to_the_other_gets_304(pair: Pair) -> None:
    for one, other in ((pair.older, pair.newer), (pair.newer, pair.older)):
        asked = 0
        for path in pair.paths:
            for form in FORMS:
                got = ask(one.url, path, form)
                if got.status == 200:
                    asked += 1
                    assert ask(other.url, path, {**form, "If-None-Match": got["ETag"]}).status == 304, path
        assert asked > 100


@pytest.mark.parametrize("path", ["/feed.rss", "/", "/media/logo.svg"])
def test_a_reader_that_has_only_a_date_gets_a_full_answer(pair: Pair, path: str) -> None:
    """From a time when dates were sent, or of its own making: no date of one says anything of the other's bytes."""
    for date in ("Sun, 01 Mar 2026 12:00:00 GMT", "Tue, 01 Jan 2097 00:00:00 GMT"):
        got = ask(pair.older.url, path, {"If-Modified-Since": date})
        assert (got.status, got["Last-Modified"]) == (200, "")
        assert got.body == ask(pair.newer.url, path).body


@pytest.mark.parametrize(("variable", "is_undated"), [("1", True), ("yes", True), ("no", False), ("", False)])
def test_the_variable_does_what_the_option_does(monkeypatch: pytest.MonkeyPatch, variable: str, is_undated: bool) -> None:
    monkeypatch.setenv("FEEDSVC_NO_LAST_MODIFIED", variable)
    serve = main.get_command(click.Context(main), "serve")
    assert serve
    assert serve.make_context("serve", []).params["no_last_modified"] is is_undated


class Load:
    """Readers that ask without pause, each on a connection of its own, until they are told to end; half a minute at most."""

    def __init__(self, port: int, expected: Mapping[tuple[str, str], Response], readers: int = 4) -> None:
        self._port, self._expected, self._end = port, expected, time.monotonic() + SECONDS
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self.answers: Counter[str] = Counter()
        self._readers = [threading.Thread(target=self._read, args=(number,)) for number in range(readers)]
        for reader in self._readers:
            reader.start()

    def stop(self) -> None:
        self._stopping.set()
        for reader in self._readers:
            reader.join()

    def _read(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=SECONDS)
        asked = [*self._expected.items()]
        turn = number * 7
        while not self._stopping.is_set() and time.monotonic() < self._end:
            (path, form), expected = asked[turn % len(asked)]
            turn += 1
            found = self._ask(connection, path, {"Sec-Fetch-Dest": form} if form else {}, expected)
            with self._lock:
                self.answers[found] += 1
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str], expected: Response) -> str:
        try:
            connection.request("GET", path, headers={"Accept-Encoding": "identity", **headers})
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return f"{path}: {error!r}"
        right = (answer.status, answer.headers.get("ETag", ""), body) == (expected.status, expected["ETag"], expected.body)
        return "right" if right else f"{path}: {answer.status}, {len(body)} bytes"


def test_killing_one_under_load_loses_no_request(tmp_path: Path) -> None:
    """Feeds as browsers ask for them are kept nowhere, so that each of these reaches a service; the rest is kept or fetched."""
    content = write_newsroom(tmp_path / "content")
    one, other = (ServerProcess(content, tmp_path / name, *REPLICA) for name in ("one", "other"))
    try:
        with proxied(tmp_path / "nginx", one.url, other.url, name="nginx-replicas.conf") as nginx:
            plain = {(quote(path), "") for path in addresses(content)}
            feeds = {(path, "document") for path, _ in plain if path.endswith(("feed.rss", "feed.atom"))}
            expected = {
                (path, form): ask(other.url, path, {"Sec-Fetch-Dest": form} if form else {})
                for path, form in sorted(plain | feeds)
            }
            assert len(feeds) > 20
            load = Load(nginx.port, expected)
            until(lambda: load.answers["right"] > 500)
            one.kill()
            killed = load.answers["right"]
            until(lambda: load.answers["right"] > killed + 1000)
            load.stop()
            assert set(load.answers) == {"right"}, load.answers
            assert "upstream" in (tmp_path / "nginx/log").read_text(), "nginx noticed that one had gone"
    finally:
        for server in (one, other):
            server.kill()
