"""Run a server in the main thread of this process, with its signals, while a client runs in another thread."""

import contextlib
import os
import resource
import signal
import threading
from collections.abc import Callable, Iterator

import pytest

from feedsvc.web.server import Server
from tests.helpers.http_client import SECONDS

SIGNALS = (signal.SIGTERM, signal.SIGINT)


def serve_client(server: Server, client: Callable[[], None], signal_number: int = signal.SIGTERM) -> None:
    """Run the server while `client` runs in a thread, then stop it by a signal. Raise the exception of the client, if any."""
    errors: list[BaseException] = []

    def run_client_then_signal() -> None:
        try:
            client()
        except BaseException as error:  # noqa: BLE001 - raised below, in the thread that can fail the test
            errors.append(error)
        finally:
            os.kill(os.getpid(), signal_number)

    thread = threading.Thread(target=run_client_then_signal)
    thread.start()
    server.run()
    thread.join(SECONDS)
    if errors:
        raise errors[0]


@contextlib.contextmanager
def no_free_descriptors() -> Iterator[None]:
    """Let this process open no further file until the block ends; open files stay open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            os.open(os.devnull, os.O_RDONLY)
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
