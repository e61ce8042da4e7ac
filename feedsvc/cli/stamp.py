"""feedsvc stamp"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import click

from feedsvc.cli.one_shot import newsroom
from feedsvc.cli.options import content_argument, plainly
from feedsvc.cli.output import number, tell
from feedsvc.cli.variables import command, option
from feedsvc.editing.assign_ids import apply, plan, sweep


@command()
@content_argument
@option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@plainly
def stamp(*, content: Path, dry_run: bool) -> None:
    """Write an id into every article of CONTENT (./content) that has none.

    It is the id that the article has anyway, so no subscriber notices; from then on it outlasts a new title, file name or
    host. Nothing else in a file changes. Exit status 1 if articles were left out because of a problem.

    \b
    Examples:
      feedsvc stamp
      feedsvc stamp newsroom --dry-run
    """
    for name in (signal.SIGTERM, signal.SIGHUP):
        # An orderly end takes the file along that was being written beside an article.
        signal.signal(name, lambda number, _: sys.exit(128 + number))
    planned = plan(content, newsroom(content, ""))
    if not dry_run:
        sweep(content)
    left = list(planned.skipped)
    for one in planned.stamps:
        problem = None if dry_run else apply(content, one)
        left += [problem] if problem else []
        if not problem:
            click.echo(f"{one.path}: id: {one.id}")
    tell(left)
    stamped = len(planned.stamps) - len(left) + len(planned.skipped)
    done = "would get an id" if dry_run else "got an id"
    click.echo(f"feedsvc: {number(stamped, 'article')} {done}; {number(len(left), 'problem')}", err=True)
    sys.exit(1 if left else 0)
