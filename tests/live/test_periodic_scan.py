"""The periodic scan finds changes of which no notification came."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.live.watcher import Watcher
from tests.audience.waiting import wait_until
from tests.helpers.newsrooms import SITE, article, write
from tests.live.watched_folder import assert_equals_fresh_edition, visible_slugs, watch

FOLDER_COUNT = 9


class SteppedWatcher:
    """Watcher without its thread, which has no notifications."""

    def __init__(self, root: Path) -> None:
        self.live = Live(ContentFolder(root), None)
        self._watcher = Watcher(root, self.live)
        self.request_full_scan = self._watcher.request_full_scan

    def scan(self) -> None:
        """Let the periodic scan be due, and poll until no file waits."""
        self._watcher._next_full_scan = time.monotonic()
        wait_until(lambda: self.poll() or (self._watcher._next_full_scan > time.monotonic() and not self._watcher._waiting_files))

    def poll(self) -> None:
        self._watcher._poll_once(frozenset())


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
def watcher(root: Path) -> SteppedWatcher:
    return SteppedWatcher(root)


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
    watcher.scan()
    assert_equals_fresh_edition(watcher.live, root)


def test_articles_folder_that_appears_without_notification_is_read(root: Path, watcher: SteppedWatcher) -> None:
    (root / "articles").rename(root / "away")
    watcher.request_full_scan()
    wait_until(lambda: watcher.poll() or not visible_slugs(watcher.live))
    (root / "away").rename(root / "articles")
    watcher.scan()
    assert_equals_fresh_edition(watcher.live, root)


def test_save_before_the_start_of_the_watcher_is_shown(root: Path) -> None:
    live = Live(ContentFolder(root), None)
    write(root, in_folder(3, "new"))
    with watch(root, live):
        wait_until(lambda: "new" in visible_slugs(live))
