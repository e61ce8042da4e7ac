"""Report of the most read articles, sections (first categories) and authors, formatted as text, JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Final

from feedsvc.catalog import Catalog
from feedsvc.model import Article

_MAX_TEXT_ROWS: Final = 20  # rows of each kind in the text format
_CSV_COLUMNS: Final = ("kind", "id", "title", "views")
_MISSING_ARTICLE: Final = "(no longer in the content)"
_NO_NAME: Final = "(none)"
_CONTROL_CATEGORIES: Final = ("Cc", "Cs", "Zl", "Zp")
_BIDI_OVERRIDES: Final = frozenset("\u202a\u202b\u202d\u202e")  # they reverse the rest of a line
_FORMULA_PREFIXES: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportRow:
    """Row of a report: an article, section or author, with its number of reads (`views`).

    Articles without section or author are added up in a row with empty `id` and `title`. Articles that are no longer in the
    content have an empty `title` in Report.articles; in the other tables they are added up in a row with empty `id` and the title
    "(no longer in the content)".
    """

    id: str
    title: str
    views: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """Reads by article, section (first category) and author, most read first.

    They are the reads on and after the UTC day `since`, or all reads if it is None. Each author of an article gets all reads of
    the article.
    """

    since: date | None
    articles: tuple[ReportRow, ...]
    sections: tuple[ReportRow, ...]
    authors: tuple[ReportRow, ...]

    @property
    def rows_by_kind(self) -> Mapping[str, tuple[ReportRow, ...]]:
        return {"article": self.articles, "section": self.sections, "author": self.authors}


def report(views: Mapping[str, int], catalog: Catalog, since: date | None) -> Report:
    """Return the report of `views` (article id -> reads). Titles and names come from the catalog's content, visible or not.

    `since` is the first UTC day that `views` include, None if they include all reads.
    """
    content = catalog.content
    articles = {article.id: article for article in content.articles}
    return Report(
        since=since,
        articles=_rows(views, {id_: article.title for id_, article in articles.items()}),
        sections=_rows(
            _reads_by_owner(views, articles, _section), {entry.id: entry.title for entry in content.categories.values()}
        ),
        authors=_rows(_reads_by_owner(views, articles, _authors), {entry.id: entry.name for entry in content.authors.values()}),
    )


def _section(article: Article) -> tuple[str, ...]:
    return article.categories[:1]


def _authors(article: Article) -> tuple[str, ...]:
    return article.authors


def _reads_by_owner(
    views: Mapping[str, int], articles: Mapping[str, Article], owners: Callable[[Article], tuple[str, ...]]
) -> Counter[str]:
    shares: Counter[str] = Counter()
    for article_id, count in views.items():
        article = articles.get(article_id)
        for owner in (owners(article) or ("",)) if article else (_MISSING_ARTICLE,):
            shares[owner] += count
    return shares


def _rows(views: Mapping[str, int], titles: Mapping[str, str]) -> tuple[ReportRow, ...]:
    rows = (_row(id_, titles.get(id_, ""), count) for id_, count in views.items())
    return tuple(sorted(rows, key=lambda row: (-row.views, row.id)))


def _row(id_: str, title: str, count: int) -> ReportRow:
    return (
        ReportRow(id="", title=_MISSING_ARTICLE, views=count)
        if id_ == _MISSING_ARTICLE
        else ReportRow(id=id_, title=title, views=count)
    )


def _as_text(report_data: Report) -> Iterator[str]:
    yield f"Reads since {report_data.since} (UTC)" if report_data.since else "Reads"
    width = len(str(max((row.views for rows in report_data.rows_by_kind.values() for row in rows), default=0)))
    for kind, rows in report_data.rows_by_kind.items():
        yield ""
        yield f"By {kind}:" if rows else f"By {kind}: none"
        yield from (f"  {row.views:>{width}}  {_display_name(row)}" for row in rows[:_MAX_TEXT_ROWS])
        if len(rows) > _MAX_TEXT_ROWS:
            yield f"  and {len(rows) - _MAX_TEXT_ROWS} more"


def _display_name(row: ReportRow) -> str:
    return _escape_control_characters(" ".join(row.title.split()) or row.id or _NO_NAME)


def _escape_control_characters(text: str) -> str:
    """Escape control characters, line separators, surrogates and characters that reverse a line, as in Python source."""
    return "".join(
        ascii(char)[1:-1] if unicodedata.category(char) in _CONTROL_CATEGORIES or char in _BIDI_OVERRIDES else char
        for char in text
    )


def _as_json(report_data: Report) -> Iterator[str]:
    period = {"since": report_data.since.isoformat() if report_data.since else None}
    rows = {f"{kind}s": [asdict(row) for row in rows] for kind, rows in report_data.rows_by_kind.items()}
    yield json.dumps(period | rows, ensure_ascii=False, indent=2)


def _as_csv(report_data: Report) -> Iterator[str]:
    yield _csv_line(_CSV_COLUMNS)
    for kind, rows in report_data.rows_by_kind.items():
        yield from (_csv_line((kind, row.id, row.title, str(row.views))) for row in rows)


def _csv_line(fields: tuple[str, ...]) -> str:
    """Return the fields as one line of CSV (RFC 4180) without line end.

    A field that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(
        f"'{field}" if field.startswith(_FORMULA_PREFIXES) else field for field in fields
    )
    return line.getvalue()


REPORT_FORMATTERS: Final[Mapping[str, Callable[[Report], Iterator[str]]]] = {"text": _as_text, "json": _as_json, "csv": _as_csv}
