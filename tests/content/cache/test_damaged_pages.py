"""Damaged records: they are detected, and the files are read again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from feedsvc.content.cache.store import ParseCache
from feedsvc.content.folder.folder import ContentFolder
from tests.broken_files.case import HEAD
from tests.conftest import Newsroom
from tests.content.cache.pages import change_page, pack, unpack
from tests.helpers.state_rows import rewrite_rows


def invalid_utf8(data: bytes) -> bytes:
    """Replace a letter of a title by an invalid byte."""
    return data.replace(b"\xa1A", b"\xa1\xff")


def another_letter(data: bytes) -> bytes:
    return data.replace(b"\xa1A", b"\xa1B")


def truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


def missing_path(data: bytes) -> bytes:
    page = unpack(data)
    page["paths"].pop()
    return pack(page)


def index_out_of_range(data: bytes) -> bytes:
    page = unpack(data)
    page["articles"]["tags"][1][0] = [1_000_000]
    return pack(page)


def negative_index(data: bytes) -> bytes:
    page = unpack(data)
    page["articles"]["categories"] = [[["asia"]], [-1] * len(page["articles"]["categories"][1])]
    return pack(page)


def missing_titles(data: bytes) -> bytes:
    page = unpack(data)
    del page["articles"]["title"]
    return pack(page)


DAMAGES = (
    truncated,
    missing_path,
    index_out_of_range,
    negative_index,
    missing_titles,
    invalid_utf8,
    another_letter,
    lambda _: b"",
    lambda _: b"\xc0" * 9,
)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("version", ["", "another"])
@pytest.mark.parametrize("update_checksums", [True, False])
def test_a_damaged_page_is_detected_and_the_files_are_read_again(
    newsroom: Newsroom, tmp_path: Path, damage: Callable[[bytes], bytes], version: str, *, update_checksums: bool
) -> None:
    if damage is another_letter and update_checksums:
        pytest.skip("a valid page with another title cannot be detected")
    files = {f"articles/{number}.yaml": f"{HEAD}categories: [{('asia', 'money')[number % 2]}]\n" for number in range(100)}
    root = newsroom({**files, "categories.yaml": "asia: {title: Asia}\nmoney: {title: Money}\n"})
    file = tmp_path / "kept"
    folder = ContentFolder(root, cache=ParseCache(file, version=version))
    before = folder.read().content
    folder.save()
    assert rewrite_rows(file, "record_page", change_page(damage), update_checksums=update_checksums) == 1
    assert (len(before.articles), before.errors) == (100, ())
    assert set(ContentFolder(root, cache=ParseCache(file)).read().content.articles) == set(before.articles)


@pytest.mark.parametrize("version", ["", "another"])
def test_invalid_utf8_in_a_record_does_not_prevent_a_start(newsroom: Newsroom, tmp_path: Path, version: str) -> None:
    root, file = newsroom({"articles/a.yaml": HEAD}), tmp_path / "kept"
    folder = ContentFolder(root, cache=ParseCache(file, version=version))
    folder.read()
    folder.save()
    for table in ("single_record", "setting_entry"):
        assert rewrite_rows(file, table, change_page(invalid_utf8))
    assert [article.title for article in ContentFolder(root, cache=ParseCache(file)).read().content.articles] == ["A"]
