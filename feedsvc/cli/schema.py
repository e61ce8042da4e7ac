"""Command feedsvc schema."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from feedsvc.cli.options import report_errors
from feedsvc.cli.variables import command, option
from feedsvc.content.reading import SITE_FILE
from feedsvc.content.schema import SCHEMA_NAMES
from feedsvc.editing import SCHEMA_FOLDER, build_schema_of, format_schema, vscode_settings, write_schemas
from feedsvc.errors import FeedsvcError


@command("schema")
@click.argument("what", nargs=-1, metavar=f"[{'|'.join(SCHEMA_NAMES)}] [CONTENT]")
@option("--write", is_flag=True, help=f"Write all schemas into CONTENT/{SCHEMA_FOLDER} instead of printing them.")
@report_errors
def print_schema(*, what: tuple[str, ...], write: bool) -> None:
    """Print the JSON Schemas (draft-07) of the files in a content folder.

    Without a name, all four are printed in one object. The schema of articles allows only the authors and categories of
    CONTENT (./content); without such a folder, it allows any.

    \b
    Examples:
      feedsvc schema article newsroom
      feedsvc schema --write newsroom
    """
    names, rest = (what[:1], what[1:]) if what and what[0] in SCHEMA_NAMES else ((), what)
    root = _find_content_folder(rest)
    if write:
        _write_schema_files(root)
    elif names:
        click.echo(format_schema(build_schema_of(names[0], root)), nl=False)
    else:
        click.echo(format_schema({name: build_schema_of(name, root) for name in SCHEMA_NAMES}), nl=False)


def _find_content_folder(rest: tuple[str, ...]) -> Path | None:
    """Return the content folder: the one in `rest` or FEEDSVC_CONTENT, else ./content; None if ./content is none.

    Raises FeedsvcError if the given one is no content folder, or for two arguments.
    """
    if len(rest) > 1:
        raise FeedsvcError(f"'{rest[0]}' is not the name of a schema; give one of {', '.join(SCHEMA_NAMES)}")
    given = rest[0] if rest else os.environ.get("FEEDSVC_CONTENT", "")
    root = Path(given or "content")
    if (root / SITE_FILE).exists():
        return root
    if given:
        raise FeedsvcError(
            f"{given} is neither a content folder (with {SITE_FILE}) nor the name of a schema ({', '.join(SCHEMA_NAMES)})"
        )
    return None


def _write_schema_files(root: Path | None) -> None:
    if root is None:
        raise FeedsvcError(f"./content is not a content folder (it has no {SITE_FILE}); name one: feedsvc schema --write CONTENT")
    for file in write_schemas(root):
        click.echo(file)
    shown = json.dumps(vscode_settings(root), indent=2)
    click.echo(f"feedsvc: for VS Code's YAML extension, add to .vscode/settings.json:\n{shown}", err=True)
