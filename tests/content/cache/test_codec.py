"""Records of read files: pages of many records give the same records as single ones, also after upgrades."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from feedsvc.content.cache import codec
from feedsvc.content.cache.record import Interner, Record
from feedsvc.content.cache.store import ParseCache
from feedsvc.content.folder.folder import ContentFolder
from tests.broken_files.case import HEAD
from tests.conftest import Newsroom
from tests.content.cache.pages import change_page, pack, unpack
from tests.helpers import newsrooms
from tests.helpers.state_rows import rewrite_rows


@pytest.fixture
def records(tmp_path: Path) -> dict[str, Record]:
    """Return one record of every kind: valid, never valid, invalid now, with media, with aliases."""
    root, file = newsrooms.write_sample(tmp_path / "content"), tmp_path / "articles.sqlite"
    newsrooms.write(root, {"articles/never.yaml": "title: [\n", "articles/since.yaml": f"id: tag:news.example,2026:s\n{HEAD}"})
    for text in ("title: [\n", None):
        folder = ContentFolder(root, cache=ParseCache(file))
        folder.read()
        folder.save()
        if text:
            (root / "articles/since.yaml").write_text(text)
    records = ParseCache(file).load_records()
    assert {(record.reading.article is None, record.good is None, bool(record.media)) for record in records.values()} == {
        (False, True, True),
        (False, True, False),
        (True, True, False),
        (True, False, False),
    }
    return records


def copies_of(records: Mapping[str, Record], times: int = 30) -> dict[str, Record]:
    """Return copies of the records under other paths."""

    def copy_of(record: Record, path: str) -> Record:
        article, good = record.reading.article, record.good
        result = record.reading._replace(article=replace(article, path=path) if article else None)
        return replace(record, reading=result, good=replace(good, path=path) if good else None)

    paths = ((f"{number:02}-{path}", record) for number, (path, record) in itertools.product(range(times), records.items()))
    return {path: copy_of(record, path) for path, record in paths}


def count_rows(file: Path, table: str) -> int:
    """Return the number of rows of a table."""
    with closing(sqlite3.connect(file)) as rows:
        return int(rows.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_records_stored_together_are_loaded_like_records_stored_one_by_one(records: dict[str, Record], tmp_path: Path) -> None:
    all_records = copies_of(records)
    single, together = ParseCache(tmp_path / "one"), ParseCache(tmp_path / "together")
    for path, record in all_records.items():
        assert single.store({path: record})
    assert together.store(all_records)
    assert (count_rows(tmp_path / "one", "record_page"), count_rows(tmp_path / "together", "single_record")) == (0, 0)
    assert single.load_records() == together.load_records() == all_records
    kinds = {
        type(value) for record in together.load_records().values() for value in (record.media, record.signature, record.digest)
    }
    assert kinds == {dict, bytes}


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_page_of_few_records_is_decoded(records: dict[str, Record], count: int) -> None:
    for subset in itertools.combinations(records.items(), count):
        page = codec.decode_page(codec.encode_page(dict(subset)), Interner())
        assert page
        assert page.records() == {path: page.record(path) for path, _ in subset} == dict(subset)


def test_equal_values_of_articles_are_one_object(records: dict[str, Record]) -> None:
    page = codec.decode_page(codec.encode_page(copies_of(records)), Interner())
    assert page
    articles = page.articles()
    for name in ("categories", "authors", "language"):
        values = [getattr(article, name) for article in articles]
        assert len(set(map(id, values))) == len(set(values)) > 1
    tags = [tag for article in articles for tag in article.tags]
    assert len(set(map(id, tags))) == len(set(tags)) > 1
    assert all(article.updated is article.published for article in articles if article.updated == article.published)


def test_a_record_stored_later_replaces_or_deletes_the_former(records: dict[str, Record], tmp_path: Path) -> None:
    cache, all_records = ParseCache(tmp_path / "kept"), copies_of(records)
    changed = {path: replace(record, digest=b"other") for path, record in all_records.items()}
    paths = sorted(all_records)
    cache.store(all_records)
    cache.store({paths[0]: changed[paths[0]], paths[1]: None})
    assert cache.load_records() == {
        path: record for path, record in {**all_records, paths[0]: changed[paths[0]]}.items() if path != paths[1]
    }
    cache.store(changed)
    assert cache.load_records() == changed
    cache.store(dict.fromkeys(paths[5:]))
    assert cache.load_records() == {path: changed[path] for path in paths[:5]}
    cache.store(dict.fromkeys(paths))
    assert cache.load_records() == {}
    cache.store(all_records)
    assert cache.load_records() == all_records


def test_replaced_records_are_pruned(records: dict[str, Record], tmp_path: Path) -> None:
    file, all_records = tmp_path / "kept", copies_of(records)
    cache = ParseCache(file, max_unused_records=0)
    for _ in range(2):
        cache.store(all_records)
        cache.prune(all_records)
    assert (count_rows(file, "record_page"), count_rows(file, "single_record")) == (1, 0)
    paths = sorted(all_records)
    remaining = {path: all_records[path] for path in paths[len(paths) // 4 :]}
    cache.store(dict.fromkeys(paths[: len(paths) // 4]))
    cache.prune(remaining)
    assert (count_rows(file, "record_page"), count_rows(file, "single_record")) == (1, 0), "many single records make a start slow"
    assert cache.load_records() == remaining


def test_pruning_keeps_changes_of_another_process(records: dict[str, Record], tmp_path: Path) -> None:
    cache, other_cache = (ParseCache(tmp_path / "kept", max_unused_records=0) for _ in range(2))
    all_records = copies_of(records)
    cache.store(all_records)
    cache.store(all_records)
    (path, *_) = all_records
    other_cache.load_records()
    other_cache.store({path: None})
    cache.prune(all_records)
    assert path not in other_cache.load_records()


def page_of_another_version(data: bytes) -> bytes:
    """Return a page with unknown fields and fields of other types beside the articles."""
    page = unpack(data)
    page |= {"readings": 5, "more": {"and": "more"}}
    for name in ("problems", "positions", "alias_references"):
        del page["records"][name]
    page["records"] |= {"stamp": [["a", 1], None], "site": 5, "another": [[1], None]}
    page["articles"] |= {"colour": [["red"], None]}
    del page["articles"]["notice"]
    return pack(page)


def test_from_a_page_of_another_version_the_last_valid_versions_are_loaded(records: dict[str, Record], tmp_path: Path) -> None:
    file, all_records = tmp_path / "kept", copies_of(records)
    ParseCache(file, version="another").store(all_records)
    rewrite_rows(file, "record_page", change_page(page_of_another_version))
    last_valid = {path: replace(record.last_valid, notice="") for path, record in all_records.items() if record.last_valid}
    loaded = ParseCache(file).load_records()
    assert {path: record.last_valid for path, record in loaded.items()} == last_valid
    assert len(last_valid) < len(all_records)
    assert all(record.signature is None and record.reading.article is None for record in loaded.values())


def test_an_article_deleted_before_an_upgrade_is_not_published_after_it(records: dict[str, Record], tmp_path: Path) -> None:
    """Before the fix, such an article was published again if its file had come back broken before the upgrade."""
    all_records = copies_of(records)
    broken = replace(next(record for record in all_records.values() if not record.last_valid), media={})
    for number, count in enumerate((1, len(all_records))):
        file = tmp_path / str(number)
        cache = ParseCache(file, version="another")
        cache.store(all_records)
        deleted = {path: replace(broken, signature=None) for path in sorted(all_records)[:count]}
        cache.store(deleted)
        assert not deleted.keys() & ParseCache(file).load_records().keys()
        assert ParseCache(file, version="another").load_records() == {**all_records, **deleted}


def many_files(newsroom: Newsroom, **further_files: str) -> Path:
    """Write 600 articles: so many that several processes read them."""
    return newsroom(
        {f"articles/a{number:03}.yaml": f"id: tag:a.example,2026:{number}\n{HEAD}" for number in range(600)} | further_files
    )


def test_a_file_with_another_suffix_is_no_article_after_a_restart(newsroom: Newsroom, tmp_path: Path) -> None:
    """Among very many new files it was read with the others, stored, and published by the next start."""
    root = many_files(newsroom, **{"articles/notes.txt": HEAD})
    for _ in range(2):
        folder = ContentFolder(root, cache=ParseCache(tmp_path / "kept"))
        content = folder.read().content
        folder.save()
        assert len(content.articles) == 600
        assert content.errors == ()


def test_a_never_valid_article_does_not_win_a_conflict_at_an_upgrade(newsroom: Newsroom, tmp_path: Path) -> None:
    moved, story = f"id: tag:a.example,2026:story\n{HEAD}", f"id: tag:a.example,2026:story\nslug: a007\n{HEAD}"
    root = many_files(newsroom, **{"articles/moved.yaml": moved})
    for version in ("one", "one", "one", "two", "two"):
        folder = ContentFolder(root, cache=ParseCache(tmp_path / "kept", version=version))
        content = folder.read().content
        folder.save()
        assert {"articles/moved.yaml", "articles/a007.yaml"} <= {item.path for item in content.articles}
        if (root / "articles/story.yaml").exists():
            assert [item.path for item in content.errors] == ["articles/moved.yaml", "articles/story.yaml"]
            loser = ParseCache(tmp_path / "kept", version=version).load_records()["articles/story.yaml"]
            assert (loser.stood, loser.good) == (False, None)
        (root / "articles/story.yaml").write_text(story)
