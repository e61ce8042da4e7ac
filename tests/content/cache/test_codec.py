"""What is remembered of many files lies together, and says what it says one by one."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from feedsvc.content.cache import codec
from feedsvc.content.cache.record import Interner, Record
from feedsvc.content.cache.store import ParseCache
from feedsvc.content.folder.folder import ContentFolder
from tests.broken_files.case import HEAD
from tests.conftest import Newsroom
from tests.helpers import newsrooms
from tests.helpers.state_rows import Row, rewrite_rows


@pytest.fixture
def records(tmp_path: Path) -> dict[str, Record]:
    """Of every kind of file there is: whole, broken from the first, broken since, with media, with former addresses."""
    root, file = newsrooms.write_sample(tmp_path / "content"), tmp_path / "articles.sqlite"
    newsrooms.write(root, {"articles/never.yaml": "title: [\n", "articles/since.yaml": f"id: tag:news.example,2026:s\n{HEAD}"})
    for text in ("title: [\n", None):
        folder = ContentFolder(root, cache=ParseCache(file))
        folder.read()
        folder.save()
        if text:
            (root / "articles/since.yaml").write_text(text)
    found = ParseCache(file).load_records()
    assert {(one.reading.article is None, one.good is None, bool(one.media)) for one in found.values()} == {
        (False, True, True),
        (False, True, False),
        (True, True, False),
        (True, False, False),
    }
    return found


def many(records: Mapping[str, Record], times: int = 30) -> dict[str, Record]:
    """The same again and again, by other paths."""

    def renamed(record: Record, path: str) -> Record:
        article, good = record.reading.article, record.good
        reading = record.reading._replace(article=replace(article, path=path) if article else None)
        return replace(record, reading=reading, good=replace(good, path=path) if good else None)

    paths = ((f"{number:02}-{path}", record) for number, (path, record) in itertools.product(range(times), records.items()))
    return {path: renamed(record, path) for path, record in paths}


def stored(file: Path, table: str) -> int:
    with closing(sqlite3.connect(file)) as rows:
        return int(rows.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_what_is_written_together_reads_as_what_is_written_one_by_one(records: dict[str, Record], tmp_path: Path) -> None:
    every = many(records)
    one, together = ParseCache(tmp_path / "one"), ParseCache(tmp_path / "together")
    for path, record in every.items():
        assert one.store({path: record})
    assert together.store(every)
    assert (stored(tmp_path / "one", "record_page"), stored(tmp_path / "together", "single_record")) == (0, 0)
    assert one.load_records() == together.load_records() == every
    kinds = {
        type(value) for record in together.load_records().values() for value in (record.media, record.signature, record.digest)
    }
    assert kinds == {dict, bytes}


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_few_are_packed_as_many_are(records: dict[str, Record], count: int) -> None:
    for some in itertools.combinations(records.items(), count):
        assert codec.decode_page(codec.encode_page(dict(some)), Interner()) == dict(some)


def test_what_articles_have_in_common_is_one_object(records: dict[str, Record]) -> None:
    every = codec.decode_page(codec.encode_page(many(records)), Interner())
    articles = [record.reading.article for record in every.values() if record.reading.article]
    for name in ("categories", "authors", "language"):
        values = [getattr(article, name) for article in articles]
        assert len(set(map(id, values))) == len(set(values)) > 1
    tags = [tag for article in articles for tag in article.tags]
    assert len(set(map(id, tags))) == len(set(tags)) > 1
    assert all(article.updated is article.published for article in articles if article.updated == article.published)


def test_what_is_written_later_counts(records: dict[str, Record], tmp_path: Path) -> None:
    kept, every = ParseCache(tmp_path / "kept"), many(records)
    other = {path: replace(record, digest=b"other") for path, record in every.items()}
    paths = sorted(every)
    kept.store(every)
    kept.store({paths[0]: other[paths[0]], paths[1]: None})
    assert kept.load_records() == {
        path: record for path, record in {**every, paths[0]: other[paths[0]]}.items() if path != paths[1]
    }
    kept.store(other)
    assert kept.load_records() == other
    kept.store(dict.fromkeys(paths[5:]))
    assert kept.load_records() == {path: other[path] for path in paths[:5]}
    kept.store(dict.fromkeys(paths))
    assert kept.load_records() == {}
    kept.store(every)
    assert kept.load_records() == every


def test_what_is_past_does_not_fill_the_disk(records: dict[str, Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedsvc.content.cache.tables._MAX_UNUSED_RECORDS", 0)
    file, every = tmp_path / "kept", many(records)
    kept = ParseCache(file)
    for _ in range(2):
        kept.store(every)
        kept.prune(every)
    assert (stored(file, "record_page"), stored(file, "single_record")) == (1, 0)
    paths = sorted(every)
    left = {path: every[path] for path in paths[len(paths) // 4 :]}
    kept.store(dict.fromkeys(paths[: len(paths) // 4]))
    kept.prune(left)
    assert (stored(file, "record_page"), stored(file, "single_record")) == (1, 0), "so many single ones make a start slow"
    assert kept.load_records() == left


def test_what_another_process_wrote_meanwhile_is_not_swept_away(
    records: dict[str, Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedsvc.content.cache.tables._MAX_UNUSED_RECORDS", 0)
    one, other, every = ParseCache(tmp_path / "kept"), ParseCache(tmp_path / "kept"), many(records)
    one.store(every)
    one.store(every)
    (path, *_) = every
    other.load_records()
    other.store({path: None})
    one.prune(every)
    assert path not in other.load_records()


def page_of(data: bytes) -> Any:
    return msgspec.msgpack.decode(data)


packed = msgspec.msgpack.encode


def page_with(change: Callable[[bytes], bytes]) -> Callable[[Row], Row]:
    return lambda row: (*row[:-1], change(row[-1]))


def mangled(data: bytes) -> bytes:
    """A page as another version might have it: whatever there is beside articles is of another kind."""
    page = page_of(data)
    page |= {"readings": 5, "more": {"and": "more"}}
    page["records"] |= {"stamp": [["a", 1], None], "site": 5, "another": [[1], None]}
    page["articles"] |= {"colour": [["red"], None]}
    del page["articles"]["notice"]
    return packed(page)


def test_of_what_another_version_wrote_together_what_stood_last_is_left(records: dict[str, Record], tmp_path: Path) -> None:
    file, every = tmp_path / "kept", many(records)
    ParseCache(file, version="another").store(every)
    rewrite_rows(file, "record_page", page_with(mangled))
    last = {path: replace(record.last_valid, notice="") for path, record in every.items() if record.last_valid}
    found = ParseCache(file).load_records()
    assert {path: record.last_valid for path, record in found.items()} == last
    assert len(last) < len(every)
    assert all(record.signature is None and record.reading.article is None for record in found.values())


def test_what_an_earlier_version_saw_go_stays_gone_at_an_upgrade(records: dict[str, Record], tmp_path: Path) -> None:
    """A deleted article was published again where its file had come back broken before the upgrade."""
    every = many(records)
    broken = replace(next(record for record in every.values() if not record.last_valid), media={})
    for number, count in enumerate((1, len(every))):
        file = tmp_path / str(number)
        kept = ParseCache(file, version="another")
        kept.store(every)
        some = {path: replace(broken, signature=None) for path in sorted(every)[:count]}
        kept.store(some)
        assert not some.keys() & ParseCache(file).load_records().keys()
        assert ParseCache(file, version="another").load_records() == {**every, **some}


def letters(data: bytes) -> bytes:
    """In the midst of a title."""
    return data.replace(b"\xa1A", b"\xa1\xff")


def other(data: bytes) -> bytes:
    return data.replace(b"\xa1A", b"\xa1B")


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def fewer(data: bytes) -> bytes:
    page = page_of(data)
    page["paths"].pop()
    return packed(page)


def astray(data: bytes) -> bytes:
    page = page_of(data)
    page["articles"]["tags"][1][0] = [1_000_000]
    return packed(page)


def negative(data: bytes) -> bytes:
    page = page_of(data)
    page["articles"]["categories"] = [[["asia"]], [-1] * len(page["articles"]["categories"][1])]
    return packed(page)


def nameless(data: bytes) -> bytes:
    page = page_of(data)
    del page["articles"]["title"]
    return packed(page)


DAMAGES = (cut, fewer, astray, negative, nameless, letters, other, lambda _: b"", lambda _: b"\xc0" * 9)


@pytest.mark.parametrize("damaged", DAMAGES)
@pytest.mark.parametrize("version", ["", "another"])
@pytest.mark.parametrize("sealed", [True, False])
def test_a_disk_that_gives_back_other_bytes_costs_a_reading(
    newsroom: Newsroom, tmp_path: Path, damaged: Callable[[bytes], bytes], version: str, *, sealed: bool
) -> None:
    if damaged is other and sealed:
        pytest.skip("that is sound, and says something else")
    files = {f"articles/{number}.yaml": f"{HEAD}categories: [{('asia', 'money')[number % 2]}]\n" for number in range(100)}
    root = newsroom({**files, "categories.yaml": "asia: {title: Asia}\nmoney: {title: Money}\n"})
    file = tmp_path / "kept"
    folder = ContentFolder(root, cache=ParseCache(file, version=version))
    before = folder.read().content
    folder.save()
    assert rewrite_rows(file, "record_page", page_with(damaged), update_checksums=sealed) == 1
    assert (len(before.articles), before.errors) == (100, ())
    assert set(ContentFolder(root, cache=ParseCache(file)).read().content.articles) == set(before.articles)


@pytest.mark.parametrize("version", ["", "another"])
def test_a_letter_that_is_none_in_what_is_remembered_ends_no_start(newsroom: Newsroom, tmp_path: Path, version: str) -> None:
    root, file = newsroom({"articles/a.yaml": HEAD}), tmp_path / "kept"
    folder = ContentFolder(root, cache=ParseCache(file, version=version))
    folder.read()
    folder.save()
    for table in ("single_record", "setting_entry"):
        assert rewrite_rows(file, table, page_with(letters))
    assert [one.title for one in ContentFolder(root, cache=ParseCache(file)).read().content.articles] == ["A"]


def many_files(newsroom: Newsroom, **more: str) -> Path:
    """So many that several processes read them."""
    return newsroom({f"articles/a{number:03}.yaml": f"id: tag:a.example,2026:{number}\n{HEAD}" for number in range(600)} | more)


def test_a_file_that_is_no_article_is_none_after_a_restart_either(newsroom: Newsroom, tmp_path: Path) -> None:
    """Among very many new ones it was read along, written down, and published by the next start."""
    root = many_files(newsroom, **{"articles/odd.yml": HEAD, "articles/notes.txt": HEAD})
    for _ in range(2):
        folder = ContentFolder(root, cache=ParseCache(tmp_path / "kept"))
        content = folder.read().content
        folder.save()
        assert len(content.articles) == 600
        assert [one.path for one in content.errors] == ["articles/odd.yml"]


def test_an_article_that_never_stood_takes_nothing_from_one_that_does_at_an_upgrade(newsroom: Newsroom, tmp_path: Path) -> None:
    moved, story = f"id: tag:a.example,2026:story\n{HEAD}", f"id: tag:a.example,2026:story\nslug: a007\n{HEAD}"
    root = many_files(newsroom, **{"articles/moved.yaml": moved})
    for version in ("one", "one", "one", "two", "two"):
        folder = ContentFolder(root, cache=ParseCache(tmp_path / "kept", version=version))
        content = folder.read().content
        folder.save()
        assert {"articles/moved.yaml", "articles/a007.yaml"} <= {one.path for one in content.articles}
        if (root / "articles/story.yaml").exists():
            assert [one.path for one in content.errors] == ["articles/moved.yaml", "articles/story.yaml"]
            lost = ParseCache(tmp_path / "kept", version=version).load_records()["articles/story.yaml"]
            assert (lost.stood, lost.good) == (False, None)
        (root / "articles/story.yaml").write_text(story)
