"""WSGI runner: the service of `feedsvc.wsgi:app` in each process of another server."""

from __future__ import annotations

import gc
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from functools import partial
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

import click
from click.core import ParameterSource

from feedsvc.cli import main
from feedsvc.cli.content_folder import open_content_folder
from feedsvc.cli.options import report_errors
from feedsvc.cli.output import format_count, log_edition, log_problem_changes, print_problems, report, report_warning
from feedsvc.cli.serve import serve
from feedsvc.cli.serve_runner import service_config
from feedsvc.cli.settings import Command, variable_of
from feedsvc.errors import FeedsvcError
from feedsvc.live import Edition
from feedsvc.service import Service, ServiceConfig, open_live, with_own_environ
from feedsvc.support import process
from feedsvc.support.alerts import Alerts
from feedsvc.support.file_lock import FileLock
from feedsvc.support.per_process import PerProcess
from feedsvc.support.state_folder import open_lock_file

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_T = TypeVar("_T")
_LOG: Final = logging.getLogger(__name__)
# gunicorn ends if a worker exits with this status before it serves. It would start the worker again, without end, after others.
_BOOT_ERROR_STATUS: Final = 3
_LOCK_FILE: Final = "first-process.lock"

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


def load_application() -> ProcessApplication:
    """Read the settings of `serve` from variables and the settings file, open the service, and return the application.

    After a FeedsvcError, print it and raise SystemExit.
    """
    application = _or_exit(lambda: ProcessApplication(read_service_config()))
    application.load()
    return application


class ProcessApplication(PerProcess["WSGIApplication"]):
    """WSGI application whose service is opened in each process that serves.

    A server may load the application in a process that only starts others, and then forks. So a process that forks before its
    first request closes its service, and the child opens one. Threads would not survive the fork, and a process that does not
    serve must not notify hubs in place of one that does.
    """

    def __init__(self, config: ServiceConfig) -> None:
        super().__init__(partial(_open_service, config))
        self._has_served = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self._has_served = True
        application = self.get() if self.is_open else self._get_or_end()
        return application(environ, start_response)

    def load(self) -> None:
        """Open the service. After a FeedsvcError, raise SystemExit.

        The command `flask` asks a module for `app` before it calls `create_app`. So the first request opens the service there.
        """
        if "FLASK_RUN_FROM_CLI" not in os.environ:
            _or_exit(self.get)

    def open_in_background(self) -> None:
        """Open the service in a thread of its own. Requests wait for it.

        A FeedsvcError is printed and ends the process; other errors are logged, and the next request opens the service.
        """
        threading.Thread(target=self._open_here, name="feedsvc-open", daemon=True).start()

    def before_fork(self) -> None:
        if not self._has_served and not self.is_opening_here:
            self.close()

    def after_fork(self) -> None:
        is_helper = self.is_opening_here
        super().after_fork()
        if not self._has_served and not is_helper:
            self.open_in_background()

    def _open_here(self) -> None:
        try:
            self._get_or_end()
        except Exception:  # noqa: BLE001 - any error may pass until the next request
            _LOG.exception("feedsvc: the service cannot be opened; the next request tries again")

    def _get_or_end(self) -> WSGIApplication:
        """Return the application. After a FeedsvcError, print it and end the process; other errors pass.

        Servers ignore SystemExit in a request and in other threads.
        """
        try:
            return _or_exit(self.get)
        except SystemExit:
            _end_process()


def _or_exit(function: Callable[[], _T]) -> _T:
    """Return the result of a function. After a FeedsvcError, print it and raise SystemExit with status 3."""
    results: list[_T] = []
    try:
        report_errors(lambda: results.append(function()))()
    except SystemExit:
        raise SystemExit(_BOOT_ERROR_STATUS) from None
    return results[0]


def _end_process() -> NoReturn:
    logging.shutdown()
    if sys.stderr:
        sys.stderr.flush()
    os._exit(_BOOT_ERROR_STATUS)


def _open_service(config: ServiceConfig, stack: ExitStack) -> WSGIApplication:
    """Open the service of this process; `stack` closes it. Raises FeedsvcError or ContentError."""
    alerts = Alerts()
    stack.callback(gc.unfreeze)
    open_folder = partial(open_content_folder, config.content, config.base_url, config.state_folder, alerts)
    live = open_live(open_folder, config.state_folder, alerts, stack, has_last_modified=config.has_last_modified)
    process.return_large_blocks()
    process.freeze_heap()
    service = Service(config, live, stack, is_on_other_server=True)
    first_process = stack.enter_context(closing(_FirstProcess(config.state_folder)))
    if first_process.is_this():
        print_problems(service.first_edition.content.problems)
    service.watch([first_process.log_edition], calls_hooks=first_process.is_this)
    content = service.first_edition.content
    count = format_count(len(service.first_edition.publication.catalog.visible), "article")
    report(f"serving {count} of {config.content} as {content.site.base_url}/ in process {os.getpid()}")
    return with_own_environ(service.application)


class _FirstProcess:
    """Lock that chooses one of the processes with a state folder to log problems of files and to call hooks."""

    def __init__(self, state_folder: Path) -> None:
        self._lock = FileLock(partial(open_lock_file, state_folder / _LOCK_FILE))

    def is_this(self) -> bool:
        """Return whether this process holds the lock. Take the lock if it is free. True, too, if there can be no lock."""
        try:
            return self._lock.acquire()
        except OSError:  # no state folder, or no locks: rather twice than never
            return True

    def log_edition(self, before: Edition, now: Edition) -> None:
        """Log changes of problems, and the edition, if `is_this`; else do nothing. A listener of the watcher."""
        if self.is_this():
            log_problem_changes(before, now)
            log_edition(before, now)

    def close(self) -> None:
        self._lock.release()
