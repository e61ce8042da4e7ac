"""Generate docs/reference/commands.md from the commands and options that click knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import cleandoc
from typing import Final

import click

from feedsvc.cli import main
from feedsvc.cli.settings import Option, variable_of
from tests.documentation.reference.markdown import code, introduction, table

_INTRODUCTION: Final = introduction(
    "Commands",
    "the help texts of the program (`feedsvc COMMAND --help`)",
    "Every option can also be set by its variable or in [feedsvc.toml](command-line.md#settings-file). The command line takes "
    "precedence over a variable, a variable over the file. [Command line](command-line.md) describes what all commands share: "
    "exit status, settings file, colors and log.",
)
_VERBATIM: Final = "\b\n"  # click's mark of a paragraph that is not wrapped
_EXAMPLES: Final = "Examples:\n"


@dataclass(frozen=True, kw_only=True)
class CommandOfProgram:
    """A command with its whole name, such as `feedsvc token add`, and the context of its help."""

    name: str
    command: click.Command
    context: click.Context

    @property
    def options(self) -> list[click.Option]:
        return [parameter for parameter in self.command.params if isinstance(parameter, click.Option)]


def all_commands() -> Iterator[CommandOfProgram]:
    """Yield every command, also those of groups and the groups themselves, by name."""
    yield from _commands_of(main, click.Context(main, info_name="feedsvc"))


def _commands_of(group: click.Group, context: click.Context) -> Iterator[CommandOfProgram]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        own_context = click.Context(command, parent=context, info_name=name)
        yield CommandOfProgram(name=own_context.command_path, command=command, context=own_context)
        if isinstance(command, click.Group):
            yield from _commands_of(command, own_context)


def commands_page() -> str:
    """Return the text of docs/reference/commands.md."""
    commands = list(all_commands())
    overview = table(
        ("command", "does"),
        ((f"[{one.name}](#{one.name.replace(' ', '-')})", one.command.get_short_help_str(200)) for one in commands),
    )
    return "\n".join([_INTRODUCTION, overview, *(_section(one) for one in commands)])


def _section(one: CommandOfProgram) -> str:
    usage = " ".join([one.name, *one.command.collect_usage_pieces(one.context)])
    parts = [f"## {one.name}\n", f"```text\n{usage}\n```\n", *help_paragraphs(cleandoc(one.command.help or ""))]
    if one.options:
        parts.append(table(("option", "variable", "value", "meaning"), (_option_row(option) for option in one.options)))
    return "\n".join(parts)


def help_paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs of a help text in Markdown, each with a line break at its end."""
    for paragraph in re.split(r"\n{2,}", text.strip()):
        verbatim = paragraph.removeprefix(_VERBATIM)
        if verbatim.startswith(_EXAMPLES):
            lines = (re.sub(r"\s{2,}\(?([^()]*)\)?$", r"  # \1", line.strip()) for line in verbatim.splitlines()[1:])
            yield "```sh\n" + "\n".join(lines) + "\n```\n"
        else:
            yield f"{verbatim}\n"


def _option_row(option: click.Option) -> tuple[str, str, str, str]:
    names = ", ".join(code(name) for name in (*option.opts, *option.secondary_opts))
    variable = code(variable_of(option)) if isinstance(option, Option) else ""
    return names, variable, value_of(option), option.help or ""


def value_of(option: click.Option) -> str:
    """Return the values that an option accepts, in words, and its default if the help shows it."""
    repetition = ["may be repeated"] if option.multiple else []
    default = [f"default {code(str(option.default))}"] if option.show_default else []
    return "; ".join([_type_of(option), *repetition, *default])


def _type_of(option: click.Option) -> str:
    if option.is_flag:
        return "flag"
    kind = option.type
    if isinstance(kind, click.Choice):
        return ", ".join(code(str(choice)) for choice in kind.choices)
    if isinstance(kind, click.IntRange):
        return f"whole number, at least {kind.min}" if kind.max is None else f"whole number, {kind.min} to {kind.max}"
    if isinstance(kind, click.Path):
        return "path"
    return (option.metavar or kind.name).strip("[]")
