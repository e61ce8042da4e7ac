"""Command feedsvc stamp."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import click

from feedsvc.cli.content_folder import load_without_theme_trial
from feedsvc.cli.options import content_argument, report_errors
from feedsvc.cli.output import format_count, print_problems
from feedsvc.cli.variables import command, option
from feedsvc.editing import apply_assignment, delete_temporary_files, plan_assignments
from feedsvc.support.posix import signals


@command()
@content_argument
@option("--dry-run", is_flag=True, help="Print the ids that would be written, and write nothing.")
@report_errors
def stamp(*, content: Path, dry_run: bool) -> None:
    """Write an id into every article file of CONTENT (./content) that has none.

    It is the id that the article has by default, so subscribers notice nothing. Once written, it does not change with the
    title, the file name or the host. The rest of the file stays the same. The exit status is 1 if a problem prevented an id.

    \b
    Examples:
      feedsvc stamp
      feedsvc stamp content --dry-run
    """
    for name in signals("SIGTERM", "SIGHUP"):
        # A regular exit deletes the temporary file beside an article.
        signal.signal(name, lambda number, _: sys.exit(128 + number))
    plan = plan_assignments(content, load_without_theme_trial(content, ""))
    if not dry_run:
        delete_temporary_files(content)
    problems = list(plan.problems)
    for assignment in plan.assignments:
        problem = None if dry_run else apply_assignment(content, assignment)
        problems += [problem] if problem else []
        if not problem:
            click.echo(f"{assignment.path}: id: {assignment.id}")
    print_problems(problems)
    count = len(plan.assignments) - len(problems) + len(plan.problems)
    outcome = "would get an id" if dry_run else "got an id"
    click.echo(f"feedsvc: {format_count(count, 'article')} {outcome}; {format_count(len(problems), 'problem')}", err=True)
    sys.exit(1 if problems else 0)
