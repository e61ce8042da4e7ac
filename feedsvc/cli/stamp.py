"""Command feedsvc stamp."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from feedsvc.cli.content_folder import load_without_theme_check
from feedsvc.cli.options import content_argument, json_option, report_errors
from feedsvc.cli.output import format_count, print_json, print_line, print_problems, report
from feedsvc.cli.settings import command, option
from feedsvc.editing import apply_assignment, delete_temporary_files, plan_assignments
from feedsvc.support.posix import signals


@command()
@content_argument
@json_option
@option("--dry-run", is_flag=True, help="Print the ids that would be written, and write nothing.")
@report_errors
def stamp(*, content: Path, json: bool, dry_run: bool) -> None:
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
    assignments, problems = plan_assignments(content, load_without_theme_check(content, ""))
    if not dry_run:
        delete_temporary_files(content)
    assigned = []
    for assignment in assignments:
        if problem := None if dry_run else apply_assignment(content, assignment):
            problems.append(problem)
            continue
        assigned.append({"path": assignment.path, "id": assignment.id})
        if not json:
            print_line(f"{assignment.path}: id: {assignment.id}")
    if json:
        print_json(assigned)
    print_problems(problems)
    outcome = "would get an id" if dry_run else "got an id"
    report(f"{format_count(len(assigned), 'article')} {outcome}; {format_count(len(problems), 'problem')}")
    sys.exit(1 if problems else 0)
