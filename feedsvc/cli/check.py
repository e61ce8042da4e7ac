"""Command feedsvc check."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from feedsvc.cli.options import content_argument, report_errors
from feedsvc.cli.output import PROBLEM_FORMATTERS, format_article_count, format_count, print_error, print_line
from feedsvc.cli.themes import load_with_theme_trial
from feedsvc.cli.variables import command, option
from feedsvc.content.lint import lint_content
from feedsvc.editing import COMPARISON_FORMATTERS, Comparison, compare
from feedsvc.errors import ContentError
from feedsvc.support.clock import wall_clock
from feedsvc.support.watchdog import watching


@command()
@content_argument
@option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="Format of the output.",
)
@option("--all", "every", is_flag=True, help="Print a warning for each file, even if more than three files share it.")
@option("--strict", is_flag=True, help="Exit with status 1 for warnings, too.")
@option(
    "--against",
    "revision",
    metavar="REV",
    help="Also warn of changes since this git revision that subscribers would notice, such as new ids.",
)
@report_errors
def check(*, content: Path, form: str, every: bool, strict: bool, revision: str | None) -> None:
    """Report every problem in CONTENT (./content).

    A problem is an error or a warning. A warning that more than three files share is printed once. The exit status is 1 if
    there are errors.

    \b
    Examples:
      feedsvc check
      feedsvc check newsroom --strict
      feedsvc check newsroom --format github
      feedsvc check newsroom --against origin/main
    """
    comparison = None
    try:
        with watching(None):
            snapshot = load_with_theme_trial(content)
        problems, errors = tuple(sorted((*snapshot.problems, *lint_content(snapshot, content, wall_clock())))), snapshot.errors
        summary = format_article_count(snapshot)
        if revision is not None:
            comparison = compare(content, snapshot, revision, wall_clock())
            problems = tuple(sorted((*problems, *comparison.problems)))
    except ContentError as error:
        if not error.problems:
            raise
        problems, summary = error.problems, str(error)
        errors = tuple(problem for problem in problems if problem.severity == "error")
    lines = PROBLEM_FORMATTERS["all" if every and form == "text" else form](content, problems)
    if revision is not None and comparison is None:
        print_error(f"the folder was not compared with the revision '{revision}', because it has errors; correct them first")
        comparison = Comparison() if form == "json" else None  # same keys for programs
    for line in COMPARISON_FORMATTERS[form](lines, comparison) if comparison else lines:
        print_line(line)
    counts = f"{format_count(len(errors), 'error')}, {format_count(len(problems) - len(errors), 'warning')}"
    print_line(f"feedsvc: {summary}: {counts}", err=True)
    sys.exit(1 if errors or (strict and problems) else 0)
