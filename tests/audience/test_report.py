"""What is read most, in three forms."""

import csv
import json
from datetime import date
from pathlib import Path

import pytest

from feedsvc.audience.report import REPORT_FORMATTERS, Report, ReportRow, report
from tests.helpers import newsrooms

VIEWS = {
    "tag:news.example,2026:rich": 5,
    "tag:news.example,2026:korean": 1200,
    "tag:news.example,2026:gone": 7,
    "tag:news.example,2020:deleted": 7,
}
EMPTY = Report(since=None, articles=(), sections=(), authors=())


@pytest.fixture
def made(tmp_path: Path) -> Report:
    return report(VIEWS, newsrooms.load_catalog(newsrooms.write_sample(tmp_path)), date(2026, 2, 1))


def test_the_most_read_come_first(made: Report) -> None:
    assert made.articles == (
        ReportRow(id="tag:news.example,2026:korean", title="한국어 기사", views=1200),
        ReportRow(id="tag:news.example,2020:deleted", title="", views=7),
        ReportRow(id="tag:news.example,2026:gone", title="Secretword withdrawn", views=7),
        ReportRow(id="tag:news.example,2026:rich", title=newsrooms.TITLE, views=5),
    )


def test_an_article_counts_for_its_section_and_for_each_of_its_authors(made: Report) -> None:
    assert made.sections == (
        ReportRow(id="asia", title="Asia & Pacific", views=1212),
        ReportRow(id="", title="(no longer in the content)", views=7),
    )
    assert made.authors == (
        ReportRow(id="ritesh", title="Ritesh Nambiar", views=1212),
        ReportRow(id="", title="(no longer in the content)", views=7),
        ReportRow(id="jia", title="刘佳", views=5),
    )


def test_an_article_without_section_or_author_counts_for_none(tmp_path: Path) -> None:
    root = newsrooms.write(tmp_path, {**newsrooms.SITE, **newsrooms.article("plain")})
    made = report({"tag:news.example,2026:plain": 3}, newsrooms.load_catalog(root), None)
    assert made.sections == made.authors == (ReportRow(id="", title="", views=3),)


def test_text_is_for_people(made: Report) -> None:
    assert "\n".join(REPORT_FORMATTERS["text"](made)) == (
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


def test_text_of_nothing_says_so() -> None:
    assert list(REPORT_FORMATTERS["text"](EMPTY)) == [
        "Reads",
        "",
        "By article: none",
        "",
        "By section: none",
        "",
        "By author: none",
    ]


def test_text_shows_twenty_and_the_rest_is_a_number() -> None:
    rows = tuple(ReportRow(id=f"a{number:02}", title="", views=1) for number in range(25))
    lines = list(REPORT_FORMATTERS["text"](Report(since=None, articles=rows, sections=(), authors=())))
    assert lines[3:].index("  and 5 more") == 20


def test_json_holds_everything(made: Report) -> None:
    read = json.loads("\n".join(REPORT_FORMATTERS["json"](made)))
    assert list(read) == ["since", "articles", "sections", "authors"]
    assert read["since"] == "2026-02-01"
    assert read["articles"][0] == {"id": "tag:news.example,2026:korean", "title": "한국어 기사", "views": 1200}
    assert [len(read[kind]) for kind in ("articles", "sections", "authors")] == [4, 2, 3]
    assert json.loads("\n".join(REPORT_FORMATTERS["json"](EMPTY)))["since"] is None


def test_csv_is_read_back(made: Report) -> None:
    rows = list(csv.DictReader(REPORT_FORMATTERS["csv"](made)))
    assert len(rows) == 9
    assert rows[3] == {"kind": "article", "id": "tag:news.example,2026:rich", "title": newsrooms.TITLE, "views": "5"}
    assert list(REPORT_FORMATTERS["csv"](EMPTY)) == ["kind,id,title,views"]


def test_nothing_in_a_text_is_obeyed_by_a_terminal() -> None:
    names = ["gone\x1b[2J\x07\x9b1m", "\u202egnp.exe", "line\nbreak", "नमस्\u200dते"]
    rows = tuple(ReportRow(id=name, title="", views=1) for name in names)
    lines = list(REPORT_FORMATTERS["text"](Report(since=None, articles=rows, sections=(), authors=())))[3:7]
    assert lines == [r"  1  gone\x1b[2J\x07\x9b1m", r"  1  \u202egnp.exe", r"  1  line\nbreak", "  1  नमस्\u200dते"]


def test_nothing_in_a_csv_is_a_formula() -> None:
    names = ["=1+1", "+1", "-1", "@x", "\t=1", "a=1"]
    rows = tuple(ReportRow(id=name, title=name, views=1) for name in names)
    read = list(csv.DictReader(REPORT_FORMATTERS["csv"](Report(since=None, articles=rows, sections=(), authors=()))))
    assert [row["id"] for row in read] == [row["title"] for row in read] == ["'=1+1", "'+1", "'-1", "'@x", "'\t=1", "a=1"]
