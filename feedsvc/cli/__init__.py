"""Command line: the composition root, which connects folders, clock and options to the commands."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

import click

from feedsvc import __version__
from feedsvc.content import did_you_mean

# Command -> name of its function, in the module with the command's name.
_COMMANDS: Final[Mapping[str, str]] = {
    "build": "build",
    "check": "check",
    "demo": "demo",
    "feeds": "list_feeds",
    "init": "init",
    "new": "new_article",
    "ping": "ping",
    "schema": "print_schema",
    "serve": "serve",
    "stamp": "stamp",
    "token": "token_commands",
    "views": "most_read",
}


def import_cli_module(name: str) -> Any:
    """Import the module `name` of this package on first use: a command does not wait for the libraries of other commands."""
    return import_module(f"{__name__}.{name}")


class _Commands(click.Group):
    def list_commands(self, _: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_cli_module(cmd_name), _COMMANDS[cmd_name])
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"No such command '{args[0]}'; {did_you_mean(args[0], _COMMANDS) or 'feedsvc --help lists all commands'}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands,
    context_settings={"auto_envvar_prefix": "FEEDSVC", "help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Every option can also be set by an environment variable: FEEDSVC_ and its name, such as FEEDSVC_PORT=8080. "
    "The command line takes precedence.",
)
@click.version_option(__version__, message="feedsvc %(version)s")
def main() -> None:
    """Turn a folder of YAML articles into RSS, Atom and JSON feeds.

    \b
    Examples:
      feedsvc demo                  serve a sample newsroom at http://127.0.0.1:8000/
      feedsvc init                  write a new newsroom into ./content
      feedsvc check                 report the problems in ./content, with hints how to correct them
      feedsvc serve                 serve ./content at http://127.0.0.1:8000/
      feedsvc build public          write the same documents to ./public
    """
