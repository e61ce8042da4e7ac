"""feedsvc views"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import click

from feedsvc.audience.readonly import kept_since
from feedsvc.audience.report import PRINTERS, report
from feedsvc.catalog.catalog import catalog
from feedsvc.cli.one_shot import newsroom
from feedsvc.cli.options import VIEWS, content_argument, database_option, plainly, state_folder, state_option
from feedsvc.cli.variables import command, option
from feedsvc.support.clock import wall_clock


def _day(_context: click.Context, _option: click.Parameter, text: str | None) -> date | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date() if text else None
    except ValueError:
        raise click.BadParameter(f"'{text}' is no day; write it like 2026-01-31") from None


@command("views")
@content_argument
@option("--since", callback=_day, metavar="DATE", help="Count from this day on (UTC).")
@option("--format", "form", type=click.Choice(list(PRINTERS)), default="text", show_default=True, help="How to print.")
@state_option
@database_option
@plainly
def most_read(*, content: Path, since: date | None, form: str, state: Path | None, database: str) -> None:
    """Print the most read articles, sections and authors of CONTENT (./content).

    Nothing is written. Where no reads are kept yet, that is said, and the exit status is 2.

    \b
    Examples:
      feedsvc views
      feedsvc views newsroom --since 2026-01-01 --format csv
    """
    read = newsroom(content, "")
    views = kept_since(database or state_folder(content, state) / VIEWS, since)
    for line in PRINTERS[form](report(views, catalog(read, wall_clock()), since)):
        click.echo(line)
