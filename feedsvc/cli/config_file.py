"""Settings file of the operator, feedsvc.toml: values of options that neither the command line nor a variable gives.

Keys are names of options. Keys at the top hold for all commands that have the option. Keys in a table hold for the command with
the name of the table, and for its subcommands.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from feedsvc.cli.output import print_error, print_problems
from feedsvc.content.text import did_you_mean
from feedsvc.errors import Problem

DEFAULT_FILE: Final = Path("feedsvc.toml")
# Commands to run and hosts of the own network: the current folder may be a checkout that editors write.
_RESTRICTED_KEYS: Final = {"allow-host": "allow a host", "purge": "name a program"}
_CONTENT_MARK: Final = "site.yaml"
_STATUS: Final = 2  # as of other errors of the operator
_META: Final = f"{__name__}.file"
_PARSER_POSITION: Final = re.compile(r" \(at line (\d+), column (\d+)\)| \(at end of document\)")


@dataclass(frozen=True, kw_only=True)
class _File:
    """Parsed settings file. `text` is its content. `tables` are the values by command, those for all commands under "".

    If it `is_named`, the operator named it; otherwise it was found in the current folder.
    """

    path: Path
    is_named: bool
    text: str
    tables: Mapping[str, Mapping[str, Any]]

    def problem(self, table: str, key: str, message: str, hint: str = "") -> Problem:
        line, column = _position(self.text, table, key)
        return Problem(path=str(self.path), line=line, column=column, message=message, hint=hint)


def apply_file(context: click.Context, path: Path | None, keys: Iterable[str]) -> None:
    """Make the values of a settings file the defaults of the options of the context's command.

    `keys` are the keys that any command has. `path` None means ./feedsvc.toml, which need not exist. The parsed file is stored
    in the context for `apply_to_command`. If the file has errors, or is inside a content folder, print all errors and exit with
    status 2.
    """
    if path is None and not DEFAULT_FILE.is_file():
        return
    commands = command_names(context)
    file = context.meta[_META] = _read(path or DEFAULT_FILE, commands, is_named=path is not None)
    _apply(context, file, list(_invalid_names(file, frozenset(keys), commands)))


def apply_to_command(context: click.Context) -> Path | None:
    """Make the values of the settings file that `apply_file` has read the defaults of the context's command.

    Return the file's path, None if there is no settings file. If a value is not valid for that command, print all errors and
    exit with status 2. The command `feedsvc config` calls this for a context of each command of the program.
    """
    file: _File | None = context.meta.get(_META)
    if file is None:
        return None
    _apply(context, file, [])
    return file.path


def _apply(context: click.Context, file: _File, problems: list[Problem]) -> None:
    values, value_problems = _values_of(context, file)
    positions = {(problem.line, problem.column) for problem in problems}
    # An unknown key is no option of the command either; one message about it is enough.
    value_problems = [problem for problem in value_problems if (problem.line, problem.column) not in positions]
    if problems or value_problems:
        _fail(f"nothing was done, because {file.path} has errors", sorted((*problems, *value_problems)))
    context.default_map = values


def key_of(parameter: click.Parameter) -> str:
    """Return the key of an option or argument in a settings file, such as "base-url" of FEEDSVC_BASE_URL; "" without variable."""
    variable = parameter.envvar
    return variable.removeprefix("FEEDSVC_").lower().replace("_", "-") if isinstance(variable, str) else ""


def command_names(context: click.Context) -> list[str]:
    """Return the names of all commands of the program, without subcommands."""
    root = context.find_root()
    return root.command.list_commands(root) if isinstance(root.command, click.Group) else []


def command_path(context: click.Context) -> tuple[str, ...]:
    """Return the names of the context's command below the program: ("check",), or ("token", "list") for a subcommand."""
    return (*command_path(context.parent), context.info_name or "") if context.parent else ()


def command_name(context: click.Context) -> str:
    """Return the name of the context's command, of a subcommand that of its group, such as "token"; "" outside of any command."""
    return next(iter(command_path(context)), "")


def _sibling_keys(context: click.Context) -> frozenset[str]:
    """Return the keys of all subcommands of the group of the context's command; an empty set if it is no subcommand."""
    if context.parent is None or context.parent.parent is None or not isinstance(context.parent.command, click.Group):
        return frozenset()
    return frozenset(key_of(parameter) for command in context.parent.command.commands.values() for parameter in command.params)


def _read(path: Path, commands: Iterable[str], *, is_named: bool) -> _File:
    """Return the parsed file. A table at its top is the table of a command if its name is one of `commands`.

    If the file cannot be read or parsed, or is in a content folder, print the error and exit with status 2.
    """
    import tomllib  # noqa: PLC0415 - only commands with such a file need it

    folder = next((parent for parent in path.resolve().parents if (parent / _CONTENT_MARK).is_file()), None)
    if folder:
        _fail(
            f"{path} is in the content folder {folder}, which editors write, but it may name commands and folders; "
            "move it out of that folder"
        )
    try:
        text = path.read_bytes().decode()
        document = tomllib.loads(text)
    except OSError as error:
        _fail(f"the settings file {path} cannot be read ({error.strerror}); correct --config or FEEDSVC_CONFIG")
    except UnicodeError:
        _fail(f"the settings file {path} is not UTF-8; save it as UTF-8")
    except tomllib.TOMLDecodeError as error:
        match = _PARSER_POSITION.search(str(error))
        line, column = (int(match[1]), int(match[2])) if match and match[1] else (text.count("\n") + 1, 1)
        reason = _PARSER_POSITION.sub("", str(error))
        message = f"this is not TOML: {reason[:1].lower()}{reason[1:]}"
        problem = Problem(path=str(path), line=line, column=column, message=message, hint="see https://toml.io/")
        _fail(f"nothing was done, because {path} has errors", [problem])
    names = frozenset(commands)
    common = {key: value for key, value in document.items() if key not in names or not isinstance(value, dict)}
    tables = {key: value for key, value in document.items() if key in names and isinstance(value, dict)}
    return _File(path=path, is_named=is_named, text=text, tables={"": common, **tables})


def _fail(sentence: str, problems: Iterable[Problem] = ()) -> Any:
    print_problems(problems)
    print_error(sentence)
    sys.exit(_STATUS)


def _invalid_names(file: _File, keys: frozenset[str], commands: list[str]) -> Iterator[Problem]:
    """Yield a problem for each key that is in no command or that this file may not set, and each table that names no command.

    Only a file that the operator named may set the keys in _RESTRICTED_KEYS.
    """
    for table, values in file.tables.items():
        for key, value in values.items():
            if isinstance(value, dict) and not table:
                hint = did_you_mean(key, commands) or f"commands are {', '.join(commands)}"
                yield file.problem("", key, f"no command has the name of the table '{key}'", hint)
            elif key not in keys:
                hint = did_you_mean(key, keys) or "feedsvc COMMAND --help lists the options"
                yield file.problem(table, key, f"unknown key '{key}'", hint)
            elif key in _RESTRICTED_KEYS and not file.is_named:
                hint = f"name it: --config {file.path}, or FEEDSVC_CONFIG={file.path}"
                yield file.problem(
                    table, key, f"{key}: a file that is only found in the current folder may not {_RESTRICTED_KEYS[key]}", hint
                )


def _values_of(context: click.Context, file: _File) -> tuple[dict[str, Any], list[Problem]]:
    """Return the values for the context's command (name of the parameter -> value), and the problems of its keys and values.

    The table with the name of the command, or for a subcommand that of its group, takes precedence over the keys at the top. A
    key in the table is a problem if neither this command nor another subcommand of the group has the option. A key at the top
    that is no option of the command is skipped, except `content`.
    """
    name = command_name(context)
    siblings = _sibling_keys(context)
    parameters = {key_of(parameter): parameter for parameter in context.command.params if parameter.name != "config"}
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for table in ("", name):
        for key, value in file.tables.get(table, {}).items():
            parameter = parameters.get(key)
            if parameter is None or not parameter.name:
                if table and key not in siblings:
                    example = " ".join(command_path(context))
                    hint = did_you_mean(key, siblings or parameters) or f"feedsvc {example} --help lists its options"
                    problems.append(file.problem(table, key, f"feedsvc {name} has no option '{key}'", hint))
                elif not table and key == "content" and isinstance(value, str):
                    values[key] = str(file.path.parent / value)  # `schema` takes it as one of two words of an argument
                continue
            try:
                values[parameter.name] = _checked(context, parameter, value, file.path.parent)
            except click.BadParameter as error:
                problems.append(file.problem(table, key, f"{key}: {error.message.rstrip('.')}"))
    return values, problems


def _checked(context: click.Context, parameter: click.Parameter, value: Any, folder: Path) -> Any:
    """Return a value of the settings file as click expects it for the parameter. Raises click.BadParameter if it is invalid.

    A path is relative to `folder`, the folder of the settings file, unless it is absolute.
    """
    expected, kind = _expected_type(parameter)
    values = value if isinstance(value, list) and parameter.multiple else [value]
    if any(type(item) is not expected for item in values):
        raise click.BadParameter(f"expected {kind}")
    if isinstance(parameter.type, click.Path):
        values = [str(folder / item) for item in values]
    checked = values if parameter.multiple else values[0]
    parameter.process_value(context, checked)
    return checked


def _expected_type(parameter: click.Parameter) -> tuple[type, str]:
    """Return the type that each single value of a parameter has in TOML, and the phrase for what is expected in messages."""
    if getattr(parameter, "is_flag", False):
        return bool, "true or false"
    if isinstance(parameter.type, click.IntRange):
        return int, "a number"
    return str, "a text in quotation marks, or a list of texts" if parameter.multiple else "a text in quotation marks"


def _position(text: str, table: str, key: str) -> tuple[int, int]:
    """Return line and column, from 1, of a key in a table. If `table` is "" (the top), `key` may also be the name of a table.

    The parser gives no positions, so this searches for a line that begins with the key, below the header of the table. If there
    is none, return the first line that contains the key, with column 1; (1, 1) if there is none either.
    """
    name = rf"[\"']?{re.escape(key)}[\"']?"
    current, header = "", re.compile(r"\s*\[+\s*([^\]]*?)\s*\]")
    entry = re.compile(rf"(\s*){name}\s*[=.]")
    dotted = re.compile(rf"(\s*){re.escape(table)}\s*\.\s*{name}\s*=" if table else r"(?!)")
    for number, line in enumerate(text.splitlines(), 1):
        if match := header.match(line):
            current = match[1].strip("\"'")
            if not table and current.partition(".")[0] == key:
                return number, 1
        elif match := (entry.match(line) if current == table else dotted.match(line)):
            return number, len(match[1]) + 1
    return next(((number, 1) for number, line in enumerate(text.splitlines(), 1) if key in line), (1, 1))
