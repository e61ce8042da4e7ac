"""Command feedsvc export."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from feedsvc.cli.content_folder import load_without_theme_check
from feedsvc.cli.options import PATH_TYPE, content_argument, report_errors
from feedsvc.cli.output import format_article_count, print_problems, report
from feedsvc.cli.settings import WordChoice, command, option
from feedsvc.errors import FeedsvcError
from feedsvc.migration import EXPORT_FORMATS, exported_articles, left_out
from feedsvc.support.atomic_write import open_replacement
from feedsvc.support.clock import wall_clock


@command("export")
@click.argument("form", metavar="FORMAT", type=WordChoice(list(EXPORT_FORMATS)))
@content_argument
@option("--output", type=PATH_TYPE, metavar="FILE", help="File to write. The default is the standard output.")
@report_errors
def export_newsroom(*, form: str, content: Path, output: Path | None) -> None:
    """Export all articles of CONTENT (./content) as FORMAT: wxr (WordPress) or json.

    Drafts are included. json is JSON Feed. What the format has no place for is in it under names that begin with _feedsvc. What
    it does not contain is listed. The exit status is 1 if files of CONTENT have errors; then nothing is written.

    \b
    Examples:
      feedsvc export wxr > newsroom.xml
      feedsvc export json content --output newsroom.json
    """
    now = wall_clock()
    snapshot = load_without_theme_check(content, "")
    if snapshot.errors:
        print_problems(snapshot.errors)
        sys.exit(1)
    export_format = EXPORT_FORMATS[form]
    parts = export_format.write(snapshot, exported_articles(content, snapshot, now), now)
    if output is None:
        for part in parts:
            click.echo(part.encode(), nl=False)
    else:
        try:
            with open_replacement(output) as file:
                file.writelines(part.encode() for part in parts)
        except OSError as error:
            raise FeedsvcError(f"{output} cannot be written: {error.strerror}") from None
    report(f"{format_article_count(snapshot)} exported")
    for phrase in left_out(snapshot, export_format):
        report(f"not in the export: {phrase}")
