"""A real server with a limit on open files."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.helpers.forked_process import start_module
from tests.helpers.http_client import SECONDS
from tests.helpers.running_server import environment


def limited_command(files: int, *arguments: str | Path) -> tuple[str | Path, ...]:
    """Return the module and the arguments of a feedsvc process that may have `files` open files."""
    return ("tests.attacks.limited_program", str(files), *arguments)


@contextlib.contextmanager
def limited_server(content: Path, folder: Path, files: int) -> Iterator[str]:
    """Start a server that may have `files` open files and yield its URL; SIGTERM must end it with status 0 after the block."""
    log = folder / "log"
    arguments = limited_command(files, "serve", content, "--port", "0", "--state", folder / "state")
    with log.open("wb") as stderr:
        process = start_module(*arguments, stderr=stderr, stdout=subprocess.DEVNULL, env=environment())
    try:
        deadline = time.monotonic() + SECONDS
        while " at http://" not in log.read_text() and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.05)
        log_text = log.read_text()
        assert " at http://" in log_text, log_text
        yield log_text.rpartition(" at ")[2].split()[0]
        process.terminate()
        assert process.wait(SECONDS) == 0
    finally:
        process.kill()
        process.wait()
