"""The report of the most read articles, sections and authors in three formats."""

import csv
import json
from datetime import date
from pathlib import Path

import pytest

from feedsvc.cli.views import REPORT_FORMATTERS, Report, ReportRow, report
from tests.helpers import newsrooms

VIEWS = {
    "tag:news.example,2026:rich": 5,
    "tag:news.example,2026:korean": 1200,
    "tag:news.example,2026:gone": 7,
    "tag:news.example,2020:deleted": 7,
}
EMPTY = Report(since=None, articles=(), sections=(), authors=())


@pytest.fixture
def sample_report(tmp_path: Path) -> Report:
    return report(VIEWS, newsrooms.load_catalog(newsrooms.write_sample(tmp_path)), date(2026, 2, 1))


def test_rows_are_sorted_by_reads(sample_report: Report) -> None:
    assert sample_report.articles == (
        ReportRow(id="tag:news.example,2026:korean", title="한국어 기사", views=1200),
        ReportRow(id="tag:news.example,2020:deleted", title="", views=7),
        ReportRow(id="tag:news.example,2026:gone", title="Secretword withdrawn", views=7),
        ReportRow(id="tag:news.example,2026:rich", title=newsrooms.TITLE, views=5),
    )


def test_reads_count_for_the_section_and_each_author(sample_report: Report) -> None:
    assert sample_report.sections == (
        ReportRow(id="asia", title="Asia & Pacific", views=1212),
        ReportRow(id="", title="(no longer in the content)", views=7),
    )
    assert sample_report.authors == (
        ReportRow(id="ritesh", title="Ritesh Nambiar", views=1212),
        ReportRow(id="", title="(no longer in the content)", views=7),
        ReportRow(id="jia", title="刘佳", views=5),
    )


def test_reads_without_section_or_author_have_a_row_without_name(tmp_path: Path) -> None:
    root = newsrooms.write(tmp_path, {**newsrooms.SITE, **newsrooms.article("plain")})
    result = report({"tag:news.example,2026:plain": 3}, newsrooms.load_catalog(root), None)
    assert result.sections == result.authors == (ReportRow(id="", title="", views=3),)


def test_text_report_has_aligned_counts_and_titles(sample_report: Report) -> None:
    assert "\n".join(REPORT_FORMATTERS["text"](sample_report)) == (
        "Reads since 2026-02-01 (UTC)\n"
        "\n"
        "By article:\n"
        "  1200  한국어 기사\n"
        "     7  tag:news.example,2020:deleted\n"
        "     7  Secretword withdrawn\n"
        f"     5  {newsrooms.TITLE}\n"
        "\n"
        "By section:\n"
        "  1212  Asia & Pacific\n"
        "     7  (no longer in the content)\n"
        "\n"
        "By author:\n"
        "  1212  Ritesh Nambiar\n"
        "     7  (no longer in the content)\n"
        "     5  刘佳"
    )


def test_text_report_without_reads_has_none_for_each_kind() -> None:
    assert list(REPORT_FORMATTERS["text"](EMPTY)) == [
        "Reads",
        "",
        "By article: none",
        "",
        "By section: none",
        "",
        "By author: none",
    ]


def test_text_report_shows_twenty_rows_and_a_count_of_others() -> None:
    rows = tuple(ReportRow(id=f"a{number:02}", title="", views=1) for number in range(25))
    lines = list(REPORT_FORMATTERS["text"](Report(since=None, articles=rows, sections=(), authors=())))
    assert lines[3:].index("  and 5 more") == 20


def test_json_report_has_all_rows(sample_report: Report) -> None:
    document = json.loads("\n".join(REPORT_FORMATTERS["json"](sample_report)))
    assert list(document) == ["since", "articles", "sections", "authors"]
    assert document["since"] == "2026-02-01"
    assert document["articles"][0] == {"id": "tag:news.example,2026:korean", "title": "한국어 기사", "views": 1200}
    assert [len(document[kind]) for kind in ("articles", "sections", "authors")] == [4, 2, 3]
    assert json.loads("\n".join(REPORT_FORMATTERS["json"](EMPTY)))["since"] is None


def test_csv_report_has_a_line_for_each_row(sample_report: Report) -> None:
    rows = list(csv.DictReader(REPORT_FORMATTERS["csv"](sample_report)))
    assert len(rows) == 9
    assert rows[3] == {"kind": "article", "id": "tag:news.example,2026:rich", "title": newsrooms.TITLE, "views": "5"}
    assert list(REPORT_FORMATTERS["csv"](EMPTY)) == ["kind,id,title,views"]


def test_text_report_escapes_control_characters() -> None:
    names = ["gone\x1b[2J\x07\x9b1m", "\u202egnp.exe", "line\nbreak", "नमस्\u200dते"]
    rows = tuple(ReportRow(id=name, title="", views=1) for name in names)
    lines = list(REPORT_FORMATTERS["text"](Report(since=None, articles=rows, sections=(), authors=())))[3:7]
    assert lines == [r"  1  gone\x1b[2J\x07\x9b1m", r"  1  \u202egnp.exe", r"  1  line\nbreak", "  1  नमस्\u200dते"]


def test_csv_report_escapes_formulas() -> None:
    names = ["=1+1", "+1", "-1", "@x", "\t=1", "a=1"]
    rows = tuple(ReportRow(id=name, title=name, views=1) for name in names)
    csv_rows = list(csv.DictReader(REPORT_FORMATTERS["csv"](Report(since=None, articles=rows, sections=(), authors=()))))
    assert [row["id"] for row in csv_rows] == [row["title"] for row in csv_rows] == ["'=1+1", "'+1", "'-1", "'@x", "'\t=1", "a=1"]
