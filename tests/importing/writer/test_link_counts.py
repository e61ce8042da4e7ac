"""Links to own articles in the report of an import: lost ones are listed, and count at later imports, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedsvc.importing.writer import ImportReport
from tests.importing.writer.memory_source import OLD, post, run_import

LINK = post(2).address
SEOUL = f"{OLD}/%EC%84%9C%EC%9A%B8/"


def import_body(root: Path, body: str) -> ImportReport:
    return run_import(root, post(1, body=body), post(2), post(3, address=SEOUL))


def links(report: ImportReport) -> tuple[int, int]:
    return report.links.kept, report.links.total


@pytest.mark.parametrize(
    "body",
    [
        f'<p><a href="{LINK}#end">a</a> <a href={LINK}>b</a> <A HREF = "{LINK}">c</A></p>',
        f'<p><a\nhref="{LINK}"title="it\'s > that">a</a> <a class=x" href="{LINK}">b</a> <a rel="x"href=\'{LINK}\'>c</a></p>',
        f'<p><a href="{SEOUL}">a</a> <a href="{OLD}/서울?utm_source=x">b</a> <a title=" href=/x" href="/?p=2">c</a></p>',
        f'<p><a href="http://www.old.example/?p=2">a</a> <a href="/2020/01/04/title-2">b</a> <a href="{LINK}#end">c</a></p>',
        f'<form><a href="{LINK}">a</a></form><table><tr><td><a href="{LINK}">b</a></table><li><a href="{LINK}">c</a>',
    ],
)
def test_links_in_unusual_html_and_of_other_forms_are_kept(tmp_path: Path, body: str) -> None:
    report = import_body(tmp_path, body)
    text = (tmp_path / "articles/2020/01/title-1.md").read_text("utf-8")
    assert links(report) == (3, 3)
    assert text.count("/articles/") == 3
    assert "old.example" not in text.partition("---\n")[2].partition("---\n")[2]


def test_report_counts_the_links_of_a_body_that_becomes_plain_text(tmp_path: Path) -> None:
    report = import_body(tmp_path, f'{"<div>" * 120}<a href="{LINK}">a</a> <a href="{LINK}">b</a>{"</div>" * 120}')
    assert links(report) == (0, 2)
