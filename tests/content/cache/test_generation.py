"""The state of what is remembered has a name, which nobody bears who does not know all of it."""

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


def test_the_next_process_begins_with_the_state_that_the_last_one_left(content: Path, tmp_path: Path) -> None:
    file = tmp_path / "articles.sqlite"
    first = read(content, file)
    second = read(content, file)
    assert second.baseline
    assert first.state_name == second.baseline.name == second.state_name != ""
    assert (second.baseline.removed, second.baseline.added) == ((), ())


def test_an_edited_article_is_what_differs(content: Path, tmp_path: Path) -> None:
    file = tmp_path / "articles.sqlite"
    was = read(content, file).state_name
    edit(content, "Another")
    second = read(content, file)
    assert second.baseline
    assert (second.baseline.name, [one.path for one in second.baseline.added]) == (was, ["articles/december.yaml"])
    assert [one.slug for one in second.baseline.removed] == ["december"]
    assert second.state_name not in ("", was)


def test_a_state_that_two_processes_made_together_has_no_name(content: Path, tmp_path: Path) -> None:
    file = tmp_path / "articles.sqlite"
    one, other = read(content, file), read(content, file)
    edit(content, "Another")
    other.read()
    other.save()
    assert (one.state_name, other.state_name != "") == ("", True)
    edit(content, "A third")
    one.read()
    one.save()
    assert (one.state_name, other.state_name) == ("", "")
    assert read(content, file).state_name != ""


def test_what_another_version_wrote_has_no_name(content: Path, tmp_path: Path) -> None:
    file = tmp_path / "articles.sqlite"
    folder = ContentFolder(content, cache=ParseCache(file, version="another"))
    folder.read()
    folder.save()
    assert (folder.state_name != "", ParseCache(file).current_state() != "") == (True, False)
    mended = read(content, file)
    assert mended.baseline
    assert (mended.baseline.name, mended.state_name != "") == ("", True)


def test_what_was_deleted_before_an_upgrade_does_not_cost_every_build_after_it_the_whole_way(
    content: Path, tmp_path: Path
) -> None:
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


@pytest.mark.parametrize("standing", [True, False])
def test_what_stood_before_an_upgrade_stands_after_it_whatever_else_was_kept_of_its_file(
    content: Path, tmp_path: Path, *, standing: bool
) -> None:
    """A file that was broken meanwhile vanished from feeds where another version had kept its places otherwise."""
    file, broken = tmp_path / "articles.sqlite", content / "articles/december.yaml"
    read(content, file)
    if not standing:
        broken.write_text("title: [")
        read(content, file)

    def of_another_version(row: Row) -> Row:
        record = msgspec.msgpack.decode(row[2])
        record["reading"][2:] = [{"id": [1, 5], "slug": "of another kind"}, "more", "and more"]
        record |= {"site": 5, "media": None, "another": [1]}
        return row[0], "another", msgspec.msgpack.encode(record)

    assert rewrite_rows(file, "single_record", of_another_version)
    broken.write_text("title: [")
    folder = ContentFolder(content, cache=ParseCache(file))
    read_again = folder.read().content
    assert [one.slug for one in read_again.articles if one.path == "articles/december.yaml"] == ["december"]
    assert [one.path for one in read_again.errors] == ["articles/december.yaml"]
    assert "December text." in read_again.html(next(one for one in read_again.articles if one.slug == "december"))


def test_what_is_not_written_down_yet_has_no_name(content: Path, tmp_path: Path) -> None:
    folder = read(content, tmp_path / "articles.sqlite")
    edit(content, "Another")
    folder.read()
    assert folder.state_name == ""
    folder.save()
    assert folder.state_name != ""


def test_without_records_there_is_none(content: Path) -> None:
    folder = ContentFolder(content)
    folder.read()
    assert (folder.baseline, folder.state_name) == (None, "")


def test_a_worker_that_starts_while_another_one_writes_keeps_the_last_valid_versions(
    content: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It took the file for one of an earlier day, and answered 404 where the other worker showed a last valid version."""
    file = tmp_path / "articles.sqlite"
    read(content, file)
    starting, writing = ParseCache(file), ParseCache(file)
    found = writing.load_records()

    def write() -> None:
        for _ in range(1500):
            writing.store(found)

    thread = threading.Thread(target=write)
    thread.start()
    while thread.is_alive():
        starting.load_records()
        assert not starting.is_rolled_back
    thread.join()
    assert caplog.messages == []
