"""Command feedsvc config."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import click
from click.core import ParameterSource

from feedsvc.cli.config_file import apply_to_command, command_path, key_of
from feedsvc.cli.options import json_option, report_errors
from feedsvc.cli.output import aligned_lines, print_json, print_line, report
from feedsvc.cli.variables import Option, command

_HEADINGS: Final = ("COMMAND", "OPTION", "VALUE", "FROM")


@command("config")
@json_option
@report_errors
def show_config(*, as_json: bool) -> None:
    """Print the options that variables or the settings file set, and where each is set.

    The options of every command are listed. The command checks the whole settings file. Values that the command line gives take
    precedence over all of them. Of the database, and of other addresses with "@", only the scheme is printed, because the rest
    may contain a password.

    \b
    Examples:
      feedsvc config
      feedsvc config --config /etc/feedsvc.toml
    """
    context = click.get_current_context()
    root = context.find_root()
    group = root.command
    assert isinstance(group, click.Group)  # noqa: S101 - for mypy
    rows = [row for command_context in _contexts(root, group) for row in _rows(command_context)]
    if as_json:
        print_json([dict(zip(map(str.lower, _HEADINGS), row, strict=True)) for row in rows])
    elif rows:
        for line in aligned_lines([_HEADINGS, *((*names, _text(value), origin) for *names, value, origin in rows)]):
            print_line(line)
    else:
        report("no variable and no settings file sets an option")


def _contexts(parent: click.Context, group: click.Group) -> Iterator[click.Context]:
    """Yield a context for each command of a group and of the groups in it."""
    for name in group.list_commands(parent):
        if one := group.get_command(parent, name):
            context = click.Context(one, parent=parent, info_name=name)
            yield from _contexts(context, one) if isinstance(one, click.Group) else [context]


def _rows(context: click.Context) -> Iterator[tuple[Any, ...]]:
    """Yield command, key, value and origin of each parameter of the context's command that a variable or the file sets.

    If a value in the settings file is not valid for the command, print all errors and exit with status 2.
    """
    name, path = " ".join(command_path(context)), apply_to_command(context)
    for parameter in (parameter for parameter in context.command.params if parameter.name != "config"):
        value, source = parameter.consume_value(context, {})
        origins = {ParameterSource.ENVIRONMENT: _variable(parameter), ParameterSource.DEFAULT_MAP: str(path)}
        if source in origins:
            yield name, key_of(parameter), _printable(parameter, value), origins[source]


def _variable(parameter: click.Parameter) -> str:
    return parameter.variable if isinstance(parameter, Option) else str(parameter.envvar)


def _text(value: Any) -> str:
    """Return a value as text, or as JSON if it is no text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _printable(parameter: click.Parameter, value: Any) -> Any:
    """Return a value; of a database, and of an address that may have a password, only the scheme."""
    if isinstance(value, list | tuple):
        return [_printable(parameter, item) for item in value]
    scheme, mark, rest = str(value).partition("://")
    if parameter.name != "database" and "@" not in rest:
        return value
    return f"{scheme}://..." if mark and scheme.replace("+", "").isalnum() else "..."
