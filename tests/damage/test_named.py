"""What users saw of a damaged state folder, case by case."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from feedsvc.audience.buffer import Batch
from feedsvc.audience.spool import read_spool_files, write_spool_file
from feedsvc.audience.sqlite_store import SqliteReadStore
from feedsvc.content.cache.store import ParseCache
from feedsvc.content.folder.folder import ContentFolder
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.support.state_folder import read_identity
from feedsvc.websub.hubs import HubSelection
from feedsvc.websub.queue import DeliveryQueue
from tests.helpers.running_server import command, environment

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MONDAY = date(2026, 3, 2)
HUB, BASE = "https://hub.example/", "https://news.example"
SITE = f"title: Harbour\nbase_url: {BASE}\nid_domain: news.example\ntimezone: UTC\n"
COUNT = 90


def article(number: int, word: str = "Words") -> str:
    own = f"id: tag:news.example,2026:{number}\ntitle: Title {number}\npublished: 2026-01-{1 + number % 28:02}\n"
    return f"{own}body: |\n  {word} of {number}. {'The boats came in late. ' * 60}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "content"
    (folder / "articles").mkdir(parents=True)
    (folder / "site.yaml").write_text(SITE)
    for number in range(COUNT):
        save(folder, number, article(number))
    return folder


def save(root: Path, number: int, text: str) -> None:
    (root / f"articles/a{number:02}.yaml").write_text(text)


def published(root: Path, file: Path, records: ParseCache | None = None) -> dict[str, str]:
    """Slug -> title and text, as a start with this file reads them."""
    records = records or ParseCache(file)
    folder = ContentFolder(root, cache=records)
    content = folder.read().content
    found = {one.slug: f"{one.title}: {content.html(one)}" for one in content.articles}
    folder.save()
    records.close()
    return found


@pytest.fixture
def file(root: Path, tmp_path: Path) -> Path:
    """Records of all articles, written together, and of three that were saved later."""
    file = tmp_path / "state/articles.sqlite"
    published(root, file)
    for number in range(3):
        save(root, number, article(number, "Other words"))
    assert len(published(root, file)) == COUNT
    return file


def fresh(root: Path, tmp_path: Path) -> dict[str, str]:
    return published(root, tmp_path / "fresh/articles.sqlite")


def test_a_file_of_records_that_was_cut_short_does_not_stop_the_start(root: Path, file: Path, tmp_path: Path) -> None:
    """TypeError in former_one."""
    expected, whole = fresh(root, tmp_path), file.read_bytes()
    for size in range(0, len(whole), 4096):  # pages have 16 kB: the last is there in part
        file.write_bytes(whole[:size])
        assert published(root, file) == expected, size
        assert published(root, file) == expected, size


def test_a_flipped_bit_in_the_records_costs_no_article(root: Path, file: Path, tmp_path: Path) -> None:
    """TypeError in _prune, or a title with another letter."""
    expected, whole = fresh(root, tmp_path), file.read_bytes()
    for number, place in enumerate(range(0, len(whole), max(len(whole) // 150, 1))):
        data = bytearray(whole)
        data[place] ^= 1 << number % 8
        file.write_bytes(data)
        assert published(root, file) == expected, place


@pytest.mark.parametrize("ending", ["", "-wal", "-journal"])
def test_a_pipe_in_the_place_of_another_file_does_not_hold_up_the_start(tmp_path: Path, ending: str) -> None:
    LastModifiedStore(tmp_path / "views.sqlite").close()
    (tmp_path / f"views.sqlite{ending}").unlink(missing_ok=True)
    os.mkfifo(tmp_path / f"views.sqlite{ending}")
    LastModifiedStore(tmp_path / "modified.sqlite").close()


def test_the_identity_of_most_files_holds_where_a_stranger_s_file_and_state_id_came_in(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    for name in ("articles.sqlite", "modified.sqlite", "push.sqlite", "views.sqlite"):
        LastModifiedStore(own / name).close()
        LastModifiedStore(other / name).close()
    identity = read_identity(own)
    shutil.copy(other / "state-id", own)
    shutil.copy(other / "views.sqlite", own)
    (own / "modified.sqlite").write_bytes(b"no database")
    LastModifiedStore(own / "modified.sqlite").close()  # a new file takes its place
    LastModifiedStore(own / "articles.sqlite").close()
    assert (read_identity(own), (own / "articles.sqlite.damaged").exists()) == (identity, False)


def test_a_last_valid_version_of_an_earlier_day_is_not_shown_if_the_number_beside_the_file_is_lost_too(
    root: Path, file: Path, tmp_path: Path
) -> None:
    published(root, file)
    earlier = tmp_path / "earlier.sqlite"
    shutil.copy(file, earlier)
    save(root, 3, article(3, "Corrected"))
    published(root, file)
    shutil.copy(earlier, file)
    Path(f"{file}-generation").unlink()
    save(root, 3, "title: [\n")
    assert "a03" not in published(root, file)


def test_a_schema_whose_bytes_are_no_text_does_not_stop_the_start(tmp_path: Path) -> None:
    file = tmp_path / "modified.sqlite"
    LastModifiedStore(file).close()
    with closing(sqlite3.connect(file)) as rows:
        rows.execute("PRAGMA journal_mode=DELETE").close()  # all of it lies in the file then
    data = file.read_bytes()
    assert b"CREATE TABLE " in data
    file.write_bytes(data.replace(b"CREATE TABLE ", b"CREATE TABL\xc5 ", 1))
    LastModifiedStore(file).close()
    assert (tmp_path / "modified.sqlite.damaged").exists()
    LastModifiedStore(file).close()


@pytest.mark.parametrize("change", ["CAST(markdown AS BLOB)", "replace(markdown, 'late', 'lame')", "id", "NULLIF(1, 1) || ''"])
def test_a_text_that_the_disk_changed_is_not_published(root: Path, file: Path, tmp_path: Path, change: str) -> None:
    """Texts had no checksum."""
    expected = fresh(root, tmp_path)
    with closing(sqlite3.connect(file)) as rows, rows:
        rows.execute(f"UPDATE OR IGNORE text SET markdown = coalesce({change}, '')")
    assert published(root, file) == expected
    assert published(root, file) == expected


def test_texts_of_other_types_end_no_start_where_many_are_past(root: Path, file: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(file)) as rows, rows:
        rows.execute("UPDATE text SET digest = 'a' || id WHERE id % 3 = 0")
    save(root, 5, article(5, "New words"))
    assert published(root, file, ParseCache(file, max_unused_texts=-1000)) == fresh(root, tmp_path)


def test_a_broken_file_whose_last_valid_text_is_damaged_is_as_in_a_fresh_state(root: Path, file: Path, tmp_path: Path) -> None:
    """Its page, and every listing, answered 500 for ever: the text ... is lost."""
    save(root, 1, "title: [")
    before = published(root, file)
    assert len(before) == COUNT
    with closing(sqlite3.connect(file)) as rows, rows:
        rows.execute("UPDATE text SET markdown = 'x' WHERE markdown LIKE 'Other words of 1.%'")
    expected = fresh(root, tmp_path)
    assert len(expected) == COUNT - 1
    assert published(root, file) == expected
    assert published(root, file) == expected


def test_a_last_valid_version_outlives_the_damage_of_other_rows(root: Path, file: Path) -> None:
    save(root, 1, "title: [")
    before = published(root, file)
    with closing(sqlite3.connect(file)) as rows, rows:
        rows.execute("UPDATE text SET markdown = 'x' WHERE markdown LIKE 'Words of 2%'")
    assert published(root, file) == before
    assert published(root, file) == before


def test_an_article_that_was_withdrawn_does_not_come_back_with_an_older_file(root: Path, file: Path, tmp_path: Path) -> None:
    before = file.read_bytes()
    save(root, 1, f"{article(1)}status: withdrawn\n")
    published(root, file)
    save(root, 1, "title: [")
    file.write_bytes(before)
    for _ in range(2):
        assert published(root, file) == fresh(root, tmp_path)
    save(root, 1, "title: [\n")
    assert published(root, file) == fresh(root, tmp_path)


def test_the_records_of_another_newsroom_bring_in_none_of_its_articles(root: Path, file: Path, tmp_path: Path) -> None:
    shutil.copytree(root, tmp_path / "other")
    save(tmp_path / "other", 1, article(1, "Alien words"))
    published(tmp_path / "other", tmp_path / "elsewhere/articles.sqlite")
    save(root, 1, "title: [")
    shutil.copy(tmp_path / "elsewhere/articles.sqlite", file)
    LastModifiedStore(file.with_name("modified.sqlite")).close()
    assert published(root, file) == fresh(root, tmp_path)


def built(root: Path, out: Path, state: Path) -> dict[str, bytes]:
    words = command("build", out, root, "--skip-broken", "--state", state)
    subprocess.run(words, env=environment(), check=True, capture_output=True)
    return {path.name: path.read_bytes() for path in out.glob("articles/*/index.html")}


def test_a_tree_loses_an_article_that_was_deleted_while_its_record_was_damaged(root: Path, tmp_path: Path) -> None:
    state, out = tmp_path / "built", tmp_path / "out"
    built(root, out, state)
    assert (out / "articles/a01/index.html").exists()
    with closing(sqlite3.connect(state / "articles.sqlite")) as rows, rows:
        rows.execute("UPDATE record_page SET records = zeroblob(900)")
    (root / "articles/a01.yaml").unlink()
    built(root, out, state)
    assert not (out / "articles/a01/index.html").exists()
    assert b"/articles/a01/" not in (out / "index.html").read_bytes() + (out / "feed.rss").read_bytes()


# --- the other files


@pytest.mark.parametrize(
    "change", ["at = at - 5", "at = 'soon'", "at = 1e300", "digest = x'00'", "path = path || 'x'", "read = 'x'"]
)
def test_a_damaged_date_is_not_sent(tmp_path: Path, change: str) -> None:
    file = tmp_path / "modified.sqlite"
    with closing(LastModifiedStore(file)) as ledger:
        for path in ("/feed.rss", "/"):
            assert ledger.last_modified(path, "one", NOON) == NOON
    with closing(sqlite3.connect(file)) as rows, rows:
        rows.execute(f"UPDATE document_date SET {change} WHERE path = '/feed.rss'")
    later = NOON + timedelta(days=3)
    with closing(LastModifiedStore(file)) as ledger:
        assert ledger.last_modified("/feed.rss", "one", later) == later
        assert ledger.last_modified("/", "one", later) == NOON
        ledger.recover()
        assert ledger.last_modified("/feed.rss", "one", later + timedelta(days=1)) == later
        assert ledger.last_modified("/", "one", later) == NOON


@pytest.mark.parametrize("change", ["reads = reads * 2", "reads = 'many'", "article = 'two'", "reads = 1e30", "day = 5"])
def test_a_damaged_count_is_lost_and_no_other_is_told(tmp_path: Path, change: str, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "views.sqlite"
    with closing(SqliteReadStore(file)) as views:
        views.add({("one", MONDAY): 3, ("other", MONDAY): 4}, 1)
    with closing(sqlite3.connect(file)) as rows, rows:
        rows.execute(f"UPDATE article_reads SET {change} WHERE article = 'one'")
    with closing(SqliteReadStore(file)) as views:
        assert views.totals_since(None) == {"other": 4}
        views.add({("one", MONDAY): 1}, 1)
        assert views.totals_since(None) == {"one": 1, "other": 4}
    assert len(caplog.records) == 1
    assert f"{file} (read counts) was damaged: counts fail their checksum; a new file takes its place with the " in caplog.text


def test_a_file_of_counts_that_is_damaged_while_reads_are_written_is_replaced_at_once(tmp_path: Path) -> None:
    file = tmp_path / "views.sqlite"
    with closing(SqliteReadStore(file)) as views:
        views.add({("one", MONDAY): 3}, 1)
        with closing(sqlite3.connect(file)) as rows, rows:
            rows.execute("DROP TABLE article_reads")
        views.add({("one", MONDAY): 1}, 2)
        assert views.totals_since(None) == {"one": 1}


def told(file: Path, digest: str = "1") -> frozenset[str]:
    """The topics that the hub is to be told of."""
    with closing(DeliveryQueue(file)) as store:
        store.synchronize(HubSelection(base_url=BASE, site_hubs=(HUB,)), {f"{BASE}/{name}": digest for name in ("one", "two")})
        found = store.pending_topics()
        for feed in store.pending_deliveries(HUB):
            store.mark_delivered(HUB, feed, NOON.timestamp())
        return frozenset(topic.rpartition("/")[2] for topic in found)


@pytest.mark.parametrize(
    "change", ["announced = '2'", "due = 1e300", "attempts = 'x'", "wanted = '2', announced = '2'", "topic = 'x'", "hub = x'01'"]
)
def test_a_hub_is_told_again_of_a_feed_whose_row_is_damaged(tmp_path: Path, change: str) -> None:
    file = tmp_path / "push.sqlite"
    assert told(file) == {"one", "two"}
    assert told(file) == frozenset()
    with closing(sqlite3.connect(file)) as rows, rows:
        rows.execute(f"UPDATE announced_feed SET {change} WHERE topic LIKE '%/one'")
    assert told(file, "1") == {"one"}
    assert told(file, "2") == {"one", "two"}


@pytest.mark.parametrize("change", ["due = 1e300", "failures = 'x'", "succeeded_at = 'x'", "failed_at = -1e300"])
def test_a_damaged_hub_is_told_all_the_same(tmp_path: Path, change: str) -> None:
    file = tmp_path / "push.sqlite"
    assert told(file) == {"one", "two"}
    with closing(sqlite3.connect(file)) as rows, rows:
        rows.execute(f"UPDATE announced_hub SET {change}")
    assert told(file, "2") == {"one", "two"}


def test_reads_that_wait_in_a_damaged_file_are_not_counted(tmp_path: Path) -> None:
    folder = tmp_path / "unwritten"
    file = write_spool_file(folder, "writer", [Batch(number=1, reads={("one", MONDAY): 31})])
    assert [one.batches[0].reads for one in read_spool_files(folder)] == [{("one", MONDAY): 31}]
    file.write_bytes(file.read_bytes().replace(b"31]", b"39]"))
    assert read_spool_files(folder) == ()
    assert [path.name for path in folder.iterdir()] == ["writer.json.damaged"]
    write_spool_file(folder, "writer", [Batch(number=1, reads={("one", MONDAY): 31})])
    file.rename(file.with_name("other.json"))
    assert read_spool_files(folder) == ()


def in_the_way(path: Path) -> None:
    path.mkdir(parents=True)


def to_nowhere(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to("missing/nowhere")


@pytest.mark.parametrize("put", [in_the_way, os.mkfifo])
@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal"])
def test_something_else_in_the_place_of_a_file_is_set_aside(tmp_path: Path, put: Callable[[Path], None], ending: str) -> None:
    file = tmp_path / "modified.sqlite"
    put(Path(f"{file}{ending}"))
    with closing(LastModifiedStore(file)) as ledger:
        assert ledger.last_modified("/", "one", NOON) == NOON
    assert Path(f"{file}.damaged{ending}").exists()


def test_processes_that_notice_at_once_replace_the_file_once(root: Path, tmp_path: Path) -> None:
    """Each must not delete the new file of another."""
    state = tmp_path / "shared"
    state.mkdir()
    code = (
        "import sys; from pathlib import Path; from datetime import date;"
        "from feedsvc.audience.sqlite_store import SqliteReadStore;"
        "views = SqliteReadStore(Path(sys.argv[1])); sys.stdin.read();"
        "[views.add({(sys.argv[2], date(2026, 3, 2)): 1}, number) for number in range(1, 21)]; views.close()"
    )
    file = state / "views.sqlite"
    with closing(SqliteReadStore(file)) as views:
        views.add({("kept", MONDAY): 1}, 1)
    file.write_bytes(file.read_bytes()[:100] + b"no page" * 900)
    words = [command()[0], "-c", code, file]
    processes = [subprocess.Popen([*words, str(number)], stdin=subprocess.PIPE, env=environment()) for number in range(6)]
    for process in processes:
        assert process.stdin
        process.stdin.close()
    assert [process.wait(60) for process in processes] == [0] * 6
    with closing(SqliteReadStore(file)) as views:
        assert views.totals_since(None) == {str(number): 20 for number in range(6)}
    assert sorted(path.name for path in state.iterdir()) == ["state-id", "views.sqlite", "views.sqlite.damaged"]


def test_a_state_id_that_is_damaged_or_of_another_newsroom_costs_nothing(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    for state in (own, other):
        with (
            closing(SqliteReadStore(state / "views.sqlite")) as views,
            closing(LastModifiedStore(state / "modified.sqlite")) as ledger,
        ):
            views.add({("one", MONDAY): 3}, 1)
            ledger.last_modified("/", "one", NOON)
    right = (own / "state-id").read_bytes()
    for wrong in (b"", b"feedsvc state 00000000 00000000\n", (other / "state-id").read_bytes(), None):
        (own / "state-id").unlink()
        if wrong is not None:
            (own / "state-id").write_bytes(wrong)
        with (
            closing(LastModifiedStore(own / "modified.sqlite")) as ledger,
            closing(SqliteReadStore(own / "views.sqlite")) as views,
        ):
            assert ledger.last_modified("/", "one", NOON + timedelta(days=1)) == NOON
            assert views.totals_since(None) == {"one": 3}
        assert (own / "state-id").read_bytes() == right
