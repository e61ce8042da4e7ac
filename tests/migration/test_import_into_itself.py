"""An export that is imported into the newsroom that it came from: nothing is there twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedsvc.content.folder import load_content
from feedsvc.importing.formats import open_source
from feedsvc.importing.writer import ImportOptions, ImportReport, import_source
from feedsvc.support.http import HostAccess
from tests.conftest import Newsroom
from tests.importing.writer.memory_source import OLD, files, post, run_import
from tests.migration.test_round_trip import FORMS, NOW, export

_OWN = "---\ntitle: Own\npublished: 2021-01-01T00:30:00+02:00\nsummary: S.\n---\n\nText\n"
_ABOUT = post(6, title="About", is_page=True, address=f"{OLD}/about/", categories=(), tags=())


def _import(file: Path, root: Path) -> ImportReport:
    return import_source(open_source(str(file), HostAccess()), root, ImportOptions(now=NOW))


def _content(root: Path) -> dict[str, bytes]:
    return {path: data for path, data in files(root).items() if path.lower().endswith(".md")}


@pytest.mark.parametrize("form", list(FORMS))
@pytest.mark.parametrize("name", ["own.md", "own.MD"])
def test_article_without_an_id_is_not_written_a_second_time(newsroom: Newsroom, tmp_path: Path, form: str, name: str) -> None:
    root = newsroom({f"articles/2020/{name}": _OWN})
    file, before = export(root, form, tmp_path / f"export.{FORMS[form]}"), _content(root)
    for _ in range(2):
        report = _import(file, root)
        assert (report.created, report.changed) == ([], [])
        assert (report.ids.kept, report.ids.total) == (1, 1)
    assert _content(root) == before
    assert load_content(root).errors == ()


def test_text_of_an_article_without_an_id_that_another_system_changed_is_a_conflict(newsroom: Newsroom, tmp_path: Path) -> None:
    root = newsroom({"articles/own.md": _OWN})
    file = export(root, "wxr", tmp_path / "export.xml")
    file.write_text(file.read_text("utf-8").replace("<p>Text</p>", "<p>Changed</p>"), "utf-8")
    assert _import(file, root).kept == ["articles/own.md"]
    assert (root / "articles/own.md").read_text("utf-8") == _OWN


def test_page_that_came_from_wordpress_is_not_written_a_second_time(tmp_path: Path) -> None:
    root = tmp_path / "newsroom"
    run_import(root, post(1), _ABOUT)
    file, before = export(root, "wxr", tmp_path / "export.xml"), _content(root)
    report = _import(file, root)
    assert (report.created, report.changed, report.kept) == ([], [], [])
    assert _content(root) == before
    assert run_import(root, post(1), _ABOUT).unchanged == 2


def test_page_of_another_newsroom_is_not_taken_for_that_of_wordpress(newsroom: Newsroom, tmp_path: Path) -> None:
    other = newsroom({"pages/about.md": "---\ntitle: Other\n---\n\nOther\n"})
    root = tmp_path / "imported"
    run_import(root, post(1), _ABOUT)
    assert _import(export(other, "wxr", tmp_path / "export.xml"), root).created == ["pages/about-2.md"]
