"""Environment variables for options: FEEDSVC_OPTION for every option of every command."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, ParamSpec

import click
from click.core import ParameterSource

from feedsvc.cli.config_file import apply_file, command_name, command_names
from feedsvc.cli.log_options import configure_log, is_logging
from feedsvc.cli.output import report_warning
from feedsvc.content.text import did_you_mean
from feedsvc.support import watchdog

if TYPE_CHECKING:
    _BaseChoice = click.Choice[str]
else:
    _BaseChoice = click.Choice  # not generic before click 8.2

P = ParamSpec("P")
_NOTICES: Final = f"{__name__}.notices"

PREFIX: Final = "FEEDSVC_"
# Variables of all commands, so that those of another command are recognised without importing its module.
_OPTION_TEXT: Final = (
    "ACCESS_LOG AGAINST AGAINST_FEED ALL ALL_FEEDS ALLOW_HOST ANNOUNCE AUTHOR BASE_URL CATEGORY CODING CONFIG CONTENT CSV "
    "DATABASE DRY_RUN EXPIRES FEED_ENTRIES FORMAT GZIP_ONLY HOST HOSTING IGNORE JSON LANGUAGE LIMIT LIMIT_FETCHES LIMIT_POLLS "
    "LOG_FORMAT MAP MARKDOWN MAX_FILE_SIZE MEDIA_FROM NGINX NO_GZIP NO_LAST_MODIFIED NO_MEDIA ONLY OPEN_STATUS OUTPUT PORT "
    "PREVIEW PREVIEW_ANYWHERE PROCESSES PURGE QUIET REPORT SINCE SKIP_BROKEN SLUG STATE STATUS STRICT THREADS TIMEZONE "
    "TITLE TRUSTED_PROXY UNIX_SOCKET UNIX_SOCKET_MODE VERBOSE WATCH WORKERS WRITE YES"
)
VARIABLE_NAMES: Final = frozenset(f"{PREFIX}{name}" for name in _OPTION_TEXT.split())
# Former name -> current name, for former names other than FEEDSVC_COMMAND_PARAMETER.
_FORMER_NAMES: Final[Mapping[str, str]] = {f"{PREFIX}DATABASE_URL": f"{PREFIX}DATABASE"}
_NON_OPTION_VARIABLES: Final = frozenset({watchdog.LIMIT_VARIABLE})
_MAX_SUMMARY: Final = 300  # characters of the first sentence of a help
_TEST_PREFIXES: Final = (f"{PREFIX}TEST_", f"{PREFIX}KILL_")  # of the test suite, not of a command


class Option(click.Option):
    """Option with an environment variable, FEEDSVC_ and the option's name; an empty variable counts as unset.

    Former names of the variable work, too, with a warning. They are FEEDSVC_, the command and the parameter
    (FEEDSVC_SERVE_PORT), and those in _FORMER_NAMES.
    """

    def __init__(self, declarations: Sequence[str], **settings: Any) -> None:
        flag = next(declaration for declaration in declarations if declaration.startswith("--")).partition("/")[0]
        self.variable = PREFIX + flag.removeprefix("--").replace("-", "_").upper()
        super().__init__(declarations, envvar=self.variable, show_envvar=True, **settings)

    def get_error_hint(self, ctx: click.Context | None) -> str:
        """Return the option as errors name it: with its variable only if the value comes from that."""
        if ctx and self.name and ctx.get_parameter_source(self.name) is ParameterSource.ENVIRONMENT:
            return super().get_error_hint(ctx)
        return click.Parameter.get_error_hint(self, ctx)

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        # As in click, an empty variable counts as unset.
        name = next((variable for variable in (self.variable, *self._former_names(ctx)) if os.environ.get(variable)), None)
        if name is None:
            return None
        if name != self.variable:
            _notices(ctx).append(f"the environment variable {name} is now {self.variable}; rename it")
        return os.environ[name]

    def _former_names(self, ctx: click.Context) -> tuple[str, ...]:
        return (
            *(old for old, current in _FORMER_NAMES.items() if current == self.variable),
            f"{_prefix(ctx)}{self.name}".upper(),
        )


class WordChoice(_BaseChoice):
    """Type of parameters that are one of several words. The error for another text names the most similar word, or all."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        hint = did_you_mean(str(value), self.choices)
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
        super().__init__(*args, **settings)
        self.params.append(
            Option(
                ["--config"],
                metavar="FILE",
                type=click.Path(path_type=Path),
                is_eager=True,
                expose_value=False,
                callback=_apply_config_file,
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
        """Begin the log of the command, if it has one. Then warn of unknown variables and of variables with former names.

        The warnings go to the log, or without one to stderr. Call it once, before the command runs. Raises click.UsageError if
        both --verbose and --quiet are given.
        """
        if is_logging(ctx):
            configure_log(ctx)
        for name in sorted(name for name in os.environ if name.startswith(PREFIX) and not name.startswith(_TEST_PREFIXES)):
            if not self._is_known(ctx, name):
                advice = _suggest_name(name) or "feedsvc COMMAND --help lists the variable of each option"
                _notices(ctx).append(f"no option has the environment variable {name}; {advice}")
        for notice in _notices(ctx):
            report_warning(notice)

    def _is_known(self, ctx: click.Context, name: str) -> bool:
        former_names = {f"{_prefix(ctx)}{parameter.name}".upper() for parameter in self.params}
        others = (other for other in command_names(ctx) if other != command_name(ctx))
        is_of_another = any(name.startswith(f"{PREFIX}{other.upper()}_") for other in others)
        return name in VARIABLE_NAMES | _NON_OPTION_VARIABLES or name in _FORMER_NAMES or name in former_names or is_of_another


def _apply_config_file(ctx: click.Context, _option: click.Parameter, path: Path | None) -> None:
    """Make the values of the settings file defaults; errors in it end the process with status 2.

    The option is eager, so this happens before click reads the defaults of other options. During completion, do nothing.
    """
    if not ctx.resilient_parsing:  # not for completion
        apply_file(ctx, path, option_keys())


def option_keys() -> list[str]:
    """Return the keys that a settings file may contain: one for each variable but that of the file itself."""
    names = sorted(VARIABLE_NAMES - {f"{PREFIX}CONFIG"})
    return [name.removeprefix(PREFIX).lower().replace("_", "-") for name in names]


def _notices(ctx: click.Context) -> list[str]:
    """Return the list of warnings about variables. Callers add to it; `Command.prepare` prints it once the log has begun."""
    notices: list[str] = ctx.meta.setdefault(_NOTICES, [])
    return notices


def _prefix(ctx: click.Context) -> str:
    return f"{PREFIX}{command_name(ctx)}_".upper()


def _suggest_name(name: str) -> str:
    """Return a hint with the known variable most similar to a name, "" if none is similar. Names are compared without PREFIX."""
    return did_you_mean(name.removeprefix(PREFIX), [variable.removeprefix(PREFIX) for variable in VARIABLE_NAMES]).replace(
        "'", f"'{PREFIX}", 1
    )


command: Final = partial(click.command, cls=Command)
option: Final[Callable[..., Callable[[Callable[P, None]], Callable[P, None]]]] = partial(click.option, cls=Option)
