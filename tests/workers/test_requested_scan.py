"""A worker scans the whole folder on the request of another worker, and confirms the scan when it serves the result."""

from pathlib import Path

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.live.watcher import Watcher
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.web.shared_memory import WorkerTable
from tests.audience.waiting import wait_until
from tests.web.newsroom import write_article, write_newsroom


def test_confirmed_scan_serves_every_file_saved_before_the_request(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content")
    table = WorkerTable(2)
    one, other = table.slot(1), table.slot(2)
    one.register()
    other.register()
    live = Live(ContentFolder(content), LastModifiedStore(None))
    watcher = Watcher(content, live, peers=other)
    watcher.start()
    try:
        for number in range(5):
            write_article(content, f"new-{number}", f"title: New {number}\npublished: 2026-02-12\ncategory: culture")
            is_confirmed = one.sync_barrier()
            wait_until(is_confirmed)
            assert f"new-{number}" in live.edition.publication.catalog.visible
            assert not other.is_rescan_requested()
    finally:
        watcher.stop()


def test_starting_worker_counts_as_having_scanned() -> None:
    table = WorkerTable(2)
    is_confirmed = table.slot(1).sync_barrier()
    assert is_confirmed()
    table.slot(2).register()
    assert is_confirmed()
