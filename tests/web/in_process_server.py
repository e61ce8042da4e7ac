"""A server in this process, which takes its main thread and its signals."""

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


def run_while(server: Server, client: Callable[[], None], number: int = signal.SIGTERM) -> None:
    """Serve while the client's thread asks; a signal then ends it."""
    failed: list[BaseException] = []

    def ask_and_end() -> None:
        try:
            client()
        except BaseException as error:  # noqa: BLE001 - shown below, by the thread that can fail the test
            failed.append(error)
        finally:
            os.kill(os.getpid(), number)

    thread = threading.Thread(target=ask_and_end)
    thread.start()
    server.run()
    thread.join(SECONDS)
    if failed:
        raise failed[0]


@contextlib.contextmanager
def none_left() -> Iterator[None]:
    """No file can be opened in this process meanwhile; those that are open stay."""
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
