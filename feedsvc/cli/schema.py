"""feedsvc schema"""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from feedsvc.cli.options import plainly
from feedsvc.cli.variables import command, option
from feedsvc.content.reading.settings import SITE
from feedsvc.content.schema.json_schema import NAMES
from feedsvc.editing import schema_files
from feedsvc.editing.schema_files import made
from feedsvc.errors import FeedsvcError


@command("schema")
@click.argument("what", nargs=-1, metavar=f"[{'|'.join(NAMES)}] [CONTENT]")
@option("--write", is_flag=True, help=f"Write all of them into CONTENT/{schema_files.FOLDER} instead.")
@plainly
def print_schema(*, what: tuple[str, ...], write: bool) -> None:
    """Print JSON Schemas of a newsroom's files.

    They are draft-07; without a name all four are printed in one object. With CONTENT (./content, if there is one)
    articles may name its authors and categories only.

    \b
    Examples:
      feedsvc schema article newsroom
      feedsvc schema --write newsroom
    """
    names, rest = (what[:1], what[1:]) if what and what[0] in NAMES else ((), what)
    root = _folder(rest)
    if write:
        _write(root)
    elif names:
        click.echo(schema_files.printed(made(names[0], root)), nl=False)
    else:
        click.echo(schema_files.printed({name: made(name, root) for name in NAMES}), nl=False)


def _folder(rest: tuple[str, ...]) -> Path | None:
    """The newsroom that was given or lies here; None without one."""
    if len(rest) > 1:
        raise FeedsvcError(f"'{rest[0]}' is none of {', '.join(NAMES)}")
    given = rest[0] if rest else os.environ.get("FEEDSVC_CONTENT", "")
    root = Path(given or "content")
    if (root / SITE).exists():
        return root
    if given:
        raise FeedsvcError(f"{given} is neither a newsroom, which holds {SITE}, nor one of {', '.join(NAMES)}")
    return None


def _write(root: Path | None) -> None:
    if root is None:
        raise FeedsvcError("no folder content; write: feedsvc schema --write CONTENT")
    for file in schema_files.write(root):
        click.echo(file)
    shown = json.dumps(schema_files.settings(root), indent=2)
    click.echo(f"feedsvc: for VS Code's YAML plug-in, write into .vscode/settings.json:\n{shown}", err=True)
