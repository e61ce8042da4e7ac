"""Environment variables for options: FEEDSVC_OPTION for every option of every command."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, ParamSpec, cast

import click

from feedsvc.content import did_you_mean
from feedsvc.support import watchdog

P = ParamSpec("P")

PREFIX: Final = "FEEDSVC_"
# Variables of all commands, so that those of another command are recognised without importing its module.
_OPTION_TEXT: Final = (
    "ACCESS_LOG AGAINST ALL ANNOUNCE AUTHOR BASE_URL CATEGORY CODING CONTENT DATABASE DRY_RUN EXPIRES FORMAT GZIP_ONLY HOST "
    "HOSTING JSON LANGUAGE LIMIT LIMIT_POLLS MARKDOWN NGINX NO_GZIP NO_LAST_MODIFIED ONLY OPEN_STATUS PORT PREVIEW "
    "PREVIEW_ANYWHERE PROCESSES PURGE SINCE SKIP_BROKEN SLUG STATE STRICT THREADS TIMEZONE TITLE TRUSTED_PROXY WATCH "
    "WORKERS WRITE YES"
)
VARIABLE_NAMES: Final = frozenset(f"{PREFIX}{name}" for name in _OPTION_TEXT.split())
# Former name -> current name, for former names other than FEEDSVC_COMMAND_PARAMETER.
_FORMER_NAMES: Final[Mapping[str, str]] = {f"{PREFIX}DATABASE_URL": f"{PREFIX}DATABASE"}
_NON_OPTION_VARIABLES: Final = frozenset({watchdog.LIMIT_VARIABLE})
_TEST_PREFIXES: Final = (f"{PREFIX}TEST_", f"{PREFIX}KILL_")  # of the test suite, not of a command


class Option(click.Option):
    """Option with the variable FEEDSVC_OPTION. Former names of the variable work with a warning.

    Former names are FEEDSVC_COMMAND_PARAMETER and those in _FORMER_NAMES.
    """

    def __init__(self, declarations: Sequence[str], **settings: Any) -> None:
        flag = next(declaration for declaration in declarations if declaration.startswith("--")).partition("/")[0]
        self.variable = PREFIX + flag.removeprefix("--").replace("-", "_").upper()
        super().__init__(declarations, envvar=self.variable, show_envvar=True, **settings)

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        # As in click, an empty variable counts as unset.
        name = next((variable for variable in (self.variable, *self._former_names(ctx)) if os.environ.get(variable)), None)
        if name is None:
            return None
        if name != self.variable:
            click.echo(f"feedsvc: warning: the environment variable {name} is now {self.variable}; rename it", err=True)
        return os.environ[name]

    def _former_names(self, ctx: click.Context) -> tuple[str, ...]:
        return (
            *(old for old, current in _FORMER_NAMES.items() if current == self.variable),
            f"{_prefix(ctx)}{self.name}".upper(),
        )


class Command(click.Command):
    """Command that prints a warning for each environment variable that begins with PREFIX and belongs to no option."""

    def invoke(self, ctx: click.Context) -> Any:
        for name in sorted(name for name in os.environ if name.startswith(PREFIX) and not name.startswith(_TEST_PREFIXES)):
            if not self._is_known(ctx, name):
                advice = _suggest_name(name) or "feedsvc COMMAND --help lists the variable of each option"
                click.echo(f"feedsvc: warning: no option has the environment variable {name}; {advice}", err=True)
        return super().invoke(ctx)

    def _is_known(self, ctx: click.Context, name: str) -> bool:
        former_names = {f"{_prefix(ctx)}{parameter.name}".upper() for parameter in self.params}
        command_names = () if ctx.parent is None else cast("click.Group", ctx.parent.command).list_commands(ctx.parent)
        is_of_another = any(name.startswith(f"{PREFIX}{other.upper()}_") for other in command_names if other != ctx.info_name)
        return name in VARIABLE_NAMES | _NON_OPTION_VARIABLES or name in _FORMER_NAMES or name in former_names or is_of_another


def _prefix(ctx: click.Context) -> str:
    return f"{PREFIX}{ctx.info_name or ''}_".upper()


def _suggest_name(name: str) -> str:
    """Return a hint with the known variable most similar to a name, "" if none is similar. Names are compared without PREFIX."""
    return did_you_mean(name.removeprefix(PREFIX), [variable.removeprefix(PREFIX) for variable in VARIABLE_NAMES]).replace(
        "'", f"'{PREFIX}", 1
    )


command: Final = partial(click.command, cls=Command)
option: Final[Callable[..., Callable[[Callable[P, None]], Callable[P, None]]]] = partial(click.option, cls=Option)
