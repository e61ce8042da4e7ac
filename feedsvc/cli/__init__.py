"""Command line: the composition root, which connects folders, clock and options to the commands."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import click

from feedsvc import __version__
from feedsvc.support.posix import CAN_FORK

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# Command -> name of its function, in the module with the command's name or that in _MODULES.
_COMMANDS: Final[Mapping[str, str]] = {
    "build": "build",
    "check": "check",
    "completion": "print_completion",
    "config": "show_config",
    "demo": "demo",
    "export": "export_newsroom",
    "feeds": "list_feeds",
    "import": "import_command",
    "init": "init",
    "list": "list_articles",
    "new": "new_article",
    "ping": "ping",
    "schema": "print_schema",
    "serve": "serve",
    "stamp": "stamp",
    "token": "token_commands",
    "views": "most_read",
}
# Modules with another name than their command: the name of a module is also an attribute of this package.
_MODULES: Final[Mapping[str, str]] = {"config": "show_config", "import": "import_content", "list": "articles"}
# Commands that need processes, signals and locks of POSIX.
_POSIX_COMMANDS: Final = frozenset(("build", "demo", "ping", "serve", "token", "views"))
_INTERRUPTED_STATUS: Final = 128 + signal.SIGINT  # as of a shell, after Ctrl-C or the end of the input at a question


def import_cli_module(name: str) -> Any:
    """Import the module `name` of this package and return it. Commands use it to load only the libraries that they need."""
    return import_module(f"{__name__}.{name}")


class _Commands(click.Group):
    def list_commands(self, _: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        if cmd_name in _POSIX_COMMANDS and not CAN_FORK:
            return _unavailable_command(cmd_name)
        command: click.Command = getattr(import_cli_module(_MODULES.get(cmd_name, cmd_name)), _COMMANDS[cmd_name])
        return command

    def invoke(self, ctx: click.Context) -> Any:
        if not _has_working_directory():
            click.echo("feedsvc: error: the current folder was deleted; change to another one, as with: cd", err=True)
            sys.exit(2)
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, click.Abort):
            # click's own status would be 1, which means a problem in the content.
            click.echo("\nAborted!", err=True)
            sys.exit(_INTERRUPTED_STATUS)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the completions of a command's name or option. click itself would import all commands for their help texts."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only completion needs it

        names = [CompletionItem(name) for name in self.list_commands(ctx) if name.startswith(incomplete)]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _COMMANDS and not args[0].startswith("-"):
            from feedsvc.content import did_you_mean  # noqa: PLC0415 - its imports take longer than feedsvc --version

            ctx.fail(f"No such command '{args[0]}'; {did_you_mean(args[0], _COMMANDS) or 'feedsvc --help lists all commands'}")
        return super().resolve_command(ctx, args)


def _has_working_directory() -> bool:
    """Return whether the current folder exists. If it was deleted, relative paths lead nowhere."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return False
    return True


def _unavailable_command(name: str) -> click.Command:
    """Return a command that says why it cannot be run and exits with status 2, for one of _POSIX_COMMANDS on Windows."""

    def refuse(**_: object) -> None:
        click.echo(f"feedsvc: error: feedsvc {name} needs Linux or macOS; on Windows, run it in WSL or in a container", err=True)
        sys.exit(2)

    return click.Command(
        name,
        params=[click.Argument(["rest"], nargs=-1, type=click.UNPROCESSED)],
        callback=refuse,
        context_settings={"ignore_unknown_options": True},
        short_help="Not on Windows: needs Linux or macOS.",
    )


@click.group(
    cls=_Commands,
    context_settings={"auto_envvar_prefix": "FEEDSVC", "help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Every option can also be set by an environment variable: FEEDSVC_ and its name, such as FEEDSVC_PORT=8080. "
    "The command line takes precedence.\n\n"
    "Exit status: 0 after success, 1 for problems in the content, 2 for an error that the operator can correct, 128 + N after "
    "signal N. docs/reference/ describes commands, variables and statuses.",
)
@click.version_option(__version__, message="feedsvc %(version)s")
def main() -> None:
    """Turn a folder of YAML and Markdown articles into RSS, Atom and JSON feeds.

    \b
    Examples:
      feedsvc demo                  serve a sample newsroom at http://127.0.0.1:8000/
      feedsvc init                  write a new newsroom into ./content
      feedsvc import SOURCE FOLDER  write a newsroom from a WordPress export or a feed
      feedsvc check                 report the problems in ./content, with hints how to correct them
      feedsvc serve                 serve ./content at http://127.0.0.1:8000/
      feedsvc build public          write the same documents to ./public
    """
