"""What the commands print: counts, problems in several forms, a progress bar."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import click

from feedsvc.content.excerpt import excerpts
from feedsvc.errors import Problem

if TYPE_CHECKING:
    from feedsvc.content.content import Content
    from feedsvc.live import Edition


def counted(read: Content) -> str:
    return number(len(read.articles), "article")


def number(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def next_change(moment: datetime | None, read: Content) -> str:
    if moment is None:
        return "no change is scheduled"
    local = moment.astimezone(ZoneInfo(read.site.timezone))
    return f"the next scheduled change is at {local.isoformat(sep=' ')}; build again then"


def log(before: Edition, now: Edition) -> None:
    """Each problem once when it comes, each file once when it is mended, or its errors are."""
    tell(sorted(set(now.content.problems) - set(before.content.problems)))
    left = _paths(now.content.problems)
    for path in sorted(_paths(before.content.problems) - left):
        click.echo(f"{path}: no problem any more", err=True)
    for path in sorted((_paths(before.content.errors) & left) - _paths(now.content.errors)):
        click.echo(f"{path}: no error any more; its warnings stand", err=True)


def _paths(problems: Iterable[Problem]) -> set[str]:
    return {problem.path for problem in problems}


def tell(problems: Iterable[Problem]) -> None:
    for problem in problems:
        click.echo(str(problem), err=True)


def _as_text(content: Path, problems: Iterable[Problem]) -> Iterator[str]:
    excerpt = excerpts(content)
    for problem in problems:
        yield str(problem)
        yield from excerpt(problem)


def _as_json(_: Path, problems: Iterable[Problem]) -> Iterator[str]:
    rows = [
        {
            "path": problem.path,
            "line": problem.line,
            "column": problem.column,
            "severity": problem.severity,
            "message": problem.message,
            "hint": problem.hint,
        }
        for problem in problems
    ]
    yield json.dumps({"problems": rows}, ensure_ascii=False, indent=2)


def _as_github(content: Path, problems: Iterable[Problem]) -> Iterator[str]:
    """Workflow commands; their values escape %, line ends and, in properties, : and ,"""
    for problem in problems:
        text = f"{problem.message}; {problem.hint}" if problem.hint else problem.message
        file = f"{content}/{problem.path}".translate({ord("%"): "%25", ord(":"): "%3A", ord(","): "%2C"})
        yield f"::{problem.severity} file={file},line={problem.line},col={problem.column}::{text.replace('%', '%25')}"


PRINTERS: Final[dict[str, Callable[[Path, Iterable[Problem]], Iterator[str]]]] = {
    "text": _as_text,
    "json": _as_json,
    "github": _as_github,
}


def bar(done: Iterable[int], total: int) -> Iterator[int]:
    """A progress bar where somebody watches; the counts of what is done come at the pace of the work."""
    if not sys.stderr.isatty():
        yield from done
        return
    with click.progressbar(length=total, label="Writing", file=sys.stderr) as shown:
        for count in done:
            shown.update(count)
            yield count
