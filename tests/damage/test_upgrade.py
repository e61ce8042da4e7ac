"""A state folder of the version without checksums is upgraded without loss of valid data."""

from __future__ import annotations

import sqlite3
import zipfile
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from feedsvc.audience.databases import report_totals_since
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
HUB_URL, BASE_URL = "https://hub.example/", "https://news.example"
FIRST_ID, BRIDGE_ID = "tag:news.example,2026:a01", "tag:news.example,2026:다리"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Unpack a newsroom and its state folder as the version without checksums left them."""
    with zipfile.ZipFile(Path(__file__).with_name("before_checksums.zip")) as archive:
        archive.extractall(tmp_path)
    return tmp_path


def test_last_valid_versions_remain_after_the_upgrade(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        cache = ParseCache(home / "state/articles.sqlite")
        folder = ContentFolder(home / "content", cache=cache)
        content = folder.read().content
        folder.save()
        cache.close()
        last_valid_html = {
            article.slug: content.html(article) for article in content.articles if article.slug in ("a03", "single")
        }
        assert last_valid_html == {"a03": "<p>Words of 3.</p>", "single": "<p>A single one.</p>"}
        assert content.authors["mina"].name == "Mina Park"
        assert len(content.articles) == 71
    assert caplog.records == []


def test_last_modified_dates_remain_after_the_upgrade(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(LastModifiedStore(home / "state/modified.sqlite")) as store:
        assert store.last_modified("/", "x", LATER) == NOON
        assert store.last_modified("/feed.rss", "two", LATER) == NOON.replace(hour=13)
        assert store.last_modified("/feed.rss", "one", LATER, NOON) == NOON
    assert caplog.records == []


def test_read_counts_remain_after_the_upgrade(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = home / "state/views.sqlite"
    assert report_totals_since(file, None) == {FIRST_ID: 5, BRIDGE_ID: 7}
    with closing(SqliteReadStore(file)) as store:
        assert store.totals_since(None) == {FIRST_ID: 5, BRIDGE_ID: 7}
        for spool_file in read_spool_files(home / "state/unwritten"):
            for batch in spool_file.batches:
                store.add(batch.reads, batch.number, writer=spool_file.writer)
        assert store.totals_since(None) == {FIRST_ID: 7, BRIDGE_ID: 7}
        assert store.totals_since(date(2026, 3, 2)) == {FIRST_ID: 2, BRIDGE_ID: 7}
    assert report_totals_since(file, None) == {FIRST_ID: 7, BRIDGE_ID: 7}
    assert caplog.records == []


def test_announced_feeds_are_not_announced_again_after_the_upgrade(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(DeliveryQueue(home / "state/push.sqlite")) as queue:
        assert (
            queue.synchronize(
                HubSelection(base_url=BASE_URL, site_hubs=(HUB_URL,)), {f"{BASE_URL}/feed.rss": "1", f"{BASE_URL}/feed.atom": "1"}
            )
            == frozenset()
        )
        assert [(delivery.topic, delivery.attempts) for delivery in queue.pending_deliveries(HUB_URL)] == [
            (f"{BASE_URL}/feed.rss", 1)
        ]
        (hub,) = status.read_hub_statuses(home / "state/push.sqlite", BASE_URL)
        assert (hub.announced, hub.waiting, hub.last_success) == (1, 1, NOON)
        assert hub.last_failure
        assert hub.last_failure.what == "it failed"
    assert caplog.records == []


def test_reads_counted_by_the_old_version_after_the_upgrade_are_added_later(home: Path) -> None:
    """The old version creates its table again if it is missing."""
    file = home / "state/views.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'feedsvc_views'").fetchone()
    with closing(SqliteReadStore(file)) as store:
        assert store.total(FIRST_ID) == 5
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(sql)
        connection.execute("INSERT INTO feedsvc_views VALUES (?, '2026-03-01', 4), (?, '2026-03-04', 2)", (FIRST_ID, BRIDGE_ID))
    assert report_totals_since(file, None) == {FIRST_ID: 9, BRIDGE_ID: 9}
    with closing(SqliteReadStore(file)) as store:
        assert store.totals_since(None) == {FIRST_ID: 9, BRIDGE_ID: 9}


@pytest.mark.parametrize("name", ["articles", "modified", "views", "push"])
def test_damaged_file_of_the_old_version_does_not_stop_the_start(home: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    file = home / f"state/{name}.sqlite"
    data = bytearray(file.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 3000] = bytes(3000)
    file.write_bytes(data)
    operations = {
        "articles": lambda: ParseCache(file).load_records(),
        "modified": lambda: LastModifiedStore(file).last_modified("/", "x", LATER),
        "views": lambda: SqliteReadStore(file).totals_since(None),
        "push": lambda: DeliveryQueue(file).synchronize(
            HubSelection(base_url=BASE_URL, site_hubs=(HUB_URL,)), {f"{BASE_URL}/feed.rss": "1"}
        ),
    }
    operations[name]()
    assert all("\n" not in record.getMessage() for record in caplog.records)
