"""The text store: texts of articles are loaded on demand, from the cache or their file, and never of another version."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.content.folder.snapshot import ContentSnapshot
from feedsvc.content.markdown.text_store import TextStore, text_key
from feedsvc.content.store import ContentStore
from feedsvc.errors import FeedsvcError
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


def test_texts_are_stored_by_key(cache_file: Path) -> None:
    cache = ContentStore(cache_file)
    key = text_key("Text.", datetime(2026, 1, 2, tzinfo=UTC))
    cache.store_texts({key: "Text."})
    assert (cache.text(key), cache.text(b"nothing")) == ("Text.", None)
    cache.close()
    assert cache.text(key) is None


def test_a_text_deleted_from_the_cache_is_read_from_its_file(newsroom: Newsroom, cache_file: Path) -> None:
    root = newsroom({name: article_text(f"Words of {name}.") for name in (FILE, "articles/b.md")})
    content = read(ContentFolder(root, "", ContentStore(cache_file)))
    with sqlite3.connect(cache_file) as rows:
        rows.execute("DELETE FROM text WHERE markdown LIKE '%a.md%'")
    rows.close()
    assert {article.path: content.html(article) for article in content.articles} == {
        name: f"<p>Words of {name}.</p>" for name in (FILE, "articles/b.md")
    }


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


def test_a_lost_text_is_read_from_its_file_only_if_the_file_is_unchanged(root: Path, cache_file: Path) -> None:
    folder = ContentFolder(root, "", ContentStore(cache_file))
    content = read(folder)
    with sqlite3.connect(cache_file) as rows:
        rows.execute("DELETE FROM text")
    rows.close()
    assert html(content) == "<p>First words.</p>"
    content_after_restart = ContentFolder(root, "", ContentStore(cache_file)).read().content
    with sqlite3.connect(cache_file) as rows:
        rows.execute("DELETE FROM text")
    rows.close()
    (root / FILE).write_text(article_text("Second words."))
    with pytest.raises(FeedsvcError, match=r"the text of articles/a\.md is lost"):
        html(content_after_restart)


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


class Storage:
    """A storage of texts. If `texts` is set, that store is flushed, too, while this storage stores texts."""

    def __init__(self) -> None:
        self.texts_by_key: dict[bytes, str] = {}
        self.texts: TextStore | None = None

    def text(self, name: bytes) -> str | None:
        return self.texts_by_key.get(name)

    def store_texts(self, texts: Mapping[bytes, str]) -> bool:
        other, self.texts = self.texts, None
        if other:
            other.flush()
        self.texts_by_key |= texts
        return True


def test_two_flushes_at_once_store_the_same_texts() -> None:
    storage = Storage()
    storage.texts = texts = TextStore(storage)
    texts.add({b"1": "one", b"2": "two"})
    texts.flush()
    assert storage.texts_by_key == {b"1": "one", b"2": "two"}


class FullDisk(Storage):
    """A backend that stores nothing while `is_full` is True. It counts the attempts."""

    def __init__(self) -> None:
        super().__init__()
        self.is_full, self.attempts = True, 0

    def store_texts(self, texts: Mapping[bytes, str]) -> bool:
        self.attempts += 1
        return not self.is_full and super().store_texts(texts)


def test_texts_that_a_full_disk_did_not_take_are_counted_until_they_are_stored() -> None:
    disk, million = FullDisk(), 1_000_000
    texts = TextStore(disk)
    for number in range(10):
        texts.add({bytes([number]): "x" * million})
    assert disk.attempts == 2, "one for each four million characters, not one for each text"
    assert texts._unwritten_size == 10 * million
    disk.is_full = False
    texts.flush()
    assert (texts._unwritten_size, len(disk.texts_by_key)) == (0, 10)
