"""What the commands print: counts, problems in several forms, a progress bar."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import click

from feedsvc.content.source_excerpt import excerpts
from feedsvc.errors import Problem, Severity

_COLORS: Final[dict[Severity, str]] = {"error": "red", "warning": "yellow"}
_NUMBER: Final = re.compile(r"[0-9]+")
_MOST_REPEATS: Final = 3  # further files with the same warning that are shown one by one
_ALSO: Final = "(and in {}; feedsvc check --all shows each)"

if TYPE_CHECKING:
    from feedsvc.content.folder.snapshot import Content
    from feedsvc.live.live import Edition


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
        say(f"{path}: no problem any more", err=True)
    for path in sorted((_paths(before.content.errors) & left) - _paths(now.content.errors)):
        say(f"{path}: no error any more; its warnings stand", err=True)


def _paths(problems: Iterable[Problem]) -> set[str]:
    return {problem.path for problem in problems}


def tell(problems: Iterable[Problem]) -> None:
    """Print problems to stderr, a warning that many files share once."""
    for problem, more in _with_repeats(problems):
        say(_line(problem) + (f" {_ALSO.format(number(more, 'more file'))}" if more else ""), err=True)


def say(text: str, *, err: bool = False) -> None:
    """Print a line; colors only on a terminal, and none where NO_COLOR is set (https://no-color.org/)."""
    click.echo(text, err=err, color=False if os.environ.get("NO_COLOR") else None)


def fail(sentence: str) -> None:
    """Print a fault that is the operator's to mend."""
    say(f"feedsvc: {_severity('error')}: {sentence}", err=True)


def _line(problem: Problem) -> str:
    """A problem as compilers print theirs: place, severity, message."""
    place = click.style(f"{problem.path}:{problem.line}:{problem.column}:", bold=True)
    hint = f"; {problem.hint}" if problem.hint else ""
    return f"{place} {_severity(problem.severity)}: {problem.message}{hint}"


def _severity(severity: Severity) -> str:
    return click.style(severity, fg=_COLORS[severity], bold=True)


def _with_repeats(problems: Iterable[Problem]) -> Iterator[tuple[Problem, int]]:
    """Yield each error; of a warning that stands in more than three files the first one, with the number of further files."""
    problems = list(problems)
    files: dict[str, set[str]] = {}
    for one in problems:
        if one.severity == "warning":
            files.setdefault(_kind(one), set()).add(one.path)
    said = set[str]()
    for one in problems:
        further = len(files.get(_kind(one), ())) - 1 if one.severity == "warning" else 0
        if further < _MOST_REPEATS:
            yield one, 0
        elif _kind(one) not in said:
            said.add(_kind(one))
            yield one, further


def _kind(problem: Problem) -> str:
    """Return the message without its numbers: "has 371 characters" and "has 379 characters" are one kind."""
    return _NUMBER.sub("0", problem.message)


def _as_text(content: Path, problems: Iterable[Problem]) -> Iterator[str]:
    """Every problem with its line and a caret below."""
    excerpt = excerpts(content)
    for problem in problems:
        yield _line(problem)
        yield from excerpt(problem)


def _as_short_text(content: Path, problems: Iterable[Problem]) -> Iterator[str]:
    """The same, a warning that many files share once."""
    for problem, more in _with_repeats(problems):
        yield from _as_text(content, [problem])
        if more:
            yield f"    {_ALSO.format(number(more, 'more file'))}"


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
    "text": _as_short_text,
    "all": _as_text,
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
