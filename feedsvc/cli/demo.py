"""Command feedsvc demo."""

from __future__ import annotations

import logging
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click
from click.core import ParameterSource

from feedsvc.cli import import_cli_module
from feedsvc.cli.log import PLAIN, configure_log
from feedsvc.cli.options import report_errors
from feedsvc.cli.output import report
from feedsvc.cli.settings import IntRange, command, option
from feedsvc.content.folder import sample_folder
from feedsvc.errors import FeedsvcError
from feedsvc.support.file_descriptors import raise_limit
from feedsvc.support.posix import signals
from feedsvc.web import listen, url_of

_HOST: Final = "127.0.0.1"
_MAX_PORT: Final = 65535
_PORT_ATTEMPTS: Final = 20  # after the default one; then the system chooses a free one
_THREADS: Final = 4
_ENDING_SIGNALS: Final = signals("SIGTERM", "SIGHUP")


@command()
@option(
    "--port",
    default=8000,
    show_default=True,
    type=IntRange(0, _MAX_PORT),
    help="Port to listen on; 0 chooses a free one. If the default one is in use, the next free one is taken.",
)
@report_errors
def demo(*, port: int) -> None:
    """Serve the sample newsroom of feedsvc at http://127.0.0.1:8000/, until Ctrl-C.

    It writes into a temporary folder, which is removed at the end.

    \b
    Examples:
      feedsvc demo
      feedsvc demo --port 8080
    """
    raise_limit()
    configure_log(PLAIN, logging.INFO)
    ending_signals = _EndingSignals()
    content = sample_folder()
    is_default = click.get_current_context().get_parameter_source("port") is ParameterSource.DEFAULT
    with _listen_near(port) if is_default else listen(_HOST, port) as listening_socket:
        used_port = listening_socket.getsockname()[1]
        if is_default and used_port != port:
            report(f"port {port} is in use, so this demo is at port {used_port}")
        report(f"the files of this demo are in {content}; feedsvc init begins a newsroom of your own")
        with ExitStack() as stack:
            with ending_signals.delayed():
                state = stack.enter_context(_temporary_folder())
            runner = import_cli_module("serve_runner")
            config = runner.service_config(
                content=content, base_url=url_of(listening_socket).rstrip("/"), state=Path(state), announce=False
            )
            runner.serve(config, _THREADS, lambda: listening_socket, is_demo=True)


class _EndingSignals:
    """Handlers of SIGTERM and SIGHUP until the server sets its own. They raise SystemExit, so the temporary folder is removed."""

    def __init__(self) -> None:
        self._received = 0
        self._is_delayed = False
        for number in _ENDING_SIGNALS:
            signal.signal(number, self._exit)

    @contextmanager
    def delayed(self) -> Iterator[None]:
        """Delay the exit until the end of the `with` block if a signal comes in it.

        `tempfile` would leave a file if it were interrupted, and Python would print and ignore a SystemExit during a fork.
        """
        self._is_delayed = True
        try:
            yield
        finally:
            self._is_delayed = False
        if self._received:
            self._exit(self._received, None)

    def _exit(self, number: int, _: object) -> None:
        self._received = number
        if not self._is_delayed:
            sys.exit(128 + number)


def _temporary_folder() -> TemporaryDirectory[str]:
    try:
        return TemporaryDirectory(prefix="feedsvc-demo-")
    except OSError as error:
        message = f"no temporary folder can be created ({error.strerror}); set TMPDIR to a folder that you may write to"
        raise FeedsvcError(message) from None


def _listen_near(port: int) -> socket.socket:
    """Return a listening socket at a port, or if it cannot be used, at one of the next 20 ports, else at any free one.

    Raises FeedsvcError if no port can be used.
    """
    ports = chain(range(port, min(port + _PORT_ATTEMPTS, _MAX_PORT) + 1), (0,))
    last_error = FeedsvcError("")
    for candidate in ports:
        try:
            return listen(_HOST, candidate)
        except FeedsvcError as error:
            last_error = error
    raise last_error
