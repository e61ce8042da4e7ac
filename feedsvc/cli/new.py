"""Command feedsvc new."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.core import ParameterSource

from feedsvc.cli.completion import complete_ids
from feedsvc.cli.content_folder import load_without_theme_check
from feedsvc.cli.options import content_argument, folder_argument, report_errors, utf8_text
from feedsvc.cli.output import print_line, report_warning
from feedsvc.cli.settings import command, option
from feedsvc.content.folder import first_steps_hint
from feedsvc.content.reading.files import AUTHORS_FILE, CATEGORIES_FILE, SITE_FILE
from feedsvc.editing import create_file, draft, modeline, render_draft, write_schemas
from feedsvc.errors import FeedsvcError
from feedsvc.support.clock import wall_clock
from feedsvc.support.posix import quote_argument


def _missing_folder_message(title: str, content: Path, rest: tuple[str, ...]) -> str:
    """Return the error message for a missing content folder, with advice.

    If the command line names the folder or has further arguments (`rest`), the advice is to quote the title, whose second word
    the folder may be; otherwise it is to name the content folder.
    """
    if not rest and click.get_current_context().get_parameter_source("content") is not ParameterSource.COMMANDLINE:
        usage = f"feedsvc new {quote_argument(title)} FOLDER"
        message = f"there is no folder {content} here; name the folder that contains {SITE_FILE}: {usage}"
        return f"{message}; {first_steps_hint(content)}"
    arguments = " ".join((title, str(content), *rest))
    advice = f'if this word belongs to the title, put the title in quotes: feedsvc new "{arguments}"'
    return f"there is no folder {content}; {advice}; {first_steps_hint(content)}"


@command("new")
@click.argument("title", type=utf8_text)
@content_argument
@click.argument("rest", nargs=-1, metavar="")
@option(
    "--category",
    metavar="ID",
    type=utf8_text,
    multiple=True,
    shell_complete=complete_ids(CATEGORIES_FILE),
    help="Id of a category. Repeat the option for several; the first is the section.",
)
@option(
    "--author",
    metavar="ID",
    type=utf8_text,
    multiple=True,
    shell_complete=complete_ids(AUTHORS_FILE),
    help="Id of an author. Repeat the option for several.",
)
@option(
    "--slug",
    metavar="NAME",
    type=utf8_text,
    default="",
    help="Name of the article in its address. The default is made from the title.",
)
@option("--markdown", is_flag=True, help="Write a Markdown file (.md), with the keys as its front matter.")
@report_errors
def new_article(
    *,
    title: str,
    content: Path,
    rest: tuple[str, ...],
    category: tuple[str, ...],
    author: tuple[str, ...],
    slug: str,
    markdown: bool,
) -> None:
    """Create a file for a new article in CONTENT (./content).

    The article is a draft, which is not public. The file contains an id, the current time in the site's time zone, and all
    further keys as comments. If an article has this title already, the command names its file.

    \b
    Examples:
      feedsvc new "Xi invites Lee to Beijing" --category asia --author ritesh-nambiar
      feedsvc new "Bus 14 keeps its number" content --markdown
    """
    if rest or (not content.exists() and content.name == str(content)):
        raise FeedsvcError(_missing_folder_message(title, content, rest))
    snapshot = load_without_theme_check(content, "")
    suffix = ".md" if markdown else ".yaml"
    new_draft = draft(snapshot, title, wall_clock(), slug=slug, categories=category, authors=author, suffix=suffix)
    file = create_file(content, new_draft.path, render_draft(new_draft, snapshot, modeline(content, content / new_draft.path)))
    if not markdown:  # VS Code's YAML extension does not read Markdown files
        write_schemas(content, ("article",))
    click.echo(os.fsencode(file))  # bytes, because text would lose letters that the locale does not have
    key = new_draft.title.casefold()
    if twin := next((article.path for article in snapshot.articles if article.title.casefold() == key), ""):
        report_warning(f"{twin} has this title, too; delete the new file if you meant that one")
    print_line(
        "feedsvc: this draft is not public; write its text, then delete its line status: draft to publish it; "
        f"feedsvc check{folder_argument(content)} finds mistakes",
        err=True,
    )
