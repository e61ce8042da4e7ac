"""The periodic scan finds changes of which no notification came, and delays no save meanwhile."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.content.scan import folder_check
from feedsvc.live import watcher as watcher_module
from feedsvc.live.live import Live
from feedsvc.live.watcher import Watcher
from feedsvc.publication.last_modified import LastModifiedStore
from tests.audience.waiting import wait_until
from tests.helpers.newsrooms import SITE, article, write
from tests.live.watched_folder import assert_equals_fresh_edition, html_of, visible_slugs

FOLDER_COUNT = 9


class RecordedPeers:
    """Peers that request no scan and record the confirmations of scans."""

    def __init__(self) -> None:
        self.confirmed: list[float] = []

    def is_rescan_requested(self) -> bool:
        return False

    def confirm_scan(self, since: float) -> None:
        self.confirmed.append(since)


class SteppedWatcher:
    """Watcher without its thread: a `poll` has the notifications of its arguments only. A scan checks one folder in a poll."""

    def __init__(self, root: Path, store: LastModifiedStore) -> None:
        self.root, self.peers = root, RecordedPeers()
        self.live = Live(ContentFolder(root), store)
        self._watcher = Watcher(root, self.live, peers=self.peers)
        self.request_full_scan = self._watcher.request_full_scan

    def begin_scan(self, polls: int = 1) -> float:
        """Let the periodic scan be due, and poll; return the time before."""
        began_at = self._watcher._next_full_scan = time.monotonic()
        for _ in range(polls):
            self.poll()
        return began_at

    def poll(self, *notified_paths: str) -> None:
        self._watcher._poll_once(frozenset(notified_paths))

    def poll_until(self, condition: Callable[[], object]) -> None:
        wait_until(lambda: condition() or self.poll())

    def finish_scan(self) -> float:
        """Poll until the next scan is confirmed; return the time up to which it has read the changes."""
        self.peers.confirmed.clear()
        self.poll_until(lambda: self.peers.confirmed)
        return self.peers.confirmed[0]


def in_folder(number: int, slug: str, **fields: str) -> dict[str, str | bytes]:
    """Return the file of an article in one of the folders of articles/."""
    return {f"articles/f{number}/{slug}.yaml": article(slug, **fields)[f"articles/{slug}.yaml"]}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Write a content folder with an article in each of its folders f0, f1, ... below articles/."""
    files = dict(SITE)
    for number in range(FOLDER_COUNT):
        files |= in_folder(number, f"n{number}")
    return write(tmp_path / "content", files)


@pytest.fixture
def watcher(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SteppedWatcher]:
    monkeypatch.setattr(watcher_module, "_CHECK_SLICE", 0.0)
    monkeypatch.setattr(folder_check, "_RECHECK_DELAY", 0.0)
    store = LastModifiedStore(None)
    yield SteppedWatcher(root, store)
    store.close()


def edit_article(root: Path) -> None:
    write(root, in_folder(3, "n3", body="Other words."))


def delete_article(root: Path) -> None:
    (root / "articles/f3/n3.yaml").unlink()


def rename_article(root: Path) -> None:
    (root / "articles/f3/n3.yaml").rename(root / "articles/f3/other.yaml")


def move_article(root: Path) -> None:
    (root / "articles/f3/n3.yaml").rename(root / "articles/f5/n3.yaml")


def create_folder(root: Path) -> None:
    write(root, in_folder(20, "new"))


def rename_folder(root: Path) -> None:
    (root / "articles/f3").rename(root / "articles/other")


def move_folder(root: Path) -> None:
    (root / "articles/f3").rename(root / "articles/f5/f3")


def exchange_folders(root: Path) -> None:
    for old, new in (("f3", "other"), ("f5", "f3"), ("other", "f5")):
        (root / "articles" / old).rename(root / "articles" / new)


def delete_folder(root: Path) -> None:
    shutil.rmtree(root / "articles/f3")


def delete_all_articles(root: Path) -> None:
    shutil.rmtree(root / "articles")


def link_folder(root: Path) -> None:
    (root / "articles/link").symlink_to("f3")


def change_settings(root: Path) -> None:
    write(root, {"site.yaml": str(SITE["site.yaml"]).replace("The Daily & Co", "Other")})


def add_page(root: Path) -> None:
    write(root, {"pages/about.md": "---\ntitle: About\n---\n\nWords.\n"})


CHANGES = [
    *(edit_article, delete_article, rename_article, move_article),
    *(create_folder, rename_folder, move_folder, exchange_folders, delete_folder, delete_all_articles, link_folder),
    *(change_settings, add_page),
]


@pytest.mark.parametrize("change", CHANGES)
def test_change_without_notification_is_shown_after_the_periodic_scan(
    root: Path, watcher: SteppedWatcher, change: Callable[[Path], None]
) -> None:
    change(root)
    changed_at = time.monotonic()
    watcher.begin_scan()
    assert watcher.finish_scan() > changed_at
    assert_equals_fresh_edition(watcher.live, root)
    # Nothing has changed since, so the next scan is complete with the moment at which its check began.
    began_at = watcher.begin_scan()
    first_poll_ended_at = time.monotonic()
    if not (root / "articles/link").exists():
        assert began_at <= watcher.finish_scan() <= first_poll_ended_at
    assert_equals_fresh_edition(watcher.live, root)


def test_articles_folder_that_appears_without_notification_is_read(root: Path, watcher: SteppedWatcher) -> None:
    (root / "articles").rename(root / "away")
    watcher.request_full_scan()
    watcher.poll_until(lambda: not visible_slugs(watcher.live))
    (root / "away").rename(root / "articles")
    watcher.begin_scan()
    watcher.finish_scan()
    assert_equals_fresh_edition(watcher.live, root)


def test_save_before_the_start_of_the_watcher_is_shown(root: Path) -> None:
    store = LastModifiedStore(None)
    live = Live(ContentFolder(root), store)
    write(root, in_folder(3, "new"))
    watcher = Watcher(root, live)
    watcher.start()
    try:
        wait_until(lambda: "new" in visible_slugs(live))
    finally:
        watcher.stop()
        store.close()


def test_save_during_a_periodic_scan_is_shown_before_the_scan_ends(root: Path, watcher: SteppedWatcher) -> None:
    began_at = watcher.begin_scan(polls=3)
    third_poll_ended_at = time.monotonic()
    for number in (FOLDER_COUNT - 1, 0):  # in a folder that was compared already, and in the last one
        write(root, in_folder(number, f"n{number}", body=f"Save {number}."))
        watcher.poll(f"articles/f{number}/n{number}.yaml")
        watcher.poll_until(lambda number=number: f"Save {number}." in html_of(watcher.live, f"/articles/n{number}/"))
    assert watcher.peers.confirmed == []
    # The reloads between the slices caused no complete scan, which would have begun later.
    assert began_at <= watcher.finish_scan() < third_poll_ended_at
    assert_equals_fresh_edition(watcher.live, root)


@pytest.mark.parametrize("change", [create_folder, rename_folder, move_folder, delete_folder])
def test_folder_that_changes_with_notification_during_a_periodic_scan_causes_no_complete_scan(
    root: Path, watcher: SteppedWatcher, change: Callable[[Path], None]
) -> None:
    began_at = watcher.begin_scan(polls=2)
    second_poll_ended_at = time.monotonic()
    change(root)
    watcher.poll(*(f"articles/{name}" for name in ("f3", "f5", "f20", "other")))
    assert began_at <= watcher.finish_scan() < second_poll_ended_at
    assert_equals_fresh_edition(watcher.live, root)


def test_save_whose_folder_is_compared_before_its_notification_causes_no_complete_scan(
    root: Path, watcher: SteppedWatcher
) -> None:
    write(root, {"articles/new.yaml": article("new")["articles/new.yaml"]})
    began_at = watcher.begin_scan()
    first_poll_ended_at = time.monotonic()
    watcher.poll("articles/new.yaml")
    assert began_at <= watcher.finish_scan() < first_poll_ended_at
    assert "new" in visible_slugs(watcher.live)


def test_peers_get_the_beginning_of_a_scan_only_after_its_end(watcher: SteppedWatcher) -> None:
    began_at = watcher.begin_scan()
    first_poll_ended_at = time.monotonic()
    for _ in range(FOLDER_COUNT):
        watcher.poll()
        assert watcher.peers.confirmed == []
    assert began_at <= watcher.finish_scan() <= first_poll_ended_at
    assert len(watcher.peers.confirmed) == 1


def test_requested_scan_replaces_a_periodic_scan_under_way(root: Path, watcher: SteppedWatcher) -> None:
    watcher.begin_scan(polls=3)
    edit_article(root)
    requested_at = time.monotonic()
    watcher.request_full_scan()
    assert watcher.finish_scan() >= requested_at
    assert "Other words." in html_of(watcher.live, "/articles/n3/")
    reload_count = watcher.live.last_reload.total_reloads
    for _ in range(2 * FOLDER_COUNT):
        watcher.poll()
    assert (watcher.live.last_reload.total_reloads, len(watcher.peers.confirmed)) == (reload_count, 1)


def test_page_saved_at_the_end_of_a_periodic_scan_is_not_shown_before_an_article_saved_earlier(
    root: Path, watcher: SteppedWatcher
) -> None:
    watcher.begin_scan(polls=FOLDER_COUNT + 1)  # articles/ and its folders; the next poll reads all else
    edit_article(root)
    add_page(root)
    time.sleep(0.05)  # both are old enough to be read, but the notification is late
    watcher.poll()
    assert html_of(watcher.live, "/about/") == ""
    watcher.poll("articles/f3/n3.yaml")
    watcher.poll_until(lambda: html_of(watcher.live, "/about/"))
    assert "Other words." in html_of(watcher.live, "/articles/n3/")
    assert_equals_fresh_edition(watcher.live, root)
