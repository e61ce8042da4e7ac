"""Drafts whose date the import made up, and that the source then schedules or publishes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedsvc.importing.source import PostState, SourcePost
from tests.importing.writer.memory_source import NOW, files, post, run_import

_CHANGED = datetime(2020, 3, 4, 10, tzinfo=UTC)
_SCHEDULED = datetime(2030, 6, 7, 10, tzinfo=UTC)
_DRAFT = post(1, state=PostState.DRAFT, published=None, updated=_CHANGED)
_FILE = "articles/2020/03/title-1.md"


def _public(date: datetime) -> SourcePost:
    return post(1, published=date, updated=None)


def _edit(root: Path, old: str, new: str) -> None:
    text = (root / _FILE).read_text("utf-8")
    assert old in text
    (root / _FILE).write_text(text.replace(old, new), "utf-8")


def _read(root: Path) -> str:
    return (root / _FILE).read_text("utf-8")


@pytest.mark.parametrize("date", [_SCHEDULED, datetime(2020, 6, 7, 10, tzinfo=UTC)], ids=["scheduled", "published"])
def test_draft_that_wordpress_publishes_has_the_date_of_wordpress(tmp_path: Path, date: datetime) -> None:
    run_import(tmp_path, _DRAFT)
    report = run_import(tmp_path, _public(date))
    assert (report.changed, report.kept) == ([_FILE], [])
    assert f"published: {date.isoformat()}\n" in _read(tmp_path)
    assert "status:" not in _read(tmp_path)
    assert run_import(tmp_path, _public(date)).kept == []


def test_draft_with_a_date_of_an_editor_stays_a_draft(tmp_path: Path) -> None:
    run_import(tmp_path, _DRAFT)
    _edit(tmp_path, "published: 2020-03-04", "published: 2031-01-01")
    mine = _read(tmp_path)
    for _ in range(2):
        report = run_import(tmp_path, _public(_SCHEDULED))
        assert (report.kept, _read(tmp_path)) == ([_FILE], mine)


@pytest.mark.parametrize("facts", [{}, {"id": "", "address": ""}])
def test_draft_without_any_date_keeps_the_one_that_it_got(tmp_path: Path, facts: dict[str, str]) -> None:
    draft = post(1, state=PostState.DRAFT, published=None, updated=None, **facts)
    run_import(tmp_path, draft)
    before = files(tmp_path)
    assert run_import(tmp_path, draft, now=NOW.replace(year=2027)).unchanged == 1
    assert files(tmp_path) == before
