"""Two workers share limits and revocations of private feeds, with the file of the state folder and with PostgreSQL."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.audience.postgres import schema
from tests.audience.relay import Relay, run_relay
from tests.audience.waiting import wait_until
from tests.cli.command_line import run_feedsvc
from tests.helpers.http_client import ask
from tests.live.served_content import MonitoredServer
from tests.web.newsroom import write_newsroom
from tests.workers.running_workers import responses_by_worker, running_workers

FEEDS = "wire: {title: The wire, include: {categories: [business]}, access: private}\n"


@dataclass(frozen=True)
class Site:
    """Two workers, and the options with which commands find their tokens."""

    server: MonitoredServer
    content: Path
    options: tuple[str, ...]
    relay: Relay | None

    def add(self, name: str, *options: str) -> str:
        result = run_feedsvc("token", "add", "wire", name, self.content, *self.options, *options)
        assert result.returncode == 0, result.stderr
        return urlsplit(result.stdout.strip()).path

    def revoke(self, name: str) -> None:
        assert run_feedsvc("token", "revoke", name, self.content, *self.options).returncode == 0

    def fetches(self) -> dict[str, int]:
        result = run_feedsvc("token", "list", self.content, *self.options, "--json")
        return {token["name"]: token["fetches"] for token in json.loads(result.stdout)}

    def status(self, path: str) -> int:
        return ask(self.server.url, path).status

    def alerts(self) -> list[str]:
        """Return the alert about tokens of each worker, "" if it has none."""
        responses = responses_by_worker(self.server, "/status").values()
        return [json.loads(response.body)["alerts"].get("tokens", "") for response in responses]


@contextmanager
def running_site(folder: Path, kind: str) -> Iterator[Site]:
    content = write_newsroom(folder / "content")
    (content / "feeds.yaml").write_text(FEEDS)
    with ExitStack() as stack:
        options, relay = ("--state", str(folder / "state")), None
        server_options: tuple[str, ...] = ()
        if kind == "postgresql":
            postgres = stack.enter_context(schema())
            relay = stack.enter_context(run_relay(postgres.host, postgres.port))
            options = (*options, "--database", postgres.url())
            server_options = ("--database", postgres.url(relay.port))
        server = stack.enter_context(running_workers(content, folder / "state", *server_options))
        yield Site(server, content, options, relay)


@pytest.mark.parametrize("kind", ["file", "postgresql"])
def test_limits_count_over_both_workers_and_a_revocation_holds_in_both_at_once(tmp_path: Path, kind: str) -> None:
    with running_site(tmp_path, kind) as site:
        path = site.add("alice", "--limit-fetches", "20/hour")
        assert {number: response.status for number, response in responses_by_worker(site.server, path).items()} == {
            1: 200,
            2: 200,
        }
        used = site.fetches()["alice"]
        assert used >= 2
        with ThreadPoolExecutor(8) as pool:
            statuses = Counter(pool.map(lambda _: site.status(path), range(40)))
        assert statuses == {200: 20 - used, 429: 20 + used}
        assert site.fetches() == {"alice": 20}
        other = site.add("bob")
        assert site.status(other) == 200
        site.revoke("bob")
        responses = responses_by_worker(site.server, other)
        assert [response.status for response in responses.values()] == [410, 410]
        site.revoke("alice")
        assert [response.status for response in responses_by_worker(site.server, path).values()] == [410, 410]


def test_an_outage_of_postgresql_is_a_503_for_private_feeds_only(tmp_path: Path) -> None:
    with running_site(tmp_path, "postgresql") as site:
        assert site.relay
        path = site.add("alice")
        assert site.status(path) == 200
        site.relay.disconnect()
        assert {response.status for response in responses_by_worker(site.server, path).values()} == {503}
        for public in ("/feed.rss", "/", "/articles/bay/", "/feed.json"):
            assert site.status(public) == 200
        wait_until(lambda: "tokens" in json.loads(ask(site.server.url, "/status").body)["alerts"])
        site.relay.reopen()
        wait_until(lambda: {response.status for response in responses_by_worker(site.server, path).values()} == {200})
        assert path.split("/")[2] not in "".join(site.server.lines)


@pytest.mark.timing
def test_a_hanging_database_leaves_threads_for_everything_else(tmp_path: Path) -> None:
    with running_site(tmp_path, "postgresql") as site:
        assert site.relay
        path = site.add("alice")
        responses_by_worker(site.server, path)
        site.relay.pause()
        with ThreadPoolExecutor(8) as pool:
            private = [pool.submit(site.status, path) for _ in range(8)]
            time.sleep(0.2)
            start = time.monotonic()
            for _ in range(20):
                assert site.status("/feed.rss") == 200
            assert time.monotonic() - start < 3
            assert {future.result() for future in private} == {503}
        site.relay.resume()
        wait_until(lambda: site.status(path) == 200)


def test_a_damaged_file_stays_and_all_workers_answer_503_until_a_backup_is_back(tmp_path: Path) -> None:
    with running_site(tmp_path, "file") as site:
        path, file = site.add("alice"), tmp_path / "state/tokens.sqlite"
        responses_by_worker(site.server, path)
        backup, damaged = file.read_bytes(), b"Notes. " * 2000
        # A truncated file would be read without damage while its journal still has the pages.
        file.write_bytes(damaged)
        wait_until(lambda: {response.status for response in responses_by_worker(site.server, path).values()} == {503})
        result = run_feedsvc("token", "list", site.content, *site.options)
        assert (result.returncode, result.stdout) == (2, "")
        assert "put a backup in its place" in result.stderr
        wait_until(lambda: all("put a backup in its place" in alert for alert in site.alerts()))
        assert site.status("/feed.rss") == 200
        assert file.read_bytes()[:4096] == damaged[:4096]  # SQLite may have written its journal behind that
        (tmp_path / "backup").write_bytes(backup)
        os.rename(tmp_path / "backup", file)
        wait_until(lambda: {response.status for response in responses_by_worker(site.server, path).values()} == {200})
        wait_until(lambda: site.alerts() == ["", ""])
