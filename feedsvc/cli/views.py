"""Command feedsvc views: the most read articles, sections (first categories) and authors as text, JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, NamedTuple

import click

from feedsvc.audience import VIEWS_FILE, report_totals_since
from feedsvc.catalog import Catalog, build_catalog
from feedsvc.cli.content_folder import load_without_theme_check
from feedsvc.cli.options import content_argument, database_option, json_option, report_errors, state_folder, state_option
from feedsvc.cli.settings import command, option
from feedsvc.support.clock import wall_clock

_MAX_TEXT_ROWS: Final = 20  # rows of each kind in the text format
_CSV_COLUMNS: Final = ("kind", "id", "title", "views")
_MISSING_ARTICLE: Final = "(no longer in the content)"
_NO_NAME: Final = "(none)"
_CONTROL_CATEGORIES: Final = ("Cc", "Cs", "Zl", "Zp")
_BIDI_OVERRIDES: Final = frozenset("\u202a\u202b\u202d\u202e")  # they reverse the rest of a line
_FORMULA_PREFIXES: Final = ("=", "+", "-", "@", "\t", "\r")


class ReportRow(NamedTuple):
    """Row of a report: an article, section or author, with its number of views.

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
    """Return the report of `views` (article id -> number). Titles and names come from the catalog's content, visible or not.

    `since` is the first UTC day that `views` include, None if they include all.
    """
    content = catalog.content
    articles = {article.id: article for article in content.articles}
    sections, authors = Counter[str](), Counter[str]()
    for article_id, count in views.items():
        article = articles.get(article_id)
        for shares, owners in ((sections, article and article.categories[:1]), (authors, article and article.authors)):
            for owner in (_MISSING_ARTICLE,) if owners is None else owners or ("",):
                shares[owner] += count
    return Report(
        since=since,
        articles=_rows(views, {id_: article.title for id_, article in articles.items()}),
        sections=_rows(sections, {entry.id: entry.title for entry in content.categories.values()}),
        authors=_rows(authors, {entry.id: entry.name for entry in content.authors.values()}),
    )


def _rows(views: Mapping[str, int], titles: Mapping[str, str]) -> tuple[ReportRow, ...]:
    rows = (
        ReportRow("", id_, count) if id_ == _MISSING_ARTICLE else ReportRow(id_, titles.get(id_, ""), count)
        for id_, count in views.items()
    )
    return tuple(sorted(rows, key=lambda row: (-row.views, row.id)))


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
    """Return the row's title, else its id. Characters that control a terminal or reverse a line are escaped as in Python."""
    return "".join(
        ascii(char)[1:-1] if unicodedata.category(char) in _CONTROL_CATEGORIES or char in _BIDI_OVERRIDES else char
        for char in " ".join(row.title.split()) or row.id or _NO_NAME
    )


def _as_json(report_data: Report) -> Iterator[str]:
    period = {"since": report_data.since.isoformat() if report_data.since else None}
    rows = {f"{kind}s": [row._asdict() for row in rows] for kind, rows in report_data.rows_by_kind.items()}
    yield json.dumps(period | rows, ensure_ascii=False, indent=2)


def _as_csv(report_data: Report) -> Iterator[str]:
    """Yield lines of CSV (RFC 4180). A field that a spreadsheet would take for a formula gets an apostrophe in front."""
    rows = ((kind, row.id, row.title, str(row.views)) for kind, rows in report_data.rows_by_kind.items() for row in rows)
    for fields in (_CSV_COLUMNS, *rows):
        line = io.StringIO()
        safe_fields = (f"'{field}" if field.startswith(_FORMULA_PREFIXES) else field for field in fields)
        csv.writer(line, lineterminator="").writerow(safe_fields)
        yield line.getvalue()


REPORT_FORMATTERS: Final[Mapping[str, Callable[[Report], Iterator[str]]]] = {"text": _as_text, "json": _as_json, "csv": _as_csv}


def _parse_day(_context: click.Context, _option: click.Parameter, text: str | None) -> date | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date() if text else None
    except ValueError:
        raise click.BadParameter(f"'{text}' is not a date; give one such as 2026-01-31") from None


@command("views")
@content_argument
@option("--since", callback=_parse_day, metavar="DATE", help="Count only reads from this UTC day on, such as 2026-01-31.")
@json_option
@option("--csv", is_flag=True, help="Print CSV.")
@state_option
@database_option
@report_errors
def most_read(*, content: Path, since: date | None, json: bool, csv: bool, state: Path | None, database: str) -> None:
    """Print the most read articles, sections and authors of CONTENT (./content).

    The command writes nothing. If there are no read counts yet, the exit status is 2.

    \b
    Examples:
      feedsvc views
      feedsvc views content --since 2026-01-01 --csv
    """
    if json and csv:
        raise click.UsageError("--json and --csv exclude each other; give one of them, on the command line or as a variable")
    snapshot = load_without_theme_check(content, "")
    totals = report_totals_since(database or state_folder(content, state) / VIEWS_FILE, since)
    form = "json" if json else "csv" if csv else "text"
    for line in REPORT_FORMATTERS[form](report(totals, build_catalog(snapshot, wall_clock()), since)):
        click.echo(line)
