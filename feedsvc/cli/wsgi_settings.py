"""Settings of `feedsvc.wsgi:app`: those of `serve`, from variables and the settings file."""

from __future__ import annotations

from inspect import signature
from typing import Any, Final

import click
from click.core import ParameterSource

from feedsvc.cli import main
from feedsvc.cli.output import report_warning
from feedsvc.cli.serve import serve
from feedsvc.cli.service_settings import service_config
from feedsvc.cli.settings import Command, variable_of
from feedsvc.errors import FeedsvcError
from feedsvc.service import ServiceConfig

_NAMES: Final = frozenset(signature(service_config).parameters)


def read_service_config() -> ServiceConfig:
    """Read the settings from variables and the settings file, and begin the log as they say; the command line is not read.

    Warn of variables that have no effect because another program is the server, such as FEEDSVC_PORT. Raises FeedsvcError for a
    value that is not valid. Errors in the settings file are printed, and raise SystemExit.
    """
    assert isinstance(serve, Command)  # noqa: S101 - for mypy
    try:
        root = main.make_context("feedsvc", [serve.name or ""])
        context = serve.make_context(serve.name, [], parent=root)
        serve.prepare(context)
        values: dict[str, Any] = {name: value for name, value in context.params.items() if name in _NAMES}
    except click.ClickException as error:
        raise FeedsvcError(error.format_message().rstrip(".")) from None
    for option in serve.params:
        is_set = context.get_parameter_source(option.name or "") is ParameterSource.ENVIRONMENT
        if is_set and option.name in context.params and option.name not in _NAMES:
            report_warning(f"{variable_of(option)} has no effect on feedsvc.wsgi:app, because another program is the server")
    return service_config(**values)
