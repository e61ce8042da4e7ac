"""feedsvc check"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from feedsvc.cli.options import content_argument, newsroom, plainly
from feedsvc.console import PRINTERS, counted, number
from feedsvc.errors import ContentError


@click.command()
@content_argument
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "github"]), default="text", show_default=True, help="How to print."
)
@plainly
def check(content: Path, form: str) -> None:
    """Report every problem in CONTENT (./content); exit status 1 if there is any.

    \b
    Examples:
      feedsvc check
      feedsvc check newsroom --format github
    """
    try:
        read = newsroom(content, "")
        problems, errors = read.problems, read.errors
        summary = counted(read)
    except ContentError as error:
        if not error.problems:
            raise
        problems, summary = error.problems, str(error)
        errors = tuple(problem for problem in problems if problem.severity == "error")
    for line in PRINTERS[form](content, problems):
        click.echo(line)
    found = f"{number(len(errors), 'error')}, {number(len(problems) - len(errors), 'warning')}"
    click.echo(f"feedsvc: {summary}: {found}", err=True)
    sys.exit(1 if errors else 0)
