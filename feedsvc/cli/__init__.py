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

# Command -> its function (MODULE.NAME in this package), and the first sentence of its help. The list of commands is shown without
# importing the modules, because that takes a second of processor time.
_COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "build": ("build.build", "Write the documents of CONTENT (./content) as files into the folder OUT."),
    "check": ("check.check", "Report every problem in CONTENT (./content)."),
    "completion": ("completion.print_completion", "Print a script that lets a shell complete commands, options and values."),
    "config": ("show_config.show_config", "Print the options that variables or the settings file set, and where each is set."),
    "demo": ("demo.demo", "Serve the sample newsroom of feedsvc at http://127.0.0.1:8000/, until Ctrl-C."),
    "export": ("export.export_newsroom", "Export all articles of CONTENT (./content) as FORMAT: wxr (WordPress) or json."),
    "feeds": ("feeds.list_feeds", "List every feed of CONTENT (./content) with its address, entries and last change."),
    "import": ("import_content.import_command", "Write the articles of SOURCE into FOLDER, a newsroom or a new folder."),
    "init": ("init.init", "Write a new newsroom into FOLDER (./content): settings, articles, a page, schemas."),
    "list": ("articles.list_articles", "List the articles of CONTENT (./content) by status, such as draft or published."),
    "new": ("new.new_article", "Create a file for a new article in CONTENT (./content)."),
    "ping": ("ping.ping", "Notify WebSub hubs of feeds of CONTENT (./content) changed since the last ping."),
    "schema": ("schema.print_schema", "Print the JSON Schemas (draft-07) of the files in a content folder."),
    "serve": ("serve.serve", "Serve the feeds and pages of CONTENT (./content)."),
    "stamp": ("stamp.stamp", "Write an id into every article file of CONTENT (./content) that has none."),
    "token": ("token.token_commands", "Add, list and revoke the tokens of private feeds."),
    "views": ("views.most_read", "Print the most read articles, sections and authors of CONTENT (./content)."),
}
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
        if not _is_available(cmd_name):
            return _unavailable_command(cmd_name)
        module, function = _COMMANDS[cmd_name][0].split(".")
        command: click.Command = getattr(import_cli_module(module), function)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _summary(name)) for name in self.list_commands(ctx)])

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
            from feedsvc.content.text import did_you_mean  # noqa: PLC0415 - its imports take longer than feedsvc --version

            ctx.fail(f"No such command '{args[0]}'; {did_you_mean(args[0], _COMMANDS) or 'feedsvc --help lists all commands'}")
        return super().resolve_command(ctx, args)


def _has_working_directory() -> bool:
    """Return whether the current folder exists. If it was deleted, relative paths lead nowhere."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return False
    return True


def _is_available(name: str) -> bool:
    return CAN_FORK or name not in _POSIX_COMMANDS


def _summary(name: str) -> str:
    return _COMMANDS[name][1] if _is_available(name) else "Not on Windows: needs Linux or macOS."


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
        short_help=_summary(name),
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
