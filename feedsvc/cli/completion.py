"""Command feedsvc completion, and the completion of arguments.

The script that the command prints runs feedsvc with the variable _FEEDSVC_COMPLETE at each press of the tab key.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from feedsvc.cli.settings import WordChoice, command

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_PROGRAM: Final = "feedsvc"
_VARIABLE: Final = "_FEEDSVC_COMPLETE"  # click's name for a program of this name
SHELLS: Final = ("bash", "zsh", "fish")

Completer = Callable[[click.Context, click.Parameter, str], list["CompletionItem"]]


@command("completion")
@click.argument("shell", type=WordChoice(SHELLS))
def print_completion(*, shell: str) -> None:
    """Print a script that lets a shell complete commands, options and values.

    bash needs version 4.4. Once the script is in the file that the examples name, it works in each new terminal.

    \b
    Examples:
      eval "$(feedsvc completion bash)"
      feedsvc completion bash > ~/.local/share/bash-completion/completions/feedsvc
      feedsvc completion zsh > ~/.zfunc/_feedsvc    (~/.zfunc in fpath, before compinit)
      feedsvc completion fish > ~/.config/fish/completions/feedsvc.fish
    """
    from click.shell_completion import get_completion_class  # noqa: PLC0415 - no other command needs it

    complete_class = get_completion_class(shell)
    if complete_class is None:
        sys.exit(1)
    click.echo(complete_class(click.get_current_context().find_root().command, {}, _PROGRAM, _VARIABLE).source())


def complete_folder(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the completion that makes the shell itself complete the name of a folder."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - only completion needs it

    return [CompletionItem(incomplete, type="dir")]


def complete_ids(file: str) -> Completer:
    """Return a function that completes ids and aliases in `file`, categories.yaml or authors.yaml, of the content folder.

    That is the first content folder among the words typed so far, else the command's default for CONTENT.
    """

    def complete(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only completion needs it

        from feedsvc.content.reading.files import SITE_FILE, known_names  # noqa: PLC0415 - takes a while to import

        # Without the option's value the line is no valid one, so click leaves arguments unparsed.
        default = Path(context.params.get("content") or "content")
        content = next((Path(name) for name in context.args if (Path(name) / SITE_FILE).is_file()), default)
        return [CompletionItem(name) for name in sorted(known_names(content, file)) if name.startswith(incomplete)]

    return complete
