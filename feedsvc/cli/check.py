"""Command feedsvc check."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

from feedsvc.catalog import build_catalog
from feedsvc.cli.content_folder import load_with_theme_check
from feedsvc.cli.options import allow_host_option, content_argument, json_option, report_errors
from feedsvc.cli.output import PROBLEM_FORMATTERS, format_article_count, format_count, print_error, print_line, print_problems
from feedsvc.cli.settings import WordChoice, command, option
from feedsvc.content.folder import ContentSnapshot
from feedsvc.content.lint import lint_content
from feedsvc.content.reading.files import SITE_FILE
from feedsvc.content.scan import ARTICLES_FOLDER
from feedsvc.errors import FeedsvcError, Problem, Rule
from feedsvc.support.clock import wall_clock

_LAST_VALID_NOTE: Final = (
    "until the errors are corrected, a running server shows the last valid version of each of these files, if there was one"
)


@command()
@content_argument
@option(
    "--format",
    type=WordChoice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="Format of the output.",
)
@json_option
@option("--all", is_flag=True, help="Print each problem of each file, even if many files share it.")
@option(
    "--ignore",
    type=WordChoice(get_args(Rule)),
    metavar="RULE",
    multiple=True,
    help="Leave out the warnings of this rule, such as no-summary. Repeat the option for several.",
)
@option("--strict", is_flag=True, help="Exit with status 1 for warnings, too.")
@option(
    "--against",
    metavar="REV",
    help="Also warn of changes since this git revision that subscribers would notice, such as new ids.",
)
@option(
    "--against-feed",
    metavar="FEED",
    multiple=True,
    help="Also predict what subscribers of a former feed see once they get the folder's own feed. FEED is a file or an address; "
    "before it, NAME= can name the listing, such as category/asia=old.xml.",
)
@allow_host_option
@report_errors
def check(
    *,
    content: Path,
    format: str,  # noqa: A002 - the name of the option
    json: bool,
    all: bool,  # noqa: A002 - the name of the option
    ignore: tuple[str, ...],
    strict: bool,
    against: str | None,
    against_feed: tuple[str, ...],
    allow_host: tuple[str, ...],
) -> None:
    """Report every problem in CONTENT (./content).

    A problem is an error or a warning. A warning ends with the name of its rule. Problems of settings files come first. A
    warning of more than three files, or an error of more than twenty, is printed once. The exit status is 1 if there are errors.

    With --against-feed, an entry that readers would show a second time is an error. One that looks changed, or is no longer in
    the feed, is a warning.

    \b
    Examples:
      feedsvc check
      feedsvc check content --strict --ignore no-summary
      feedsvc check content --format github
      feedsvc check content --against origin/main
      feedsvc check content --against-feed https://old.example/feed/
    """
    snapshot = load_with_theme_check(content, is_check=True)
    problems = (*snapshot.problems, *lint_content(snapshot, content, wall_clock()))
    is_usable = SITE_FILE not in {problem.path for problem in snapshot.errors}
    if not is_usable and (against is not None or against_feed):
        print_error(f"nothing was compared, because {SITE_FILE} has errors; correct them first")
    compared = _compare(content, snapshot, against, is_usable=is_usable, every=all) if against is not None else _Report()
    replays = _replay(snapshot, against_feed if is_usable else (), allow_host, every=all) if against_feed else _Report()
    # The alias that a comparison asks for leads to the article from the name of its file, too.
    renamed = {problem.path for problem in compared.problems if problem.rule == "missing-address"}
    problems = tuple(problem for problem in problems if problem.rule != "file-name" or problem.path not in renamed)
    problems = tuple(problem for problem in sorted((*problems, *compared.problems)) if problem.rule not in ignore)
    errors = len([problem for problem in problems if problem.severity == "error"])
    if format == "text":
        format = "json" if json else "all" if all else "text"  # noqa: A001
    lines = [*PROBLEM_FORMATTERS[format](content, problems)]
    # The replays come last, because each ends with its summary.
    _print_lines(_with_keys(lines, {**compared.keys, **replays.keys}) if format == "json" else (*lines, *compared.lines))
    _print_counts(_article_summary(snapshot), errors, len(problems) - errors)
    _print_lines(() if format == "json" else replays.lines)
    has_warnings = bool(problems) or replays.has_warnings
    sys.exit(1 if errors or replays.has_errors or (strict and has_warnings) else 0)


def _with_keys(lines: Iterable[str], keys: Mapping[str, Any]) -> Iterable[str]:
    """Return the lines of a JSON object with further keys."""
    return json.dumps(json.loads("\n".join(lines)) | keys, ensure_ascii=False, indent=2).split("\n")


@dataclass(frozen=True, kw_only=True)
class _Report:
    """Result of a comparison: further problems, keys of the JSON output, lines of the text output.

    `has_errors` and `has_warnings` are about what is not among `problems`.
    """

    problems: tuple[Problem, ...] = ()
    keys: Mapping[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    has_errors: bool = False
    has_warnings: bool = False


def _compare(content: Path, snapshot: ContentSnapshot, revision: str, *, is_usable: bool, every: bool) -> _Report:
    """Compare the folder with a git revision. Unless it `is_usable`, return an empty comparison."""
    from feedsvc.editing import comparison  # noqa: PLC0415 - it imports the formats of feeds

    if not is_usable:
        return _Report(keys=comparison.to_json(comparison.Comparison()))
    result = comparison.compare(content, snapshot, revision, wall_clock())
    lines = tuple(comparison.text_lines(result, every=every))
    return _Report(problems=result.problems, keys=comparison.to_json(result), lines=lines)


def _article_summary(snapshot: ContentSnapshot) -> str:
    """Return a phrase such as "12 articles", or "12 valid articles, 1 article with errors" if article files have errors."""
    broken = len({problem.path for problem in snapshot.errors if problem.path.startswith(f"{ARTICLES_FOLDER}/")})
    if not broken:
        return format_article_count(snapshot)
    return f"{format_count(len(snapshot.articles), 'valid article')}, {format_count(broken, 'article')} with errors"


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        print_line(line)


def _print_counts(summary: str, errors: int, warnings: int) -> None:
    print_line(f"feedsvc: {summary}: {format_count(errors, 'error')}, {format_count(warnings, 'warning')}", err=True)
    if errors:
        print_line(f"feedsvc: {_LAST_VALID_NOTE}", err=True)


def _replay(snapshot: ContentSnapshot, former_feeds: tuple[str, ...], allowed_hosts: tuple[str, ...], *, every: bool) -> _Report:
    """Predict what subscribers of each former feed see, in the given order. `former_feeds` are values of --against-feed.

    If one cannot be read or has no listing in `snapshot`, print the errors of `snapshot` and raise FeedsvcError.
    """
    from feedsvc.editing import former_feeds as feeds  # noqa: PLC0415 - it imports HTTP and TLS, which take longer than a check
    from feedsvc.support.http import HostAccess  # noqa: PLC0415

    access = HostAccess(internal_hosts=frozenset(host.lower() for host in allowed_hosts))
    try:
        named = map(feeds.parse_former_feed, former_feeds)
        replays = feeds.compare_former_feeds(build_catalog(snapshot, wall_clock()), named, access) if former_feeds else ()
    except FeedsvcError:
        print_problems(snapshot.errors)  # one of them may be the reason, such as an error in feeds.yaml
        raise
    return _Report(
        keys=feeds.to_json(replays),
        lines=tuple(line for replay in replays for line in feeds.text_lines(replay, every=every)),
        has_errors=any(replay.has_errors for replay in replays),
        has_warnings=any(replay.has_warnings for replay in replays),
    )
