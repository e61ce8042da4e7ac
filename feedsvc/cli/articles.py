"""Command feedsvc list."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import click

from feedsvc.catalog import ArticleState, ListedFile, files_by_state
from feedsvc.cli.content_folder import load_with_last_valid_versions
from feedsvc.cli.options import base_url_option, content_argument, json_option, report_errors, state_folder, state_option
from feedsvc.cli.output import aligned_lines, print_json, print_line, print_problems
from feedsvc.cli.settings import IntRange, WordChoice, command, option
from feedsvc.content.folder import ContentSnapshot
from feedsvc.support.clock import wall_clock

_DEFAULT_LIMIT: Final = 20  # files of each status in the text format
_NO_DATE: Final = "-"
_LABELS: Final[Mapping[ArticleState, str]] = {
    ArticleState.BROKEN: "broken (no last valid version)",
    ArticleState.LAST_VALID: "broken (the last valid version is shown)",
    ArticleState.SCHEDULED: "scheduled",
    ArticleState.DRAFT: "drafts",
    ArticleState.PUBLISHED: "published",
    ArticleState.EXPIRED: "expired",
    ArticleState.WITHDRAWN: "withdrawn",
}
_COLORS: Final[Mapping[ArticleState, str]] = {ArticleState.BROKEN: "red", ArticleState.LAST_VALID: "yellow"}


@command("list")
@content_argument
@option(
    "--status",
    type=WordChoice([state.value for state in ArticleState]),
    multiple=True,
    help="List only articles of this status. Repeat the option for several.",
)
@option(
    "--limit",
    metavar="N",
    type=IntRange(min=0),
    help=f"Number of articles of each status that are listed; 0 for all. The default is {_DEFAULT_LIMIT}, and all with --json.",
)
@json_option
@base_url_option
@state_option
@report_errors
def list_articles(
    *, content: Path, status: tuple[str, ...], limit: int | None, json: bool, base_url: str, state: Path | None
) -> None:
    """List the articles of CONTENT (./content) by status, such as draft or published.

    The statuses are broken, last-valid, scheduled, draft, published, expired and withdrawn. A broken file has an error and no
    valid version. The status is last-valid if the state folder has the last valid version of a file with an error, because
    servers and builds show that. The newest articles of each status are listed first, but of scheduled ones the next to appear.
    The command writes nothing into CONTENT. The exit status is 1 if files have errors.

    \b
    Examples:
      feedsvc list
      feedsvc list content --status scheduled --status draft
      feedsvc list content --json --limit 100
    """
    snapshot, notice = load_with_last_valid_versions(content, base_url, state_folder(content, state))
    now = wall_clock()
    groups = files_by_state(snapshot, now)
    listed = {path for files in groups.values() for file in files for path in [file.path] if file.errors}
    print_problems(problem for problem in snapshot.errors if problem.path not in listed)
    if notice:
        print_line(f"feedsvc: {notice}", err=True)
    shown = {one: groups[one] for one in groups if not status or one.value in status}
    if json:
        print_json(_as_json(shown, limit or None, now))
    else:
        for line in _as_text(shown, _DEFAULT_LIMIT if limit is None else limit or None, snapshot, now):
            print_line(line)
    sys.exit(1 if snapshot.errors else 0)


_Groups = Mapping[ArticleState, Sequence[ListedFile]]


def _as_text(groups: _Groups, limit: int | None, snapshot: ContentSnapshot, now: datetime) -> Iterator[str]:
    """Yield, for each state, a heading with its number of files, and a line for each of its first `limit` files (None: all).

    If a state has more files, a last line says how many.
    """
    zone = ZoneInfo(snapshot.site.timezone)
    for state, files in groups.items():
        yield click.style(f"{_LABELS[state]}: {len(files):,}", fg=_COLORS.get(state) if files else None, bold=True)
        yield from (f"  {line}" for line in aligned_lines([_text_row(file, zone, now) for file in files[:limit]]))
        if limit and len(files) > limit:
            yield f"  ... and {len(files) - limit:,} more; --status {state.value} --limit 0 lists all"


def _text_row(file: ListedFile, zone: ZoneInfo, now: datetime) -> tuple[str, ...]:
    if file.article is None:
        return (_describe_error(file),)
    date = _local_time(file.moment, zone) if file.moment else _NO_DATE
    if file.state is ArticleState.LAST_VALID:
        return date, file.version_state.value if file.version_state else "", _describe_error(file)
    if file.state is ArticleState.SCHEDULED and file.moment:
        return date, f"in {_countdown(file.moment - now)}", file.path, file.article.title
    return date, file.path, file.article.title


def _describe_error(file: ListedFile) -> str:
    """Return the first error of a file with its position, and the number of further ones."""
    further = len(file.errors) - 1
    return f"{file.errors[0]}{f' (and {further} more)' if further else ''}"


def _local_time(moment: datetime, zone: ZoneInfo) -> str:
    """Return a moment in the site's zone with its offset; with seconds unless they are 0."""
    local = moment.astimezone(zone)
    return local.isoformat(sep=" ", timespec="seconds" if local.second else "minutes")


def _countdown(remaining: timedelta) -> str:
    """Return a time span in its two largest units: "2 days 3 h", "3 h 5 min", "5 min 10 s" or "10 s"; "0 s" if negative."""
    minutes, seconds = divmod(max(int(remaining.total_seconds()), 0), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} day{'' if days == 1 else 's'} {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _as_json(groups: _Groups, limit: int | None, now: datetime) -> dict[str, Any]:
    return {
        "now": now,
        "counts": {state.value: len(files) for state, files in groups.items()},
        "articles": [_json_row(file, now) for files in groups.values() for file in files[:limit]],
    }


def _json_row(file: ListedFile, now: datetime) -> dict[str, Any]:
    article = file.article
    row: dict[str, Any] = {"path": file.path, "status": file.state.value}
    if article:
        row |= {
            "id": article.id,
            "slug": article.slug,
            "title": article.title,
            "published": article.published,
            "updated": article.updated,
            "expires": article.expires,
            "withdrawn": article.withdrawn_at,
        }
    if article and file.state is ArticleState.SCHEDULED:
        row["seconds_until_published"] = int((article.published - now).total_seconds())
    if file.state is ArticleState.LAST_VALID and file.version_state:
        row["status_of_version"] = file.version_state.value
    if file.state in (ArticleState.LAST_VALID, ArticleState.BROKEN):
        row["problems"] = [asdict(error) for error in file.errors]
    return row
