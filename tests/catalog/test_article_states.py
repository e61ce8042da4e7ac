"""States of article files at one moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedsvc.catalog.article_states import ArticleState, files_by_state
from feedsvc.content.folder.folder import load_content
from tests.helpers import newsrooms
from tests.helpers.newsrooms import NOW

SITE = {"site.yaml": "title: T\nbase_url: https://t.example\nid_domain: t.example\n"}


def article(keys: str) -> str:
    return f"title: T\n{keys}\nbody: Text.\n"


@pytest.mark.parametrize(
    ("keys", "state", "moment"),
    [
        ("published: 2026-01-01", "published", "2026-01-01"),
        ("published: 2026-03-01T12:00:00", "published", "2026-03-01"),
        ("published: 2026-01-01\nexpires: 2026-03-02", "published", "2026-01-01"),
        ("published: 2026-03-01T12:00:01", "scheduled", "2026-03-01"),
        ("published: 2026-01-01\nexpires: 2026-03-01", "expired", "2026-03-01"),
        ("published: 2026-01-01\nstatus: draft", "draft", "2026-01-01"),
        ("published: 2026-05-01\nstatus: draft", "draft", "2026-05-01"),
        ("published: 2026-01-01\nstatus: withdrawn\nwithdrawn: {date: 2026-02-01}", "withdrawn", "2026-02-01"),
    ],
)
def test_state_and_moment_of_an_article(tmp_path: Path, keys: str, state: str, moment: str) -> None:
    newsrooms.write(tmp_path, {**SITE, "articles/a.yaml": article(keys)})
    groups = files_by_state(load_content(tmp_path), NOW)
    (file,) = (file for files in groups.values() for file in files)
    assert (file.state, file.version_state) == (ArticleState(state), ArticleState(state))
    assert file.moment
    assert file.moment.date().isoformat() == moment


def test_newest_first_except_scheduled_articles(tmp_path: Path) -> None:
    days = {"p1": "2026-01-01", "p2": "2026-01-02", "s1": "2027-01-01", "s2": "2027-01-02"}
    newsrooms.write(tmp_path, {**SITE, **{f"articles/{name}.yaml": article(f"published: {day}") for name, day in days.items()}})
    groups = files_by_state(load_content(tmp_path), NOW)
    names = {state: [Path(file.path).stem for file in files] for state, files in groups.items() if files}
    assert names == {ArticleState.PUBLISHED: ["p2", "p1"], ArticleState.SCHEDULED: ["s1", "s2"]}


def test_a_file_that_lost_a_conflict_is_broken(tmp_path: Path) -> None:
    newsrooms.write(tmp_path, {**SITE, **{f"articles/{name}.yaml": article("published: 2026-01-01\nslug: b") for name in "ab"}})
    groups = files_by_state(load_content(tmp_path), NOW)
    assert [file.path for file in groups[ArticleState.PUBLISHED]] == ["articles/b.yaml"]
    (broken,) = groups[ArticleState.BROKEN]
    assert broken.path == "articles/a.yaml"
    assert "slug" in broken.errors[0].message
