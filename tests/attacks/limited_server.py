"""A real server with a limit on open files that logs to a file, and clients that pipeline requests without reading."""

from __future__ import annotations

import contextlib
import os
import resource
import selectors
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tests.helpers.forked_process import Process, start_module
from tests.helpers.http_client import SECONDS
from tests.helpers.running_server import environment

# l_onoff and l_linger of socket(7). A server answers all requests that it received before a FIN, and would do so for minutes; a
# reset ends the attack at once.
_RESET_AT_CLOSE: Final = struct.pack("ii", 1, 0)


def max_open_files() -> int:
    """Return the hard limit on open files of this process, at most the number that a server uses."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)


def limited_command(files: int, *arguments: str | Path) -> tuple[str | Path, ...]:
    """Return the module and the arguments of a feedsvc process that may have `files` open files."""
    return ("tests.attacks.limited_program", str(files), *arguments)


@dataclass(frozen=True)
class LimitedServer:
    """A server process and its log file. `url` ends with a slash."""

    process: Process
    url: str
    log: Path

    def count_descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


@contextlib.contextmanager
def limited_server(content: Path, folder: Path, files: int, *options: str) -> Iterator[LimitedServer]:
    """Start a server that may have `files` open files; check that SIGTERM ends it with status 0 after the block."""
    log = folder / "log"
    arguments = limited_command(files, "serve", content, "--port", "0", "--state", folder / "state", *options)
    with log.open("wb") as stderr:
        process = start_module(*arguments, stderr=stderr, stdout=subprocess.DEVNULL, env=environment())
    try:
        deadline = time.monotonic() + SECONDS
        while " at http://" not in log.read_text() and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.05)
        log_text = log.read_text()
        assert " at http://" in log_text, log_text
        yield LimitedServer(process, log_text.rpartition(" at ")[2].split()[0], log)
        process.terminate()
        assert process.wait(SECONDS) == 0
    finally:
        process.kill()
        process.wait()


def pipeline_without_reading(url: str, number: int, request: bytes, seconds: float, on_tick: Callable[[], None]) -> None:
    """Send `request` again and again on `number` connections, as fast as the server accepts it, read nothing, then reset them.

    `on_tick` is called about ten times a second.
    """
    split, deadline = urlsplit(url), time.monotonic() + seconds
    block = request * (8192 // len(request))
    with contextlib.ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        for _ in range(number):
            connection = stack.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
            connection.settimeout(SECONDS)
            connection.connect((split.hostname, split.port))
            connection.setblocking(False)
            selector.register(connection, selectors.EVENT_WRITE, data=block)
        next_tick = 0.0
        while (now := time.monotonic()) < deadline:
            if now >= next_tick:
                next_tick = now + 0.1
                on_tick()
            for key, _ in selector.select(0.05):
                unsent = _send(key.fileobj, key.data)
                if unsent is None:
                    selector.unregister(key.fileobj)
                else:
                    selector.modify(key.fileobj, selectors.EVENT_WRITE, data=unsent or block)


def _send(connection: object, data: bytes) -> bytes | None:
    """Return the bytes that are not sent yet, None if the server has closed the connection."""
    assert isinstance(connection, socket.socket)
    try:
        return data[connection.send(data) :]
    except BlockingIOError:
        return data
    except OSError:
        return None
