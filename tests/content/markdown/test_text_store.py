"""The text store: texts of articles are loaded on demand, from the cache or their file, and never of another version."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.content.folder.snapshot import ContentSnapshot
from feedsvc.content.store import ContentStore
from feedsvc.live.live import Live
from feedsvc.publication.last_modified import LastModifiedStore
from tests.broken_files.case import HEAD
from tests.conftest import Newsroom

FILE = "articles/a.md"


@pytest.fixture
def cache_file(tmp_path: Path) -> Path:
    return tmp_path / "state/articles.sqlite"


@pytest.fixture
def root(newsroom: Newsroom) -> Path:
    return newsroom({FILE: article_text("First words.")})


def article_text(text: str) -> str:
    return f"---\n{HEAD}---\n{text}\n"


def read(folder: ContentFolder) -> ContentSnapshot:
    content = folder.read().content
    folder.save()
    return content


def html(content: ContentSnapshot) -> str:
    (article,) = content.articles
    return content.html(article)


def count_texts(cache_file: Path) -> int:
    with sqlite3.connect(cache_file) as rows:
        ((count,),) = rows.execute("SELECT count(*) FROM text")
    rows.close()
    return int(count)


def test_a_text_is_loaded_after_a_restart_without_its_file(root: Path, cache_file: Path) -> None:
    read(ContentFolder(root, "", ContentStore(cache_file)))
    content = ContentFolder(root, "", ContentStore(cache_file)).read().content
    (root / FILE).unlink()
    assert html(content) == "<p>First words.</p>"


def test_a_former_snapshot_keeps_its_texts_after_a_save(root: Path, cache_file: Path) -> None:
    folder = ContentFolder(root, "", ContentStore(cache_file))
    before = read(folder)
    (root / FILE).write_text(article_text("Second words."))
    after = read(folder)
    assert (html(before), html(after)) == ("<p>First words.</p>", "<p>Second words.</p>")


def test_a_broken_file_has_the_text_of_its_last_valid_version_after_a_restart(root: Path, cache_file: Path) -> None:
    read(ContentFolder(root, "", ContentStore(cache_file)))
    (root / FILE).write_text("---\ntitle: [\n---\nOther words.\n")
    assert html(read(ContentFolder(root, "", ContentStore(cache_file)))) == "<p>First words.</p>"
    assert html(ContentFolder(root, "", ContentStore(cache_file)).read().content) == "<p>First words.</p>"


def test_deleting_the_state_folder_loses_no_text(root: Path, cache_file: Path) -> None:
    folder = ContentFolder(root, "", ContentStore(cache_file))
    content = read(folder)
    shutil.rmtree(cache_file.parent)
    read(folder)
    assert html(content) == "<p>First words.</p>"
    assert html(ContentFolder(root, "", ContentStore(cache_file)).read().content) == "<p>First words.</p>"


def test_unused_texts_are_deleted(root: Path, cache_file: Path) -> None:
    folder = ContentFolder(root, "", ContentStore(cache_file, max_unused_texts=3))
    for number in range(6):
        (root / FILE).write_text(article_text(f"Words {number}."))
        read(folder)
    assert count_texts(cache_file) == 6
    folder_after_restart = ContentFolder(root, "", ContentStore(cache_file, max_unused_texts=3))
    read(folder_after_restart)
    assert count_texts(cache_file) == 6, "a start without changes does not delete texts"
    (root / FILE).write_text(article_text("Words 6."))
    assert html(read(folder_after_restart)) == "<p>Words 6.</p>"
    assert count_texts(cache_file) == 1


@pytest.mark.slow
def test_discarded_folders_close_their_files(root: Path, tmp_path: Path) -> None:
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for number in range(20):
        live = Live(ContentFolder(root, "", ContentStore(tmp_path / f"state-{number}.sqlite")), LastModifiedStore(None))
        live.current(live.clock()).resolve("/")
    del live
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) <= before
