"""Command feedsvc config."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import click
from click.core import ParameterSource

from feedsvc.cli.options import json_option, report_errors
from feedsvc.cli.output import aligned_lines, print_json, print_line, report
from feedsvc.cli.settings import command, origin_of, set_defaults

_HEADINGS: Final = ("COMMAND", "OPTION", "VALUE", "FROM")


@command("config")
@json_option
@report_errors
def show_config(*, json: bool) -> None:
    """Print the options that variables or the settings file set, and where each is set.

    The options of every command are listed. The command checks the whole settings file. Values that the command line gives take
    precedence over all of them. Of the database, and of other addresses with "@", only the scheme is printed, because the rest
    may contain a password.

    \b
    Examples:
      feedsvc config
      feedsvc config --config /etc/feedsvc.toml
    """
    root = click.get_current_context().find_root()
    rows = [row for context in _contexts(root) for row in _rows(context)]
    if json:
        print_json([dict(zip(map(str.lower, _HEADINGS), row, strict=True)) for row in rows])
    elif rows:
        for line in aligned_lines([_HEADINGS, *((*names, _text(value), origin) for *names, value, origin in rows)]):
            print_line(line)
    else:
        report("no variable and no settings file sets an option")


def _contexts(context: click.Context) -> Iterator[click.Context]:
    """Yield a context for each command of the context's group, and of the groups in it."""
    if not isinstance(context.command, click.Group):
        yield context
        return
    for name in context.command.list_commands(context):
        if one := context.command.get_command(context, name):
            prefix = one.context_settings.get("auto_envvar_prefix")
            yield from _contexts(click.Context(one, parent=context, info_name=name, auto_envvar_prefix=prefix))


def _rows(context: click.Context) -> Iterator[tuple[Any, ...]]:
    """Yield command, key, value and origin of each parameter of the context's command that a variable or the file sets.

    If a value is not valid for the command, raise click.UsageError.
    """
    set_defaults(context)
    for parameter in (parameter for parameter in context.command.params if parameter.name not in ("config", "help")):
        value, source = parameter.consume_value(context, {})
        if source in (ParameterSource.ENVIRONMENT, ParameterSource.DEFAULT_MAP):
            parameter.handle_parse_result(context, {}, [])
            origin, key = origin_of(context, parameter), (parameter.name or "").replace("_", "-")
            yield context.command_path.partition(" ")[2], key, _printable(parameter, value), origin


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
