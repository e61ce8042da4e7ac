"""Damage of the content store: each test repeats a fault that users reported."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.content.store import ContentStore
from tests.helpers.running_server import build_tree

SITE_YAML = "title: Harbour\nbase_url: https://news.example\nid_domain: news.example\ntimezone: UTC\n"
ARTICLE_COUNT = 90


def article(number: int, text_marker: str = "Words") -> str:
    front_matter = f"id: tag:news.example,2026:{number}\ntitle: Title {number}\npublished: 2026-01-{1 + number % 28:02}\n"
    return f"{front_matter}body: |\n  {text_marker} of {number}. {'The boats came in late. ' * 60}\n"


@pytest.fixture
def content(tmp_path: Path) -> Path:
    folder = tmp_path / "content"
    (folder / "articles").mkdir(parents=True)
    (folder / "site.yaml").write_text(SITE_YAML)
    for number in range(ARTICLE_COUNT):
        save(folder, number, article(number))
    return folder


def save(content: Path, number: int, text: str) -> None:
    (content / f"articles/a{number:02}.yaml").write_text(text)


def read_articles(content: Path, cache_file: Path, cache: ContentStore | None = None) -> dict[str, str]:
    """Return slug -> title and HTML, as a start with this cache file reads them."""
    cache = cache or ContentStore(cache_file)
    folder = ContentFolder(content, store=cache)
    snapshot = folder.read().content
    texts = {article.slug: f"{article.title}: {snapshot.html(article)}" for article in snapshot.articles}
    folder.save()
    cache.close()
    return texts


@pytest.fixture
def cache_file(content: Path, tmp_path: Path) -> Path:
    """Create a cache file: all articles were stored at once, three of them again later."""
    cache_file = tmp_path / "state/articles.sqlite"
    read_articles(content, cache_file)
    for number in range(3):
        save(content, number, article(number, "Other words"))
    assert len(read_articles(content, cache_file)) == ARTICLE_COUNT
    return cache_file


def read_with_empty_state(content: Path, tmp_path: Path) -> dict[str, str]:
    """Return slug -> title and HTML, as a start with an empty state folder reads them."""
    return read_articles(content, tmp_path / "fresh/articles.sqlite")


def test_truncated_cache_file_does_not_stop_the_start(content: Path, cache_file: Path, tmp_path: Path) -> None:
    """Before the fix, the start raised TypeError."""
    expected, data = read_with_empty_state(content, tmp_path), cache_file.read_bytes()
    for size in range(0, len(data), 4096):  # pages have 16 kB, so that the last one is incomplete
        cache_file.write_bytes(data[:size])
        assert read_articles(content, cache_file) == expected, size
        assert read_articles(content, cache_file) == expected, size


def test_flipped_bit_in_the_cache_file_loses_no_article(content: Path, cache_file: Path, tmp_path: Path) -> None:
    """Before the fix, the start raised TypeError or read a title with a changed letter."""
    expected, original = read_with_empty_state(content, tmp_path), cache_file.read_bytes()
    for number, offset in enumerate(range(0, len(original), max(len(original) // 150, 1))):
        data = bytearray(original)
        data[offset] ^= 1 << number % 8
        cache_file.write_bytes(data)
        assert read_articles(content, cache_file) == expected, offset


@pytest.mark.parametrize("change", ["CAST(markdown AS BLOB)", "replace(markdown, 'late', 'lame')", "7", "NULLIF(1, 1) || ''"])
def test_text_changed_on_disk_is_not_published(content: Path, cache_file: Path, tmp_path: Path, change: str) -> None:
    """Before the fix, texts had no checksum."""
    expected = read_with_empty_state(content, tmp_path)
    with closing(sqlite3.connect(cache_file)) as connection, connection:
        connection.execute(f"UPDATE OR IGNORE text SET markdown = coalesce({change}, '')")
    assert read_articles(content, cache_file) == expected
    assert read_articles(content, cache_file) == expected


def test_broken_article_with_damaged_last_valid_text_is_not_published(content: Path, cache_file: Path, tmp_path: Path) -> None:
    """Before the fix, the article and every listing had status 500 permanently."""
    save(content, 1, "title: [")
    before = read_articles(content, cache_file)
    assert len(before) == ARTICLE_COUNT
    with closing(sqlite3.connect(cache_file)) as connection, connection:
        connection.execute("UPDATE text SET markdown = 'x' WHERE markdown LIKE 'Other words of 1.%'")
    expected = read_with_empty_state(content, tmp_path)
    assert len(expected) == ARTICLE_COUNT - 1
    assert read_articles(content, cache_file) == expected
    assert read_articles(content, cache_file) == expected


def test_last_valid_version_remains_if_other_rows_are_damaged(content: Path, cache_file: Path) -> None:
    save(content, 1, "title: [")
    before = read_articles(content, cache_file)
    with closing(sqlite3.connect(cache_file)) as connection, connection:
        connection.execute("UPDATE text SET markdown = 'x' WHERE markdown LIKE 'Words of 2%'")
    assert read_articles(content, cache_file) == before
    assert read_articles(content, cache_file) == before


def build(content: Path, out: Path, state: Path) -> dict[str, bytes]:
    """Build a tree; return page file name -> bytes of the article pages."""
    build_tree(out, content, "--skip-broken", "--state", state)
    return {path.name: path.read_bytes() for path in out.glob("articles/*/index.html")}


def test_build_removes_deleted_article_whose_cache_record_is_damaged(content: Path, tmp_path: Path) -> None:
    state, out = tmp_path / "built", tmp_path / "out"
    build(content, out, state)
    assert (out / "articles/a01/index.html").exists()
    with closing(sqlite3.connect(state / "articles.sqlite")) as connection, connection:
        connection.execute("UPDATE file SET record = zeroblob(900)")
    (content / "articles/a01.yaml").unlink()
    build(content, out, state)
    assert not (out / "articles/a01/index.html").exists()
    assert b"/articles/a01/" not in (out / "index.html").read_bytes() + (out / "feed.rss").read_bytes()


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
def test_a_dangling_link_does_not_stop_the_start(content: Path, tmp_path: Path, cache_file: Path, suffix: str) -> None:
    """SQLite opens no link to nowhere, and none in place of the files that it adds: the start ended with an error."""
    link = Path(f"{cache_file}{suffix}")
    link.unlink(missing_ok=True)
    link.symlink_to("nowhere")
    assert read_articles(content, cache_file) == read_with_empty_state(content, tmp_path)
    assert not link.is_symlink()
