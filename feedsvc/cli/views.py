"""Command feedsvc views."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import click

from feedsvc.audience import REPORT_FORMATTERS, VIEWS_FILE, report, report_totals_since
from feedsvc.catalog import build_catalog
from feedsvc.cli.content_folder import load_without_theme_check
from feedsvc.cli.options import content_argument, database_option, json_option, report_errors, state_folder, state_option
from feedsvc.cli.variables import command, option
from feedsvc.support.clock import wall_clock


def _parse_day(_context: click.Context, _option: click.Parameter, text: str | None) -> date | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date() if text else None
    except ValueError:
        raise click.BadParameter(f"'{text}' is not a date; give one such as 2026-01-31") from None


@command("views")
@content_argument
@option("--since", callback=_parse_day, metavar="DATE", help="Count only reads from this UTC day on, such as 2026-01-31.")
@json_option
@option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@state_option
@database_option
@report_errors
def most_read(*, content: Path, since: date | None, as_json: bool, as_csv: bool, state: Path | None, database: str) -> None:
    """Print the most read articles, sections and authors of CONTENT (./content).

    The command writes nothing. If there are no read counts yet, the exit status is 2.

    \b
    Examples:
      feedsvc views
      feedsvc views content --since 2026-01-01 --csv
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other; give one of them, on the command line or as a variable")
    snapshot = load_without_theme_check(content, "")
    totals = report_totals_since(database or state_folder(content, state) / VIEWS_FILE, since)
    form = "json" if as_json else "csv" if as_csv else "text"
    for line in REPORT_FORMATTERS[form](report(totals, build_catalog(snapshot, wall_clock()), since)):
        click.echo(line)
