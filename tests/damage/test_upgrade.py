"""A state folder of the version that had no checksums is taken over: nothing valid in it is lost."""

from __future__ import annotations

import sqlite3
import zipfile
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from feedsvc.audience.readonly import report_totals_since
from feedsvc.audience.spool import read_spool_files
from feedsvc.audience.sqlite_store import SqliteReadStore
from feedsvc.content.cache.store import ParseCache
from feedsvc.content.folder.folder import ContentFolder
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.websub import status
from feedsvc.websub.hubs import HubSelection
from feedsvc.websub.queue import DeliveryQueue

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 5, 1, 12, tzinfo=UTC)
HUB, BASE = "https://hub.example/", "https://news.example"
ONE, BRIDGE = "tag:news.example,2026:a01", "tag:news.example,2026:다리"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A newsroom and its state folder, both as the version before left them."""
    with zipfile.ZipFile(Path(__file__).with_name("before_checksums.zip")) as packed:
        packed.extractall(tmp_path)
    return tmp_path


def test_last_valid_versions_outlive_the_upgrade(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        records = ParseCache(home / "state/articles.sqlite")
        folder = ContentFolder(home / "content", cache=records)
        content = folder.read().content
        folder.save()
        records.close()
        stood = {one.slug: content.html(one) for one in content.articles if one.slug in ("a03", "single")}
        assert stood == {"a03": "<p>Words of 3.</p>", "single": "<p>A single one.</p>"}
        assert content.authors["mina"].name == "Mina Park"
        assert len(content.articles) == 71
    assert caplog.records == []


def test_dates_outlive_the_upgrade(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(LastModifiedStore(home / "state/modified.sqlite")) as ledger:
        assert ledger.last_modified("/", "x", LATER) == NOON
        assert ledger.last_modified("/feed.rss", "two", LATER) == NOON.replace(hour=13)
        assert ledger.last_modified("/feed.rss", "one", LATER, NOON) == NOON
    assert caplog.records == []


def test_reads_outlive_the_upgrade(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = home / "state/views.sqlite"
    assert report_totals_since(file, None) == {ONE: 5, BRIDGE: 7}
    with closing(SqliteReadStore(file)) as views:
        assert views.totals_since(None) == {ONE: 5, BRIDGE: 7}
        for one in read_spool_files(home / "state/unwritten"):
            for batch in one.batches:
                views.add(batch.reads, batch.number, writer=one.writer)
        assert views.totals_since(None) == {ONE: 7, BRIDGE: 7}
        assert views.totals_since(date(2026, 3, 2)) == {ONE: 2, BRIDGE: 7}
    assert report_totals_since(file, None) == {ONE: 7, BRIDGE: 7}
    assert caplog.records == []


def test_what_hubs_were_told_outlives_the_upgrade(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(DeliveryQueue(home / "state/push.sqlite")) as store:
        assert (
            store.synchronize(HubSelection(base_url=BASE, site_hubs=(HUB,)), {f"{BASE}/feed.rss": "1", f"{BASE}/feed.atom": "1"})
            == frozenset()
        )
        assert [(one.topic, one.attempts) for one in store.pending_deliveries(HUB)] == [(f"{BASE}/feed.rss", 1)]
        (hub,) = status.read_hub_statuses(home / "state/push.sqlite", BASE)
        assert (hub.announced, hub.waiting, hub.last_success) == (1, 1, NOON)
        assert hub.last_failure
        assert hub.last_failure.what == "it failed"
    assert caplog.records == []


def test_reads_that_the_version_before_counts_meanwhile_are_added_later(home: Path) -> None:
    """It makes its table anew, where it finds none."""
    file = home / "state/views.sqlite"
    with closing(sqlite3.connect(file)) as rows:
        (sql,) = rows.execute("SELECT sql FROM sqlite_master WHERE name = 'feedsvc_views'").fetchone()
    with closing(SqliteReadStore(file)) as views:
        assert views.total(ONE) == 5
    with closing(sqlite3.connect(file)) as rows, rows:
        rows.execute(sql)
        rows.execute("INSERT INTO feedsvc_views VALUES (?, '2026-03-01', 4), (?, '2026-03-04', 2)", (ONE, BRIDGE))
    assert report_totals_since(file, None) == {ONE: 9, BRIDGE: 9}
    with closing(SqliteReadStore(file)) as views:
        assert views.totals_since(None) == {ONE: 9, BRIDGE: 9}


@pytest.mark.parametrize("name", ["articles", "modified", "views", "push"])
def test_a_damaged_file_of_the_version_before_ends_no_start(home: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    file = home / f"state/{name}.sqlite"
    data = bytearray(file.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 3000] = bytes(3000)
    file.write_bytes(data)
    uses = {
        "articles": lambda: ParseCache(file).load_records(),
        "modified": lambda: LastModifiedStore(file).last_modified("/", "x", LATER),
        "views": lambda: SqliteReadStore(file).totals_since(None),
        "push": lambda: DeliveryQueue(file).synchronize(HubSelection(base_url=BASE, site_hubs=(HUB,)), {f"{BASE}/feed.rss": "1"}),
    }
    uses[name]()
    assert all("\n" not in record.getMessage() for record in caplog.records)
