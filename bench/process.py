"""Start processes that keep running, wait until they respond, and stop them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from bench.memory import children
from bench.web import Client

_POLL_INTERVAL: Final = 0.002  # seconds
_TIMEOUT: Final = 3600.0
_STOP_TIMEOUT: Final = 60.0


class BenchError(Exception):
    """A condition failed that a meaningful figure depends on."""


@dataclass(frozen=True, kw_only=True)
class ServerProcess:
    """A running process. `log` receives its output; `start` is the monotonic time just before it was started.

    `is_wrapped` means that a profiler started the program.
    """

    process: subprocess.Popen[bytes]
    log: Path
    port: int
    start: float
    is_wrapped: bool = False

    @property
    def pid(self) -> int:
        """The pid of the program itself, also if a profiler started it."""
        return next(iter(children(self.process.pid)), self.process.pid) if self.is_wrapped else self.process.pid

    def output(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def wait_until(self, condition: Callable[[], bool], description: str) -> float:
        """Wait for a condition, and return the monotonic time. Raises BenchError if the process ends or time runs out."""
        end = time.monotonic() + _TIMEOUT
        while not condition():
            if self.process.poll() is not None or time.monotonic() > end:
                raise BenchError(f"timed out or ended while waiting for {description}: {self.output()[-2000:]}")
            time.sleep(_POLL_INTERVAL)
        return time.monotonic()

    def wait_for_response(self, path: str) -> float:
        """Wait for status 200 at `path`, and return the seconds since the start of the process."""
        with closing(Client(self.port)) as client:
            return self.wait_until(lambda: _responds(client, path), f"a response at {path}") - self.start

    def stop(self) -> None:
        """Send SIGTERM, and SIGKILL if the process does not end."""
        if self.process.poll() is None:
            os.kill(self.pid, signal.SIGTERM)
        try:
            self.process.wait(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _responds(client: Client, path: str) -> bool:
    try:
        return client.ask(path).status == HTTPStatus.OK
    except OSError:
        client.close()
        return False


@contextmanager
def run_server(
    command: Sequence[str],
    *,
    log: Path,
    port: int = 0,
    cores: Iterable[int] = (),
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    is_wrapped: bool = False,
) -> Iterator[ServerProcess]:
    """Run a command until the block ends. `cores` are those it may use; an empty value means all."""
    prefix = ["taskset", "--cpu-list", ",".join(map(str, cores))] if cores else []
    start = time.monotonic()
    with log.open("ab") as output:
        process = subprocess.Popen([*prefix, *command], stdout=output, stderr=output, env=environment, cwd=folder)
    server = ServerProcess(process=process, log=log, port=port, start=start, is_wrapped=is_wrapped)
    try:
        yield server
    finally:
        server.stop()
