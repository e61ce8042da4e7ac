"""A worker that is asked looks at the whole folder, and says so once what it found is served."""

from pathlib import Path

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.live.watcher import Watcher
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.web.shared_memory import WorkerTable
from tests.audience.waiting import until
from tests.web.newsroom import write_article, write_newsroom


def test_asked_it_serves_all_that_was_saved_before(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content")
    board = WorkerTable(2)
    one, other = board.slot(1), board.slot(2)
    one.register()
    other.register()
    live = Live(ContentFolder(content), LastModifiedStore(None))
    watcher = Watcher(content, live, peers=other)
    watcher.start()
    try:
        for number in range(5):
            write_article(content, f"new-{number}", f"title: New {number}\npublished: 2026-02-12\ncategory: culture")
            question = one.sync_barrier()
            until(question)
            assert f"new-{number}" in live.edition.publication.catalog.visible
            assert not other.is_rescan_requested()
    finally:
        watcher.stop()


def test_the_seat_of_a_worker_that_begins_says_that_it_reads_everything() -> None:
    board = WorkerTable(2)
    question = board.slot(1).sync_barrier()
    assert question()
    board.slot(2).register()
    assert question()
