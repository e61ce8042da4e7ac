"""Options of the log, of the commands that have one: --verbose, --quiet and --log-format."""

from __future__ import annotations

import logging
from typing import Final

import click

from feedsvc.cli import log

LOG_FORMATS: Final = (log.TEXT, log.JSON)
_PARAMETERS: Final = ("verbose", "quiet", "log_format")


def is_logging(context: click.Context) -> bool:
    """Return whether the parameters of the context have the options of a log, which `configure_log` removes."""
    return all(name in context.params for name in _PARAMETERS)


def configure_log(context: click.Context) -> None:
    """Begin the log as the options say, and remove them from the parameters of the command.

    Without --log-format, lines have time and level, except those of a build that ends by itself. Raises click.UsageError if both
    --verbose and --quiet are given.
    """
    is_verbose, is_quiet, form = (context.params.pop(name) for name in _PARAMETERS)
    if is_verbose and is_quiet:
        raise click.UsageError("--verbose and --quiet contradict each other; give one of them", context)
    level = logging.DEBUG if is_verbose else logging.WARNING if is_quiet else logging.INFO
    log.configure_log(form or (log.TEXT if context.params.get("watch", True) else log.PLAIN), level)
