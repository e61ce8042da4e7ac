"""A worker that is asked looks at the whole folder, and says so once what it found is served."""

from pathlib import Path

from feedsvc.content.folder.folder import Folder
from feedsvc.live.live import Live
from feedsvc.live.watcher import Watcher
from feedsvc.publication.last_modified import Ledger
from feedsvc.web.shared_memory import Board
from tests.audience.patience import until
from tests.http.newsroom import write_article, write_newsroom


def test_asked_it_serves_all_that_was_saved_before(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content")
    board = Board(2)
    one, other = board.seat(1), board.seat(2)
    one.take()
    other.take()
    live = Live(Folder(content), Ledger(None))
    watcher = Watcher(content, live, fellows=other)
    watcher.start()
    try:
        for number in range(5):
            write_article(content, f"new-{number}", f"title: New {number}\npublished: 2026-02-12\ncategory: culture")
            question = one.question()
            until(question)
            assert f"new-{number}" in live.edition.publication.catalog.visible
            assert not other.asks()
    finally:
        watcher.stop()


def test_the_seat_of_a_worker_that_begins_says_that_it_reads_everything() -> None:
    board = Board(2)
    question = board.seat(1).question()
    assert question()
    board.seat(2).take()
    assert question()
