"""feedsvc views"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from feedsvc.audience.kept import kept_since
from feedsvc.audience.report import PRINTERS, report
from feedsvc.catalog import catalog
from feedsvc.cli.options import VIEWS, content_argument, database_option, newsroom, plainly, state_folder, state_option
from feedsvc.live import wall_clock


@click.command("views")
@content_argument
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Count from this day on (UTC).")
@click.option("--format", "form", type=click.Choice(list(PRINTERS)), default="text", show_default=True, help="How to print.")
@state_option
@database_option
@plainly
def most_read(*, content: Path, since: datetime | None, form: str, state: Path | None, database: str) -> None:
    """Print the most read articles, sections and authors of CONTENT (./content).

    Nothing is written. Where no reads are kept yet, that is said, and the exit status is 2.

    \b
    Examples:
      feedsvc views
      feedsvc views newsroom --since 2026-01-01 --format csv
    """
    read = newsroom(content, "")
    day = since.date() if since else None
    views = kept_since(database or state_folder(content, state) / VIEWS, day)
    for line in PRINTERS[form](report(views, catalog(read, wall_clock()), day)):
        click.echo(line)
