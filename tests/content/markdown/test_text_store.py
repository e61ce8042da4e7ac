"""Articles' texts are read on demand, from wherever they lie, and never another text."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedsvc.content.cache.store import ParseCache
from feedsvc.content.folder.folder import ContentFolder
from feedsvc.content.folder.snapshot import ContentSnapshot
from feedsvc.content.markdown.text_store import TextStore, text_key
from feedsvc.errors import FeedsvcError
from feedsvc.live.live import Live
from feedsvc.model import Article
from feedsvc.publication.last_modified import LastModifiedStore
from tests.broken_files.case import HEAD
from tests.conftest import Newsroom

FILE = "articles/a.md"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "state/articles.sqlite"


@pytest.fixture
def root(newsroom: Newsroom) -> Path:
    return newsroom({FILE: said("First words.")})


def said(text: str) -> str:
    return f"---\n{HEAD}---\n{text}\n"


def read(folder: ContentFolder) -> ContentSnapshot:
    content = folder.read().content
    folder.save()
    return content


def html(content: ContentSnapshot) -> str:
    (article,) = content.articles
    return content.html(article)


def texts(kept: Path) -> int:
    with sqlite3.connect(kept) as rows:
        ((count,),) = rows.execute("SELECT count(*) FROM text")
    rows.close()
    return int(count)


def test_many_texts_are_had_at_once_and_what_is_not_there_is_left_out(kept: Path) -> None:
    records = ParseCache(kept)
    written = {text_key(word, datetime(2026, 1, 2, tzinfo=UTC)): word for word in (f"Text {number}." for number in range(250))}
    records.store_texts(written)
    assert records.texts([*written, b"nothing"]) == written
    assert records.texts([]) == {}
    records.close()
    assert records.texts(written) == {}


def test_a_text_that_went_between_is_read_from_its_file(newsroom: Newsroom, kept: Path) -> None:
    root = newsroom({name: said(f"Words of {name}.") for name in (FILE, "articles/b.md")})
    content = read(ContentFolder(root, "", ParseCache(kept)))
    with sqlite3.connect(kept) as rows:
        rows.execute("DELETE FROM text WHERE markdown LIKE '%a.md%'")
    rows.close()
    content.texts.prefetch(content.articles)
    assert {article.path: content.html(article) for article in content.articles} == {
        name: f"<p>Words of {name}.</p>" for name in (FILE, "articles/b.md")
    }


def test_a_text_is_there_after_a_restart_without_reading_its_file(root: Path, kept: Path) -> None:
    read(ContentFolder(root, "", ParseCache(kept)))
    again = ContentFolder(root, "", ParseCache(kept)).read().content
    (root / FILE).unlink()
    assert html(again) == "<p>First words.</p>"


def test_an_edition_that_is_being_read_keeps_its_texts_when_an_editor_saves(root: Path, kept: Path) -> None:
    folder = ContentFolder(root, "", ParseCache(kept))
    before = read(folder)
    (root / FILE).write_text(said("Second words."))
    after = read(folder)
    assert (html(before), html(after)) == ("<p>First words.</p>", "<p>Second words.</p>")


def test_a_broken_file_shows_the_text_of_its_last_valid_version_over_a_restart(root: Path, kept: Path) -> None:
    read(ContentFolder(root, "", ParseCache(kept)))
    (root / FILE).write_text("---\ntitle: [\n---\nOther words.\n")
    assert html(read(ContentFolder(root, "", ParseCache(kept)))) == "<p>First words.</p>"
    assert html(ContentFolder(root, "", ParseCache(kept)).read().content) == "<p>First words.</p>"


def test_a_state_folder_that_is_deleted_takes_no_text_with_it(root: Path, kept: Path) -> None:
    folder = ContentFolder(root, "", ParseCache(kept))
    content = read(folder)
    shutil.rmtree(kept.parent)
    read(folder)
    assert html(content) == "<p>First words.</p>"
    assert html(ContentFolder(root, "", ParseCache(kept)).read().content) == "<p>First words.</p>"


def test_a_text_that_the_state_folder_lost_is_read_from_its_file_but_never_another(root: Path, kept: Path) -> None:
    folder = ContentFolder(root, "", ParseCache(kept))
    content = read(folder)
    with sqlite3.connect(kept) as rows:
        rows.execute("DELETE FROM text")
    rows.close()
    assert html(content) == "<p>First words.</p>"
    again = ContentFolder(root, "", ParseCache(kept)).read().content
    with sqlite3.connect(kept) as rows:
        rows.execute("DELETE FROM text")
    rows.close()
    (root / FILE).write_text(said("Second words."))
    with pytest.raises(FeedsvcError, match=r"the text of articles/a\.md is lost"):
        html(again)


def test_texts_of_long_ago_do_not_fill_the_disk(root: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedsvc.content.cache.store._MAX_UNUSED_TEXTS", 3)
    folder = ContentFolder(root, "", ParseCache(kept))
    for number in range(6):
        (root / FILE).write_text(said(f"Words {number}."))
        read(folder)
    assert texts(kept) == 6
    again = ContentFolder(root, "", ParseCache(kept))
    read(again)
    assert texts(kept) == 6, "a start with nothing new does not wait for that"
    (root / FILE).write_text(said("Words 6."))
    assert html(read(again)) == "<p>Words 6.</p>"
    assert texts(kept) == 1


def test_folders_that_nobody_has_any_more_hold_no_files_open(root: Path, tmp_path: Path) -> None:
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for number in range(20):
        live = Live(ContentFolder(root, "", ParseCache(tmp_path / f"state-{number}.sqlite")), LastModifiedStore(None))
        live.current(live.clock()).resolve("/")
    del live
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) <= before


class Drawer:
    """A shelf at which two come at once: while one puts texts away, the other does, too."""

    def __init__(self) -> None:
        self.kept: dict[bytes, str] = {}
        self.texts: TextStore | None = None

    def text(self, name: bytes) -> str | None:
        return self.kept.get(name)

    def store_texts(self, texts: Mapping[bytes, str]) -> bool:
        other, self.texts = self.texts, None
        if other:
            other.flush()
        self.kept |= texts
        return True


def test_two_that_put_the_same_texts_away_do_not_stumble_over_one_another() -> None:
    drawer = Drawer()
    drawer.texts = texts = TextStore(drawer)
    texts.add({b"1": "one", b"2": "two"})
    texts.flush()
    assert drawer.kept == {b"1": "one", b"2": "two"}


class FullDisk(Drawer):
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
    assert (texts._unwritten_size, len(disk.kept)) == (0, 10)


@pytest.fixture
def article(root: Path) -> Article:
    (found,) = ContentFolder(root).read().content.articles
    return found


def test_texts_that_are_all_going_to_be_shown_are_neither_fetched_nor_made_html_twice(article: Article) -> None:
    articles = [replace(article, slug=f"a{number}", text=text_key(f"Text {number}.", article.published)) for number in range(400)]
    asked: list[bytes] = []

    class Asked(Drawer):
        def text(self, name: bytes) -> str | None:
            asked.append(name)
            return super().text(name)

    drawer = Asked()
    drawer.kept = {one.text: f"Text {number}." for number, one in enumerate(articles)}
    texts = TextStore(drawer)
    assert not texts.has_cache_space
    texts.enlarge_caches()
    assert texts.has_cache_space
    texts.cache_texts({one.text: drawer.kept[one.text] for one in articles[:200]})
    for _ in range(2):  # in pages, then in feeds
        assert [texts.html(one, "https://example.org") for one in articles] == [f"<p>Text {number}.</p>" for number in range(400)]
    assert asked == [one.text for one in articles[200:]]


def test_of_texts_that_may_stay_no_more_stay_than_there_is_room_for(article: Article) -> None:
    drawer = Drawer()
    drawer.kept = {b"1": "7 bytes", b"2": "8 bytes.", b"3": "3 b"}
    texts = TextStore(drawer, max_cached_text=10)
    texts.enlarge_caches()
    texts.cache_texts(drawer.kept)
    drawer.kept = {}
    found = {key: texts.markdown(replace(article, text=key)) for key in (b"1", b"3")}
    assert found == {b"1": "7 bytes", b"3": "3 b"}
    with pytest.raises(FeedsvcError, match="is lost"):
        texts.markdown(replace(article, text=b"2"))
