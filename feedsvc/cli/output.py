"""Output of the commands: counts, tables, and problems in several formats."""

from __future__ import annotations

import json
import logging
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import click

from feedsvc.cli import log
from feedsvc.cli.terminal import color_setting
from feedsvc.content.source_excerpt import display_width, excerpts
from feedsvc.errors import Problem, Severity
from feedsvc.support.date_formats import rfc3339

_COLORS: Final[dict[Severity, str]] = {"error": "red", "warning": "yellow"}
_LEVELS: Final[dict[Severity, int]] = {"error": logging.ERROR, "warning": logging.WARNING}
_NO_FIELDS: Final[Mapping[str, object]] = {}
_LOG: Final = logging.getLogger(__name__)
_NUMBER: Final = re.compile(r"[0-9]+")
_FOLDER: Final = "."  # the path of a problem of the content folder as a whole
_MAX_REPEATS: Final = 3  # from so many further files with the same warning on, only the first is printed
_MAX_EQUAL_ERRORS: Final = 20  # the same for equal errors, each of which is to be corrected in its own file
_REPEAT_NOTE: Final = "(and in {} more files; feedsvc check --all shows each)"

if TYPE_CHECKING:
    from feedsvc.content.folder import ContentSnapshot
    from feedsvc.live import Edition


def format_article_count(content: ContentSnapshot) -> str:
    return format_count(len(content.articles), "article")


def format_count(count: int, noun: str) -> str:
    """Return a count with its noun, in the plural unless it is 1."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def next_change_sentence(moment: datetime | None, content: ContentSnapshot) -> str:
    """Return the message of `build` about the next scheduled change, which is at `moment`, in the site's time zone.

    If `moment` is None, the message says that no change is scheduled.
    """
    if moment is None:
        return "no change is scheduled"
    local = moment.astimezone(ZoneInfo(content.site.timezone))
    return f"the next scheduled change is at {local.isoformat(sep=' ')}; build again then"


def log_problem_changes(before: Edition, now: Edition) -> None:
    """Print the problems that `now` has and `before` has not, and the files that have no problems or no errors any more.

    Print the public articles that are scheduled now, too: a wrong year is no error. A Listener of the Watcher.
    """
    former, problems = before.content.sorted_problems, now.content.sorted_problems
    print_problems(problems.difference(former))
    gone = former.difference(problems)
    former_errors = {problem.path for problem in gone if problem.severity == "error"}
    for path in dict.fromkeys(problem.path for problem in gone):
        name = "feedsvc: the content folder" if path == _FOLDER else path
        remaining = {problem.severity for problem in now.content.problems_at(path)}
        if not remaining:
            _report_line(f"{name}: no problem any more", logging.INFO, {"path": path})
        elif path in former_errors and "error" not in remaining:
            _report_line(f"{path}: no error any more; its warnings stand", logging.INFO, {"path": path})
    if now.publication is not before.publication:
        _log_rescheduled_articles(now)


def _log_rescheduled_articles(now: Edition) -> None:
    """Log the articles that were public in the edition before, and whose date lies in the future now."""
    catalog = now.publication.catalog
    hidden_ids = catalog.change.hidden_ids if catalog.change else ()
    for article in now.content.articles if hidden_ids else ():
        if article.id in hidden_ids and article.status.value == "published" and article.published > catalog.now:
            moment = article.published.astimezone(ZoneInfo(catalog.site.timezone)).isoformat(sep=" ", timespec="minutes")
            text = f"{article.path}: was public, and is scheduled for {moment} now"
            _report_line(text, logging.WARNING, {"path": article.path})


def _problem_fields(problem: Problem, repeats: int) -> dict[str, object]:
    """Return the fields of a problem for the log, except its severity, which is the level of the line.

    `repeats`, the number of further files with the same problem, is among them as `more_files` unless it is 0.
    """
    return {**asdict(problem), **({"more_files": repeats} if repeats else {})}


def log_edition(before: Edition, now: Edition) -> None:
    """Log a new edition, for --verbose. A listener of the Watcher."""
    if _LOG.isEnabledFor(logging.DEBUG):
        changed, visible = now.publication.changed_since(before.publication), now.publication.catalog.visible
        text = "feedsvc: edition %d: %d documents changed, %d visible articles, since %s"
        _LOG.debug(text, now.number, len(changed), len(visible), rfc3339(now.since))


def print_problems(problems: Iterable[Problem]) -> None:
    """Print problems in the log of the command, or on stderr if it has none, those of settings files first.

    A problem that many files share is printed only for the first file, with the number of the others. Many are more than three
    files for a warning, more than twenty for an error.
    """
    for problem, repeats in _group_repeats(problems):
        note = f" {_REPEAT_NOTE.format(repeats)}" if repeats else ""
        _report_line(f"{_problem_line(problem)}{note}", _LEVELS[problem.severity], _problem_fields(problem, repeats))


def print_line(text: str, *, err: bool = False) -> None:
    """Print a line to stdout, or stderr with `err`, with its colors only on a terminal or as NO_COLOR and FORCE_COLOR say.

    It is never part of the log.
    """
    click.echo(text, err=err, color=color_setting())


def print_json(value: object) -> None:
    """Print a value as JSON to stdout. Moments are in UTC; a value of another type that JSON has not is text."""
    print_line(json.dumps(value, ensure_ascii=False, indent=2, default=_json_text))


def _json_text(value: object) -> str:
    return rfc3339(value) if isinstance(value, datetime) else str(value)


def report(sentence: str, level: int = logging.INFO) -> None:
    """Print a sentence for the operator, with `level` in the log of the command, or on stderr if the command has no log."""
    _report_line(f"feedsvc: {sentence}", level)


def report_warning(sentence: str) -> None:
    _report_line(f"feedsvc: {_severity_mark('warning')}{sentence}", logging.WARNING, {"message": sentence})


def print_error(sentence: str) -> None:
    """Print a sentence about an error that the operator can correct, in the log of the command or on stderr."""
    _report_line(f"feedsvc: {_severity_mark('error')}{sentence}", logging.ERROR, {"message": sentence})


def _report_line(line: str, level: int, fields: Mapping[str, object] = _NO_FIELDS) -> None:
    if log.is_configured():
        log.write(line, level, fields)
    else:
        print_line(line, err=True)


def _problem_line(problem: Problem) -> str:
    """Format a problem like a compiler: position, severity unless the log shows it, message and hint.

    A problem of the whole folder has no position, so it begins like other sentences for the operator.
    """
    is_folder = problem.path == _FOLDER
    position = "feedsvc:" if is_folder else click.style(f"{problem.path}:{problem.line}:{problem.column}:", bold=True)
    hint = f"; {problem.hint}" if problem.hint else ""
    rule = f" [{problem.rule}]" if problem.rule else ""
    return f"{position} {_severity_mark(problem.severity)}{problem.message}{hint}{rule}"


def _severity_mark(severity: Severity) -> str:
    """Return the severity as the beginning of a message; "" if the log's lines show it as their level."""
    return "" if log.shows_level() else f"{click.style(severity, fg=_COLORS[severity], bold=True)}: "


def _group_repeats(problems: Iterable[Problem]) -> Iterator[tuple[Problem, int]]:
    """Yield (problem, 0) for each problem, those of settings files first.

    Of the problems of one kind (`_kind`) in many files, yield only the first, with the number of the other files. Many are at
    least three other files, for errors at least twenty.
    """
    problems = sorted(problems, key=_print_order)
    paths_by_kind: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for problem in problems:
        paths_by_kind[_kind(problem)].add(problem.path)
    yielded_kinds = set[tuple[str, ...]]()
    for problem in problems:
        kind = _kind(problem)
        repeats = len(paths_by_kind[kind]) - 1
        if repeats < (_MAX_REPEATS if problem.rule else _MAX_EQUAL_ERRORS):
            yield problem, 0
        elif kind not in yielded_kinds:
            yielded_kinds.add(kind)
            yield problem, repeats


def _print_order(problem: Problem) -> int:
    """Return a sort key: errors in files directly in the content folder (settings files), warnings there, then all others."""
    return 2 if "/" in problem.path else int(problem.severity == "warning")


def _kind(problem: Problem) -> tuple[str, ...]:
    """Return a key that is equal for problems of one kind: equal errors, and similar warnings.

    For a warning, it is the message without its numbers: "has 371 characters" and "has 379 characters" are the same kind.
    """
    return (problem.rule, _NUMBER.sub("0", problem.message)) if problem.rule else (problem.message, problem.hint)


def _as_text(content: Path, problems: Iterable[Problem]) -> Iterator[str]:
    """Yield the lines of every problem: the problem, and if the file can be read, its line in the file with a caret below."""
    excerpt = excerpts(content)
    for problem in problems:
        yield _problem_line(problem)
        yield from excerpt(problem)


def _as_short_text(content: Path, problems: Iterable[Problem]) -> Iterator[str]:
    """Yield the lines of problems: each problem, and if the file can be read, its line in the file with a caret below.

    Order and omissions are those of `_group_repeats`. A line after a problem that also stands for other files says how many.
    """
    excerpt = excerpts(content)
    for problem, repeats in _group_repeats(problems):
        yield _problem_line(problem)
        yield from excerpt(problem)
        if repeats:
            yield f"    {_REPEAT_NOTE.format(repeats)}"


def _as_json(_: Path, problems: Iterable[Problem]) -> Iterator[str]:
    rows = [{**asdict(problem), "severity": problem.severity} for problem in problems]
    yield json.dumps({"problems": rows}, ensure_ascii=False, indent=2)


def _as_github(content: Path, problems: Iterable[Problem]) -> Iterator[str]:
    """Yield a workflow command of GitHub for each problem. "%" is escaped, in the path also ":" and ","."""
    for problem in problems:
        text = f"{problem.message}; {problem.hint}" if problem.hint else problem.message
        file = f"{content.as_posix()}/{problem.path}".translate({ord("%"): "%25", ord(":"): "%3A", ord(","): "%2C"})
        title = f",title={problem.rule}" if problem.rule else ""
        yield f"::{problem.severity} file={file},line={problem.line},col={problem.column}{title}::{text.replace('%', '%25')}"


PROBLEM_FORMATTERS: Final[dict[str, Callable[[Path, Iterable[Problem]], Iterator[str]]]] = {
    "text": _as_short_text,
    "all": _as_text,
    "json": _as_json,
    "github": _as_github,
}


def aligned_lines(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Return an iterator of each row as a line, with all columns but the last padded to their widest cell.

    All rows must have the same number of cells.
    """
    widths = [max(map(display_width, column)) for column in zip(*rows, strict=True)]
    return ("  ".join(map(_pad, row, widths)).rstrip() for row in rows)


def _pad(cell: str, width: int) -> str:
    return cell + " " * (width - display_width(cell))
