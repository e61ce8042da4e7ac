"""Command feedsvc config."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import click
from click.core import ParameterSource

from feedsvc.cli.config_file import apply_to_command, key_of
from feedsvc.cli.options import report_errors
from feedsvc.cli.output import aligned_lines, print_line, report
from feedsvc.cli.variables import Option, command

_HEADINGS: Final = ("COMMAND", "OPTION", "VALUE", "FROM")
_PASSWORD: Final = re.compile(r"(://[^:/@\s]*:)[^@/\s]*@")


@command("config")
@report_errors
def show_config() -> None:
    """Print the value of each option that a variable or the settings file sets, for every command, and where it comes from.

    The command checks the whole settings file. Values that the command line gives take precedence over all of them. Passwords in
    addresses are not printed.

    \b
    Examples:
      feedsvc config
      feedsvc config --config /etc/feedsvc.toml
    """
    context = click.get_current_context()
    root = context.find_root()
    group = root.command
    assert isinstance(group, click.Group)  # noqa: S101 - for mypy
    rows = [row for name in group.list_commands(root) if (one := group.get_command(root, name)) for row in _rows(root, name, one)]
    if not rows:
        report("no variable and no settings file sets an option")
        return
    for line in aligned_lines([_HEADINGS, *rows]):
        print_line(line)


def _rows(root: click.Context, name: str, one: click.Command) -> Iterator[tuple[str, str, str, str]]:
    """Yield command, key, value and origin of each parameter of a command that has no default value."""
    context = click.Context(one, parent=root, info_name=name)
    path = apply_to_command(context)
    for parameter in (parameter for parameter in one.params if parameter.name != "config"):
        value, source = parameter.consume_value(context, {})
        if source is ParameterSource.ENVIRONMENT:
            yield name, key_of(parameter), _text(value), _variable(parameter)
        elif source is ParameterSource.DEFAULT_MAP:
            yield name, key_of(parameter), _text(value), str(path)


def _variable(parameter: click.Parameter) -> str:
    return parameter.variable if isinstance(parameter, Option) else str(parameter.envvar)


def _text(value: Any) -> str:
    return _PASSWORD.sub(r"\1...@", value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))
