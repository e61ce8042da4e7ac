"""A real server with a limit on open files whose log goes to a file, and clients that pipeline without ever reading."""

from __future__ import annotations

import contextlib
import os
import resource
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tests.helpers.http_client import SECONDS
from tests.helpers.running_server import command, environment

# Sets the limit, then becomes the server: the process id stays.
_LIMITED: Final = """
import os, resource, sys
_, files, *words = sys.argv
resource.setrlimit(resource.RLIMIT_NOFILE, (int(files), int(files)))
os.execv(words[0], words)
"""


def most_files() -> int:
    """How many files a process may have here, as many as a server takes at most."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)


def limited(files: int, *arguments: str | Path) -> list[str]:
    """The command of a feedsvc that may have so many files."""
    return [sys.executable, "-c", _LIMITED, str(files), *command(*arguments)]


@dataclass(frozen=True)
class Limited:
    """`url` ends with a slash."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


@contextlib.contextmanager
def limited_server(content: Path, folder: Path, files: int, *options: str) -> Iterator[Limited]:
    log = folder / "log"
    words = limited(files, "serve", content, "--port", "0", "--state", folder / "state", *options)
    with log.open("wb") as stderr:
        process = subprocess.Popen(words, stderr=stderr, stdout=subprocess.DEVNULL, env=environment())
    try:
        end = time.monotonic() + SECONDS
        while " at http://" not in log.read_text() and time.monotonic() < end and process.poll() is None:
            time.sleep(0.05)
        said = log.read_text()
        assert " at http://" in said, said
        yield Limited(process, said.rpartition(" at ")[2].split()[0], log)
        process.terminate()
        assert process.wait(SECONDS) == 0
    finally:
        process.kill()
        process.wait()


def pipeline_without_reading(url: str, number: int, request: bytes, seconds: float, meanwhile: Callable[[], None]) -> None:
    """Send `request` again and again on so many connections, as fast as the server takes it, and read nothing.

    `meanwhile` is called about ten times a second.
    """
    split, end = urlsplit(url), time.monotonic() + seconds
    block = request * (8192 // len(request))
    with contextlib.ExitStack() as stack:
        ready = stack.enter_context(selectors.DefaultSelector())
        for _ in range(number):
            one = stack.enter_context(socket.socket())
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.settimeout(SECONDS)
            one.connect((split.hostname, split.port))
            one.setblocking(False)
            ready.register(one, selectors.EVENT_WRITE, data=block)
        due = 0.0
        while (now := time.monotonic()) < end:
            if now >= due:
                due = now + 0.1
                meanwhile()
            for key, _ in ready.select(0.05):
                left = _send(key.fileobj, key.data)
                if left is None:
                    ready.unregister(key.fileobj)
                else:
                    ready.modify(key.fileobj, selectors.EVENT_WRITE, data=left or block)


def _send(one: object, data: bytes) -> bytes | None:
    """Return what is left to send, None if the server has closed the connection."""
    assert isinstance(one, socket.socket)
    try:
        return data[one.send(data) :]
    except BlockingIOError:
        return data
    except OSError:
        return None
