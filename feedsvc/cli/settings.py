"""Settings of commands: their options, an environment variable for each, and the settings file feedsvc.toml.

The command line takes precedence over a variable, a variable over the file. Keys at the top of the file hold for all commands;
keys in the table of a command take precedence over them.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, ParamSpec

import click
from click.core import ParameterSource

from feedsvc.cli.log import begin_log
from feedsvc.cli.output import print_error, report_warning
from feedsvc.content.text import did_you_mean
from feedsvc.support import watchdog

if TYPE_CHECKING:
    _BaseChoice = click.Choice[str]
else:
    _BaseChoice = click.Choice  # not generic before click 8.2

P = ParamSpec("P")
PREFIX: Final = "FEEDSVC_"
_TEST_PREFIXES: Final = (f"{PREFIX}TEST_", f"{PREFIX}KILL_")  # of the test suite, not of a command
# Options of all commands, so that those of another command are recognised without importing its module.
_OPTION_TEXT: Final = (
    "ACCESS_LOG AGAINST AGAINST_FEED ALL ALL_FEEDS ALLOW_HOST ANNOUNCE AUTHOR BASE_URL CATEGORY CODING CONFIG CONTENT CSV "
    "DATABASE DRY_RUN EXPIRES FEED_ENTRIES FORMAT GZIP_ONLY HOST HOSTING IGNORE JSON KEEP_REMOTE LANGUAGE LIMIT "
    "LIMIT_FETCHES LIMIT_POLLS LOG_FORMAT MAP MARKDOWN MAX_FILE_SIZE MEDIA_FROM NGINX NO_GZIP NO_LAST_MODIFIED NO_MEDIA "
    "ONLY OPEN_STATUS OUTPUT PORT POST_TYPE PREVIEW PREVIEW_ANYWHERE PROCESSES PURGE QUIET REPORT SINCE SKIP_BROKEN SLUG "
    "STATE STATUS STRICT THREADS TIMEZONE TITLE TRUSTED_PROXY UNIX_SOCKET UNIX_SOCKET_MODE VERBOSE WATCH WORKERS WRITE YES"
)
VARIABLE_NAMES: Final = frozenset(f"{PREFIX}{name}" for name in _OPTION_TEXT.split())
FILE_KEYS: Final = frozenset(name.lower().replace("_", "-") for name in _OPTION_TEXT.split()) - {"config"}
_DEFAULT_FILE: Final = Path("feedsvc.toml")
# Commands to run and hosts of the own network: the current folder may be a checkout that editors write.
_RESTRICTED_KEYS: Final = {"allow-host": "allow a host", "purge": "name a program"}
_CONTENT_MARK: Final = "site.yaml"
_FILE: Final = f"{__name__}.file"
_MAX_LISTED_WORDS: Final = 12
_MAX_SUMMARY: Final = 300  # characters of the first sentence of a help


class Option(click.Option):
    """Option that errors name with the variable or the settings file that gave its value."""

    def get_error_hint(self, ctx: click.Context | None) -> str:
        origin = origin_of(ctx, self) if ctx else ""
        return f"{super().get_error_hint(ctx)}{f' ({origin})' if origin else ''}"


class WordChoice(_BaseChoice):
    """Type of parameters that are one of several words. The error for another text names the most similar word, or all.

    Of over 12 words it always names the most similar one: all would be a page.
    """

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        hint = did_you_mean(str(value), self.choices, cutoff=0 if len(self.choices) > _MAX_LISTED_WORDS else 0.6)
        return f"there is no '{value}'; {hint}" if hint else super().get_invalid_choice_message(value, ctx)


class IntRange(click.IntRange):
    """Type of parameters that are whole numbers in a range. The error for a text that is no whole number names the range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            int(value)
        except ValueError:
            limit = f"from {self.min} to {self.max}" if self.max is not None else f"of {self.min} or more"
            self.fail(f"'{value}' is not a whole number {limit}", param, ctx)
        return super().convert(value, param, ctx)


class Command(click.Command):
    """Command with the option --config. It begins its log, if it has one, and warns of each unknown environment variable.

    An unknown variable begins with PREFIX and belongs to no option.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        settings["context_settings"] = {"auto_envvar_prefix": PREFIX.rstrip("_")}
        super().__init__(*args, **settings)
        self.params.append(
            Option(
                ["--config"],
                metavar="FILE",
                type=click.Path(path_type=Path),
                is_eager=True,
                expose_value=False,
                show_envvar=True,
                callback=_read_file,
                help="Settings file with values of options. The default is feedsvc.toml in the current folder, if it exists.",
            )
        )

    def invoke(self, ctx: click.Context) -> Any:
        self.prepare(ctx)
        return super().invoke(ctx)

    def get_short_help_str(self, limit: int = _MAX_SUMMARY) -> str:
        """Return the first sentence of the help, cut after 300 characters, or after `limit` if that is more.

        Lists of commands wrap it. click would cut it to one line.
        """
        return super().get_short_help_str(max(limit, _MAX_SUMMARY))

    def prepare(self, ctx: click.Context) -> None:
        """Begin the log of the command, if it has one, then warn of unknown variables, there or on stderr.

        Call it once, before the command runs. Raises click.UsageError if both --verbose and --quiet are given.
        """
        begin_log(ctx)
        for name in sorted(name for name in os.environ if name.startswith(PREFIX) and not name.startswith(_TEST_PREFIXES)):
            if name not in VARIABLE_NAMES | {watchdog.LIMIT_VARIABLE}:
                similar = did_you_mean(name.removeprefix(PREFIX), (known.removeprefix(PREFIX) for known in VARIABLE_NAMES))
                hint = similar.replace("'", f"'{PREFIX}", 1) or "feedsvc COMMAND --help lists the variable of each option"
                report_warning(f"no option has the environment variable {name}; {hint}")


command: Final = partial(click.command, cls=Command)
option: Final[Callable[..., Callable[[Callable[P, None]], Callable[P, None]]]] = partial(
    click.option, cls=Option, show_envvar=True
)


def variable_of(parameter: click.Parameter) -> str:
    """Return the environment variable of an option or of the argument CONTENT."""
    return f"{PREFIX}{parameter.name}".upper()


def origin_of(context: click.Context, parameter: click.Parameter) -> str:
    """Return the variable or the settings file that gave the value of a parameter; "" if neither did."""
    origins = {ParameterSource.ENVIRONMENT: variable_of(parameter), ParameterSource.DEFAULT_MAP: str(context.meta.get(_FILE))}
    source = context.get_parameter_source(parameter.name or "")
    return origins.get(source, "") if source else ""


def _read_file(context: click.Context, _option: click.Parameter, path: Path | None) -> None:
    """Read the settings file, and make its values the defaults of the command. `path` None means feedsvc.toml, if it exists.

    The option is eager, so this happens before click reads the defaults of other options. During completion, do nothing. If the
    file has errors, or is inside a content folder, print them and exit with status 2.
    """
    if context.resilient_parsing or (path is None and not _DEFAULT_FILE.is_file()):
        return
    file = path or _DEFAULT_FILE
    text, tables = _parse(file)
    root = context.find_root()
    commands = root.command.list_commands(root) if isinstance(root.command, click.Group) else []
    if errors := [*_name_errors(file, text, tables, commands, is_named=path is not None)]:
        _fail(*errors)
    context.meta[_FILE], context.meta[f"{_FILE}.tables"] = file, tables
    set_defaults(context)


def set_defaults(context: click.Context) -> None:
    """Make the values of the settings file, if one was read, the defaults of the options of the context's command.

    A key of another command's options is left out. The value of `content` is always there: `schema` takes it as one of two words
    of an argument.
    """
    file: Path = context.meta.get(_FILE, _DEFAULT_FILE)
    tables: Mapping[str, Mapping[str, Any]] = context.meta.get(f"{_FILE}.tables", {"": {}})
    options: dict[str | None, click.Parameter] = {
        one.name: one for one in context.command.params if isinstance(one, click.Option)
    }
    options["content"] = click.Argument(["content"], type=click.Path())
    command_name = context.command_path.split()[:2][-1]  # of a subcommand that of its group
    values = {key.replace("-", "_"): value for key, value in {**tables[""], **tables.get(command_name, {})}.items()}
    context.default_map = {name: _value(file, options[name], value) for name, value in values.items() if name in options}


def _parse(path: Path) -> tuple[str, Mapping[str, Mapping[str, Any]]]:
    """Return the text of a settings file, and its values by table, those at the top under ""."""
    import tomllib  # noqa: PLC0415 - only commands with such a file need it

    folder = next((parent for parent in path.resolve().parents if (parent / _CONTENT_MARK).is_file()), None)
    if folder:
        where = f"{path} is in the content folder {folder}, which editors write"
        _fail(f"{where}, but it may name commands and folders; move it out of that folder")
    try:
        text = path.read_bytes().decode()
        document = tomllib.loads(text)
    except OSError as error:
        _fail(f"the settings file {path} cannot be read ({error.strerror}); correct --config or FEEDSVC_CONFIG")
    except UnicodeError:
        _fail(f"the settings file {path} is not UTF-8; save it as UTF-8")
    except tomllib.TOMLDecodeError as error:
        _fail(f"{path}: this is not TOML: {error}; see https://toml.io/")
    tables = {key: value for key, value in document.items() if isinstance(value, dict)}
    return text, {"": {key: value for key, value in document.items() if key not in tables}, **tables}


def _name_errors(
    path: Path, text: str, tables: Mapping[str, Mapping[str, Any]], commands: Iterable[str], *, is_named: bool
) -> Iterator[str]:
    """Yield an error for each table that names no command, and each key that no command has or that this file may not set.

    Only a file that `is_named` by the operator may set the keys in _RESTRICTED_KEYS.
    """
    for table, values in tables.items():
        if table and table not in commands:
            hint = did_you_mean(table, commands) or f"commands are {', '.join(commands)}"
            yield f"{path}:{_line(text, table)}: no command has the name of the table '{table}'; {hint}"
        for key in values:
            place = f"{path}: [{table}]" if table else f"{path}:{_line(text, key)}"
            if key not in FILE_KEYS:
                hint = did_you_mean(key, FILE_KEYS) or "feedsvc COMMAND --help lists the options"
                yield f"{place}: unknown key '{key}'; {hint}"
            elif key in _RESTRICTED_KEYS and not is_named:
                sentence = f"{key}: a file that is only found in the current folder may not {_RESTRICTED_KEYS[key]}"
                yield f"{place}: {sentence}; name it: --config {path}, or {PREFIX}CONFIG={path}"


def _line(text: str, name: str) -> int:
    """Return the number of the line on which a key or table at the top of TOML begins, 1 if it is written unusually."""
    start = re.compile(rf"\s*\[*\s*[\"']?{re.escape(name)}[\"']?\s*[=.\]]")
    return next((number for number, line in enumerate(text.splitlines(), 1) if start.match(line)), 1)


def _value(path: Path, parameter: click.Parameter, value: Any) -> Any:
    """Return a value of the settings file as the text, or list of texts, that click converts.

    A path is relative to the folder of the file. A list is for an option that may be repeated only; else exit with status 2.
    """
    items = value if isinstance(value, list) and parameter.multiple else [value]
    if not all(isinstance(item, str | int) for item in items):
        _fail(f"{path}: {parameter.name}: expected a text in quotation marks, a number, or true or false")
    texts = [str(item).lower() if isinstance(item, bool) else str(item) for item in items]
    if isinstance(parameter.type, click.Path):
        texts = [str(path.parent / text) for text in texts]
    return texts if parameter.multiple else texts[0]


def _fail(*sentences: str) -> NoReturn:
    for sentence in sentences:
        print_error(sentence)
    sys.exit(2)  # as after other errors of the operator
