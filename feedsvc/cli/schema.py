"""Command feedsvc schema."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedsvc.cli.completion import complete_folder
from feedsvc.cli.options import report_errors
from feedsvc.cli.settings import command, option
from feedsvc.content.folder import first_steps_hint
from feedsvc.content.reading.files import SITE_FILE
from feedsvc.content.schema.json_schema import SCHEMA_NAMES
from feedsvc.editing import SCHEMA_FOLDER, build_schema_of, format_schema, vscode_settings, write_schemas
from feedsvc.errors import FeedsvcError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def _complete_what(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return completions: names of schemas for the first argument, else, or if none fits, folders."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - only completion needs it

    names = [name for name in SCHEMA_NAMES if name.startswith(incomplete) and not context.params.get("what")]
    return [CompletionItem(name) for name in names] or complete_folder(context, parameter, incomplete)


@command("schema")
@click.argument("what", nargs=-1, metavar=f"[{'|'.join(SCHEMA_NAMES)}] [CONTENT]", shell_complete=_complete_what)
@option("--write", is_flag=True, help=f"Write all schemas into CONTENT/{SCHEMA_FOLDER} instead of printing them.")
@report_errors
def print_schema(*, what: tuple[str, ...], write: bool) -> None:
    """Print the JSON Schemas (draft-07) of the files in a content folder.

    Without a name, all are printed in one object. The schemas of articles and feeds allow only the authors and
    categories of CONTENT (./content); without such a folder, they allow any.

    \b
    Examples:
      feedsvc schema article content
      feedsvc schema --write content
    """
    names, folders = (what[:1], what[1:]) if what and what[0] in SCHEMA_NAMES else ((), what)
    root = _find_content_folder(folders)
    if write:
        _write_schema_files(root)
    elif names:
        click.echo(format_schema(build_schema_of(names[0], root)), nl=False)
    else:
        click.echo(format_schema({name: build_schema_of(name, root) for name in SCHEMA_NAMES}), nl=False)


def _find_content_folder(folders: tuple[str, ...]) -> Path | None:
    """Return the content folder: the one in `folders`, else that of FEEDSVC_CONTENT, else that of the settings file.

    If none of these names one, return ./content, or None if that is no content folder. Raises FeedsvcError if the name that
    counts is not that of a content folder, or if `folders` has several names.
    """
    if len(folders) > 1:
        raise FeedsvcError(f"'{folders[0]}' is not the name of a schema; give one of {', '.join(SCHEMA_NAMES)}")
    default = os.environ.get("FEEDSVC_CONTENT") or click.get_current_context().lookup_default("content") or ""
    name = folders[0] if folders else str(default)
    folder = Path(name or "content")
    if (folder / SITE_FILE).exists():
        return folder
    if name:
        raise FeedsvcError(
            f"{name} is neither a content folder (with {SITE_FILE}) nor the name of a schema ({', '.join(SCHEMA_NAMES)}); "
            f"{first_steps_hint(name)}"
        )
    return None


def _write_schema_files(root: Path | None) -> None:
    if root is None:
        message = f"./content is not a content folder (it has no {SITE_FILE}); name one: feedsvc schema --write CONTENT"
        raise FeedsvcError(f"{message}; {first_steps_hint('content')}")
    for file in write_schemas(root):
        click.echo(file)
    settings = json.dumps(vscode_settings(root), indent=2)
    click.echo(f"feedsvc: for VS Code's YAML extension, add to .vscode/settings.json:\n{settings}", err=True)
