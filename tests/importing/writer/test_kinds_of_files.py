"""Files that become another kind of file: an article as YAML, a page that becomes a post, and a post that becomes a page."""

from __future__ import annotations

from pathlib import Path

from feedsvc.importing.source import PostState
from feedsvc.importing.writer import ImportReport
from tests.importing.writer.memory_source import OLD, load, post, run_import, what

FILE = "articles/2020/01/title-1.md"
YAML = "articles/2020/01/title-1.yaml"


def rewrite_as_yaml(root: Path) -> None:
    (root / FILE).unlink()
    text = f'id: "{post(1).id}"\ntitle: Title 1\npublished: 2020-01-03T09:30:00Z\ntags: [Night]\nbody: Mine\n'
    (root / YAML).write_text(text, "utf-8")


def reasons(report: ImportReport) -> dict[str, str]:
    return {omission.what: omission.reason for omission in report.omissions}


def test_article_that_an_editor_rewrote_as_yaml_is_unchanged_at_the_next_import(tmp_path: Path) -> None:
    run_import(tmp_path, post(1))
    rewrite_as_yaml(tmp_path)
    assert run_import(tmp_path, post(1)).unchanged == 1
    report = run_import(tmp_path, post(1, title="New title"))
    assert (report.kept, report.omissions, report.ids.kept) == ([YAML], [], 1)
    assert [article.title for article in load(tmp_path).articles] == ["Title 1"]


def test_public_article_that_became_a_page_at_the_source_is_reported_as_a_draft(tmp_path: Path) -> None:
    run_import(tmp_path, post(1))
    report = run_import(tmp_path, post(1, is_page=True, address=f"{OLD}/about/"))
    assert reasons(report)[FILE].startswith("it is a page at the source now, and the article is a draft")
    assert report.pages == []
    hidden = run_import(tmp_path, post(1, is_page=True, state=PostState.DRAFT, address=f"{OLD}/about/"))
    assert FILE not in what(hidden)
