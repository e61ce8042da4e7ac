"""Categories and authors whose entry an editor deleted from categories.yaml or authors.yaml."""

from __future__ import annotations

from pathlib import Path

from feedsvc.importing.source import SourcePost
from feedsvc.importing.writer import ImportReport
from tests.importing.writer.memory_source import articles, post, run_import, what


def _write(root: Path, file: str, text: str) -> None:
    (root / file).write_text(text, "utf-8")


def _post(number: int, **facts: object) -> SourcePost:
    return post(number, authors=("mina", "kim"), categories=("city", "ferries"), **facts)


def _import_after_deletion(root: Path, **facts: object) -> ImportReport:
    """Import a post, let an editor delete an author and a category that it has, and import it with a second one."""
    run_import(root, _post(1))
    _write(root, "categories.yaml", "ferries: {title: Ferries}\n")
    _write(root, "authors.yaml", "mina: {name: Mina Park}\n")
    file = root / "articles/2020/01/title-1.md"
    text = file.read_text("utf-8")
    _write(root, str(file), text.replace("[city, ferries]", "[ferries]").replace("[mina, kim]", "[mina]"))
    return run_import(root, _post(1, **facts), _post(2))


def test_new_post_keeps_its_other_category_and_author_if_an_entry_was_deleted(tmp_path: Path) -> None:
    report = _import_after_deletion(tmp_path)
    article = articles(tmp_path)["http://old.example/?p=2"]
    assert list(article.categories) == ["ferries"]
    assert list(article.authors) == ["mina"]
    assert {"categories: city", "authors: kim"} <= {*what(report)}
    assert (report.authors.kept, report.authors.total) == (2, 4)


def test_report_says_why_an_author_of_an_unchanged_post_does_not_count(tmp_path: Path) -> None:
    _import_after_deletion(tmp_path)
    report = run_import(tmp_path, _post(1), _post(2))
    assert (report.unchanged, report.changed, report.authors.kept) == (2, [], 2)
    assert what(report).count("authors: kim") == 2


def test_file_without_the_category_whose_entry_was_deleted_is_unchanged_until_the_source_changes(tmp_path: Path) -> None:
    report = _import_after_deletion(tmp_path)
    assert (report.kept, report.changed) == ([], [])
    report = run_import(tmp_path, _post(1, title="New title"), _post(2))
    assert (report.kept, report.changed) == ([], ["articles/2020/01/title-1.md"])
    article = articles(tmp_path)["http://old.example/?p=1"]
    assert (article.title, list(article.authors)) == ("New title", ["mina"])
