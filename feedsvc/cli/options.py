"""Shared options of the commands, error reporting and the state folder. This module imports only modules that load fast."""

from __future__ import annotations

import errno
import os
import shlex
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Final, ParamSpec

import click

from feedsvc.cli import log
from feedsvc.cli.completion import complete_folder
from feedsvc.cli.output import print_error, print_problems
from feedsvc.cli.settings import WordChoice, option
from feedsvc.errors import ContentError, FeedsvcError
from feedsvc.support.digest import sha256
from feedsvc.support.posix import IS_WINDOWS, quote_argument

P = ParamSpec("P")

USAGE_ERROR_STATUS: Final = 2  # an error of the operator; status 1 is an error in the content
_CLOSED_OUTPUT_STATUS: Final = 128 + 13  # SIGPIPE
_CLOSED_ERRNOS: Final = (errno.EPIPE, errno.EINVAL) if IS_WINDOWS else (errno.EPIPE,)
_OUTPUT_ERRNOS: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
PATH_TYPE: Final = click.Path(path_type=Path)
DEFAULT_CONTENT: Final = Path("content")
content_argument = click.argument(
    "content", type=PATH_TYPE, default=DEFAULT_CONTENT, envvar="FEEDSVC_CONTENT", shell_complete=complete_folder
)
state_option = option(
    "--state",
    type=PATH_TYPE,
    shell_complete=complete_folder,
    help="State folder: caches, read counts and other data that are kept between runs. It must be outside CONTENT.",
)
database_option = option(
    "--database",
    metavar="URL",
    default="",
    help="Database of read counts and tokens, a PostgreSQL or SQLite URL. The default are files in the state folder.",
)
base_url_option = option(
    "--base-url", metavar="URL", default="", help="Base URL of the site, used instead of base_url in site.yaml."
)
json_option = option("--json", is_flag=True, help="Print JSON, with times in UTC.")
allow_host_option = option(
    "--allow-host",
    metavar="HOST",
    multiple=True,
    help="Fetch also from this host if its address is inside a private network. Repeat the option for several hosts.",
)


def folder_argument(content: Path) -> str:
    """Return CONTENT as an argument of the next command, a space and the path quoted for the shell; "" if it is the default."""
    is_default = str(content) == (os.environ.get("FEEDSVC_CONTENT") or str(DEFAULT_CONTENT))
    return "" if is_default else f" {quote_argument(str(content))}"


def utf8_text(value: str) -> str:
    """Return an argument decoded as UTF-8 in any locale. Raises click.BadParameter if it is not UTF-8."""
    try:
        return os.fsencode(value).decode()
    except UnicodeError:
        raise click.BadParameter("this is not UTF-8; set the terminal's encoding to UTF-8 and type it again") from None


def _split_command(_context: click.Context, _option: click.Parameter, command: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(command))
    except ValueError as error:
        raise click.BadParameter(f"{command} is not a command line ({str(error).lower()})") from None


def purge_option(addresses: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Return the option --purge. Its value is the purge command as a tuple of words, () without the option.

    `addresses` is a phrase of the help text that says which addresses the purge command gets.
    """
    text = f"Command to run before hubs are notified. It is run without a shell and reads {addresses} from stdin, one per line."
    return option("--purge", metavar="COMMAND", default="", callback=_split_command, help=text)


def log_options(command: Callable[P, None]) -> Callable[P, None]:
    """Return the command with the options --verbose, --quiet and --log-format, by which `settings.Command` begins its log."""
    form_help = "Format of the log on stderr: text has time and level in each line, json is one object per line."
    for add in (
        option("--log-format", type=WordChoice((log.TEXT, log.JSON)), help=form_help),
        option("--quiet", is_flag=True, help="Log only warnings and errors."),
        option("--verbose", is_flag=True, help="Log more, such as each edition."),
    ):
        command = add(command)
    return command


def report_errors(command: Callable[P, None]) -> Callable[P, None]:
    """Return the command with errors reported as one sentence and an exit status, without a traceback.

    The status is 1 after a ContentError with problems, which are printed. It is 2 after one without problems, after any other
    FeedsvcError, and if the output cannot be written. If the reader of the output has closed it, as `head` does, the status is
    that of SIGPIPE. All other exceptions pass.
    """

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except ContentError as error:
            print_problems(error.problems)
            print_error(str(error))
            sys.exit(1 if error.problems else USAGE_ERROR_STATUS)
        except FeedsvcError as error:
            print_error(str(error))
            sys.exit(USAGE_ERROR_STATUS)
        except OSError as error:
            if error.filename is not None or error.errno not in (*_OUTPUT_ERRNOS, *_CLOSED_ERRNOS):
                raise
            # Redirect stdout, because the interpreter would fail again when it flushes it at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if error.errno in _CLOSED_ERRNOS:
                sys.exit(_CLOSED_OUTPUT_STATUS)
            print_error(f"the output cannot be written ({error.strerror}); make space, or write it to another file")
            sys.exit(USAGE_ERROR_STATUS)

    return run


def state_folder(content: Path, path: Path | None) -> Path:
    """Return the state folder: `path`, or if that is None, a folder in feedsvc/ below XDG_STATE_HOME (~/.local/state).

    The name of that folder is a digest of the content folder's path. The folder is not created here. Raises FeedsvcError if it
    is inside the content folder.
    """
    state_home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    folder = path or state_home / "feedsvc" / sha256(os.fsencode(content.resolve())).hex()[:16]
    if folder.resolve().is_relative_to(content.resolve()):
        raise FeedsvcError(f"the state folder {folder} is inside the content folder {content}; give one outside it with --state")
    return folder
