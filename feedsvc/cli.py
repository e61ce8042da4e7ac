"""The commands: the composition root. Only here do clock, folders and options meet."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Final, ParamSpec

import click

from feedsvc import __version__, export, pages
from feedsvc.audience.counter import Counter
from feedsvc.audience.report import PRINTERS as REPORTS
from feedsvc.audience.report import report
from feedsvc.audience.store import Views
from feedsvc.audience.visitor import Visitors
from feedsvc.audience.wsgi import Audience
from feedsvc.catalog import catalog
from feedsvc.console import PRINTERS, bar, counted, next_change, number, tell
from feedsvc.content.folder import Content, load
from feedsvc.content.renditions import Renditions
from feedsvc.content.schema import is_base
from feedsvc.errors import ContentError, FeedsvcError
from feedsvc.ledger import Ledger
from feedsvc.live import Live, wall_clock
from feedsvc.publication import Publication
from feedsvc.urls import mount
from feedsvc.web.app import application
from feedsvc.web.server import Server

P = ParamSpec("P")

_MISUSE: Final = 2  # the operator's fault; 1 is the content's
_VIEWS: Final = "views.sqlite"
_FOLDER: Final = click.Path(path_type=Path)
_content = click.argument("content", type=_FOLDER, default=Path("content"), envvar="FEEDSVC_CONTENT")
_state_option = click.option(
    "--state", type=_FOLDER, envvar="FEEDSVC_STATE", help="Folder for what outlives a run; never in CONTENT."
)
_database = click.option(
    "--database",
    metavar="URL",
    default="",
    envvar="FEEDSVC_DATABASE_URL",
    help="For read counts; else a file in the state folder",
)
_base_url = click.option(
    "--base-url", metavar="URL", default="", envvar="FEEDSVC_BASE_URL", help="Takes the place of site.yaml's."
)


def _plainly(command: Callable[P, None]) -> Callable[P, None]:
    """Faults end in one sentence and an exit status, never in a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except ContentError as error:
            tell(error.problems)
            click.echo(f"feedsvc: {error}", err=True)
            sys.exit(1 if error.problems else _MISUSE)
        except FeedsvcError as error:
            click.echo(f"feedsvc: {error}", err=True)
            sys.exit(_MISUSE)

    return run


@click.group(
    context_settings={"auto_envvar_prefix": "FEEDSVC", "help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Every option can also be given as a variable: FEEDSVC_PORT=8080, FEEDSVC_BASE_URL, FEEDSVC_STATE.",
)
@click.version_option(__version__, message="feedsvc %(version)s")
def main() -> None:
    """Turn a folder of YAML articles into RSS, Atom and JSON feeds.

    \b
    Examples:
      feedsvc check                 what is wrong in ./content, and how to mend it
      feedsvc serve                 serve ./content at http://127.0.0.1:8000/
      feedsvc build public          write the same documents to ./public
    """


@main.command()
@_content
@click.option("--host", default="127.0.0.1", show_default=True, envvar="FEEDSVC_HOST", help="The address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), envvar="FEEDSVC_PORT", help="0 takes a free one."
)
@click.option(
    "--threads", default=4, show_default=True, type=click.IntRange(1, 256), envvar="FEEDSVC_THREADS", help="Worker threads."
)
@_base_url
@_state_option
@_database
@_plainly
def serve(*, content: Path, host: str, port: int, threads: int, base_url: str, state: Path | None, database: str) -> None:
    """Serve the feeds and pages of CONTENT (./content).

    \b
    Examples:
      feedsvc serve
      feedsvc serve newsroom --port 8080 --base-url http://127.0.0.1:8080
      FEEDSVC_PORT=8080 feedsvc serve newsroom
    """
    read = _read(content, base_url)
    tell(read.problems)
    home = _state(content, state)
    ledger = Ledger(home / "modified.sqlite")
    live = Live(read, ledger, renditions=Renditions(home / "pictures"))
    views, visitors = Views(database or home / _VIEWS), Visitors()
    counter = Counter(views, live.clock, chore=visitors.turn)
    below = mount(read.site.base_url)
    app = Audience(application(live), counter, visitors, live.article_id, mount=below, clock=live.clock)
    server = Server(app, host=host, port=port, threads=threads)
    address = f"{server.url}{below[1:]}{'/' if below else ''}"
    click.echo(f"feedsvc: serving {counted(read)} of {content} at {address} as {read.site.base_url}/", err=True)
    server.run()
    counter.close()
    views.close()
    ledger.close()


@main.command()
@_content
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "github"]), default="text", show_default=True, help="How to print."
)
@_plainly
def check(content: Path, form: str) -> None:
    """Report every problem in CONTENT (./content); exit status 1 if there is any.

    \b
    Examples:
      feedsvc check
      feedsvc check newsroom --format github
    """
    try:
        read = _read(content, "")
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


@main.command()
@click.argument("out", type=_FOLDER)
@_content
@_base_url
@_state_option
@click.option("--skip-broken", is_flag=True, help="Leave broken files out instead of writing nothing.")
@_plainly
def build(*, out: Path, content: Path, base_url: str, state: Path | None, skip_broken: bool) -> None:
    """Write the documents of CONTENT (./content) as files into OUT.

    Only files whose bytes changed are written; files of an earlier build that no longer belong are removed; others stay.

    \b
    Examples:
      feedsvc build public
      feedsvc build public newsroom --base-url https://example.org/news
    """
    read = _read(content, base_url)
    if read.errors and not skip_broken:
        raise ContentError("nothing was written; mend the files above, or leave them out with --skip-broken", read.problems)
    tell(read.problems)
    if (out / "site.yaml").exists():
        raise FeedsvcError(f"{out} is a newsroom itself; write: feedsvc build OUT {out}")
    if _overlaps(out, content):
        raise FeedsvcError(f"{out} and {content} lie in one another; build into a folder of its own")
    renditions = Renditions(_state(content, state) / "pictures")
    publication = Publication(catalog(read, wall_clock()), renditions=renditions)
    built = export.build(publication, out, bar)
    click.echo(f"feedsvc: {out}: {built.written} files written, {built.unchanged} unchanged, {built.removed} removed", err=True)
    click.echo(f"feedsvc: {next_change(publication.next_change, read)}", err=True)


@main.command("views")
@_content
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Count from this day on (UTC).")
@click.option("--format", "form", type=click.Choice(list(REPORTS)), default="text", show_default=True, help="How to print.")
@_state_option
@_database
@_plainly
def most_read(*, content: Path, since: datetime | None, form: str, state: Path | None, database: str) -> None:
    """Print the most read articles, sections and authors of CONTENT (./content).

    \b
    Examples:
      feedsvc views
      feedsvc views newsroom --since 2026-01-01 --format csv
    """
    read = _read(content, "")
    store = Views(database or _state(content, state) / _VIEWS)
    day = since.date() if since else None
    for line in REPORTS[form](report(store.since(day), catalog(read, wall_clock()), day)):
        click.echo(line)
    store.close()


def _read(content: Path, base_url: str) -> Content:
    if base_url and not is_base(base_url):
        raise FeedsvcError(
            f"--base-url '{base_url}' is no web address; write it like https://example.org or https://example.org/news"
        )
    read = load(content, base_url)
    unusable = pages.problems(read.theme)
    theme = {path: data for path, data in read.theme.items() if path not in unusable}
    return replace(read, theme=theme, problems=tuple(sorted((*read.problems, *unusable.values()))))


def _state(content: Path, given: Path | None) -> Path:
    """The state folder; by default one of its own for each content folder. Raises FeedsvcError inside CONTENT."""
    home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    state = given or home / "feedsvc" / hashlib.sha256(os.fsencode(content.resolve())).hexdigest()[:16]
    if state.resolve().is_relative_to(content.resolve()):
        raise FeedsvcError(f"{state} lies in {content}; give a state folder outside it with --state")
    return state


def _overlaps(out: Path, content: Path) -> bool:
    one, other = out.resolve(), content.resolve()
    return one.is_relative_to(other) or other.is_relative_to(one)
