"""What the commands share: options, faults told plainly, finding the state folder. Read before anything that takes time."""

from __future__ import annotations

import errno
import hashlib
import os
import shlex
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Final, ParamSpec

import click

from feedsvc.cli.output import fail, tell
from feedsvc.cli.variables import option
from feedsvc.errors import ContentError, FeedsvcError

P = ParamSpec("P")

MISUSE: Final = 2  # the operator's fault; 1 is the content's
VIEWS: Final = "views.sqlite"
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
FOLDER: Final = click.Path(path_type=Path)
content_argument = click.argument("content", type=FOLDER, default=Path("content"), envvar="FEEDSVC_CONTENT")
state_option = option("--state", type=FOLDER, help="Folder for what outlives a run; never in CONTENT.")
database_option = option(
    "--database",
    metavar="URL",
    default="",
    help="For read counts; else a file in the state folder",
)
base_url_option = option("--base-url", metavar="URL", default="", help="Takes the place of site.yaml's.")


def _split(_context: click.Context, _option: click.Parameter, command: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(command))
    except ValueError as error:
        raise click.BadParameter(f"{command} is no command line ({str(error).lower()})") from None


def purge_option(addresses: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """`addresses` says which ones the command gets."""
    words = f"Run before hubs hear of a change; gets {addresses}, one a line. No shell reads it."
    return option("--purge", metavar="COMMAND", default="", callback=_split, help=words)


def plainly(command: Callable[P, None]) -> Callable[P, None]:
    """Faults end in one sentence and an exit status, never in a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except ContentError as error:
            tell(error.problems)
            fail(f"{error}{'' if error.problems else _inside()}")
            sys.exit(1 if error.problems else MISUSE)
        except FeedsvcError as error:
            fail(str(error))
            sys.exit(MISUSE)
        except OSError as error:
            if error.filename is not None or error.errno not in _NO_ROOM:
                raise
            # Where the output goes, nothing fits any more; what is left of it must not be tried again at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            fail(f"the output cannot be written ({error.strerror})")
            sys.exit(MISUSE)

    return run


def _inside() -> str:
    """Who stands in the newsroom itself, where ./content is looked for, is told how to name it."""
    site = "site.yaml"
    is_inside = Path(site).is_file() and not Path("content").exists()
    return f"; {site} is in this very folder: write . for it" if is_inside else ""


def state_folder(content: Path, given: Path | None) -> Path:
    """The state folder; by default one of its own for each content folder. Raises FeedsvcError inside CONTENT."""
    home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    state = given or home / "feedsvc" / hashlib.sha256(os.fsencode(content.resolve())).hexdigest()[:16]
    if state.resolve().is_relative_to(content.resolve()):
        raise FeedsvcError(f"{state} lies in {content}; give a state folder outside it with --state")
    return state
