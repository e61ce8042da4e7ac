"""Files that were saved on Windows are known as those that the import wrote, and read-only files stay."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from feedsvc.importing.source import SourceAuthor, SourceMedium
from tests.importing.writer.memory_source import SITE, articles, load, post, run_import, what

SOUND = "https://cdn.example/a.mp3"
FILE = "articles/2020/01/title-1.md"


def test_files_that_were_saved_on_windows_have_no_mixed_line_ends_after_an_import(tmp_path: Path) -> None:
    run_import(tmp_path, post(1))
    saved = (tmp_path / FILE, tmp_path / "authors.yaml")
    for file in saved:
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    added = {"updated": datetime(2021, 1, 1, tzinfo=UTC), "enclosures": (SourceMedium(SOUND, media_type="audio/mpeg", length=9),)}
    changed = post(1, title="New", summary="", categories=("city", "ferries"), body="<p>One</p><p>Two</p>", **added)
    posts = (changed, post(2, authors=("zoe",)))
    site = replace(SITE, authors=(*SITE.authors, SourceAuthor("zoe", "Zoë", bio="Writes.")))
    assert run_import(tmp_path, *posts, site=site).changed == [FILE]
    for data in (file.read_bytes() for file in saved):
        assert data.count(b"\r\n") in (0, data.count(b"\n"))
    article = articles(tmp_path)[changed.id]
    assert (article.title, article.categories) == ("New", ("city", "ferries"))
    assert load(tmp_path).authors["zoe"].name == "Zoë"
    assert run_import(tmp_path, *posts, site=site).unchanged == 2


def test_dry_run_says_that_a_changed_article_is_read_only(tmp_path: Path) -> None:
    run_import(tmp_path, post(1))
    (tmp_path / FILE).chmod(0o444)
    dry = run_import(tmp_path, post(1, title="New"), is_dry_run=True)
    report = run_import(tmp_path, post(1, title="New"))
    assert (dry.changed, what(dry)) == (report.changed, what(report)) == ([], [FILE])
    (tmp_path / FILE).chmod(0o644)
    assert run_import(tmp_path, post(1, title="New")).changed == [FILE]
