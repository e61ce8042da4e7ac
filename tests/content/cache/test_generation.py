"""The name of the cached state: a process has one only if it knows all changes to the cache."""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec
import pytest

from feedsvc.content.cache.store import ParseCache
from feedsvc.content.folder.folder import ContentFolder
from tests.helpers import newsrooms
from tests.helpers.state_rows import Row, rewrite_rows


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return newsrooms.write_sample(tmp_path / "content")


def read(content: Path, file: Path) -> ContentFolder:
    folder = ContentFolder(content, cache=ParseCache(file))
    folder.read()
    folder.save()
    return folder


def edit(content: Path, word: str) -> None:
    file = content / "articles/december.yaml"
    file.write_text(file.read_text().replace("December text.", f"{word} text.").replace("Another text.", f"{word} text."))


def test_the_next_process_starts_with_the_state_of_the_last_process(content: Path, tmp_path: Path) -> None:
    file = tmp_path / "articles.sqlite"
    first = read(content, file)
    second = read(content, file)
    assert second.baseline
    assert first.state_name == second.baseline.name == second.state_name != ""
    assert (second.baseline.removed, second.baseline.added) == ((), ())


def test_an_edited_article_is_the_difference_to_the_baseline(content: Path, tmp_path: Path) -> None:
    file = tmp_path / "articles.sqlite"
    old_name = read(content, file).state_name
    edit(content, "Another")
    second = read(content, file)
    assert second.baseline
    assert (second.baseline.name, [article.path for article in second.baseline.added]) == (old_name, ["articles/december.yaml"])
    assert [article.slug for article in second.baseline.removed] == ["december"]
    assert second.state_name not in ("", old_name)


def test_a_state_with_changes_of_another_process_has_no_name(content: Path, tmp_path: Path) -> None:
    file = tmp_path / "articles.sqlite"
    folder, other_folder = read(content, file), read(content, file)
    edit(content, "Another")
    other_folder.read()
    other_folder.save()
    assert (folder.state_name, other_folder.state_name != "") == ("", True)
    edit(content, "A third")
    folder.read()
    folder.save()
    assert (folder.state_name, other_folder.state_name) == ("", "")
    assert read(content, file).state_name != ""


def test_a_state_of_another_version_has_no_name(content: Path, tmp_path: Path) -> None:
    file = tmp_path / "articles.sqlite"
    folder = ContentFolder(content, cache=ParseCache(file, version="another"))
    folder.read()
    folder.save()
    assert (folder.state_name != "", ParseCache(file).current_state() != "") == (True, False)
    upgraded = read(content, file)
    assert upgraded.baseline
    assert (upgraded.baseline.name, upgraded.state_name != "") == ("", True)


def test_a_deletion_before_an_upgrade_does_not_make_every_later_build_a_full_build(content: Path, tmp_path: Path) -> None:
    file = tmp_path / "articles.sqlite"
    for _ in range(2):
        folder = ContentFolder(content, cache=ParseCache(file, version="another"))
        folder.read()
        folder.save()
        (content / "articles/december.yaml").unlink(missing_ok=True)
    first = read(content, file)
    second = read(content, file)
    assert second.baseline
    assert first.state_name == second.baseline.name != ""


@pytest.mark.parametrize("valid", [True, False])
def test_last_valid_versions_survive_an_upgrade_with_other_record_fields(content: Path, tmp_path: Path, *, valid: bool) -> None:
    """A file that was broken in between vanished from the feeds if the other version had another format of positions."""
    cache_file, file = tmp_path / "articles.sqlite", content / "articles/december.yaml"
    read(content, cache_file)
    if not valid:
        file.write_text("title: [")
        read(content, cache_file)

    def of_another_version(row: Row) -> Row:
        record = msgspec.msgpack.decode(row[2])
        record["reading"][2:] = [{"id": [1, 5], "slug": "of another kind"}, "more", "and more"]
        record |= {"site": 5, "media": None, "another": [1]}
        return row[0], "another", msgspec.msgpack.encode(record)

    assert rewrite_rows(cache_file, "single_record", of_another_version)
    file.write_text("title: [")
    folder = ContentFolder(content, cache=ParseCache(cache_file))
    read_again = folder.read().content
    assert [article.slug for article in read_again.articles if article.path == "articles/december.yaml"] == ["december"]
    assert [article.path for article in read_again.errors] == ["articles/december.yaml"]
    assert "December text." in read_again.html(next(article for article in read_again.articles if article.slug == "december"))


def test_a_state_that_is_not_saved_has_no_name(content: Path, tmp_path: Path) -> None:
    folder = read(content, tmp_path / "articles.sqlite")
    edit(content, "Another")
    folder.read()
    assert folder.state_name == ""
    folder.save()
    assert folder.state_name != ""


def test_without_a_cache_there_is_no_name_and_no_baseline(content: Path) -> None:
    folder = ContentFolder(content)
    folder.read()
    assert (folder.baseline, folder.state_name) == (None, "")


def test_a_worker_that_starts_while_another_one_writes_keeps_the_last_valid_versions(
    content: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The worker took the cache file for an older one, and responded with 404 instead of the last valid version."""
    file = tmp_path / "articles.sqlite"
    read(content, file)
    starting, writing = ParseCache(file), ParseCache(file)
    records = writing.load_records()

    def write() -> None:
        for _ in range(1500):
            writing.store(records)

    thread = threading.Thread(target=write)
    thread.start()
    while thread.is_alive():
        starting.load_records()
        assert not starting.is_rolled_back
    thread.join()
    assert caplog.messages == []
