"""Processes that stay: started, waited for until they answer, and ended by their own pid."""

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

POLL: Final = 0.002  # seconds between two looks
_PATIENCE: Final = 3600.0
_STOPPING: Final = 60.0


class BenchError(Exception):
    """Something went otherwise than it has to for a figure to mean anything."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """A process that stays. `log` takes all that it says; `began` is the monotonic moment before it was started."""

    process: subprocess.Popen[bytes]
    log: Path
    port: int
    began: float
    wrapped: bool = False

    @property
    def pid(self) -> int:
        """Of the program itself, where a profiler started it."""
        return next(iter(children(self.process.pid)), self.process.pid) if self.wrapped else self.process.pid

    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def wait(self, is_so: Callable[[], bool], what: str) -> float:
        """The monotonic moment at which it was so. Raises BenchError if the process ends before that."""
        end = time.monotonic() + _PATIENCE
        while not is_so():
            if self.process.poll() is not None or time.monotonic() > end:
                raise BenchError(f"{what} never came to be: {self.said()[-2000:]}")
            time.sleep(POLL)
        return time.monotonic()

    def serves(self, path: str) -> float:
        """Waits until there is a 200 at `path`; seconds since the start."""
        with closing(Client(self.port)) as client:
            return self.wait(lambda: _answers(client, path), f"an answer at {path}") - self.began

    def stop(self) -> None:
        """SIGTERM, and SIGKILL if that is not heard."""
        if self.process.poll() is None:
            os.kill(self.pid, signal.SIGTERM)
        try:
            self.process.wait(_STOPPING)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _answers(client: Client, path: str) -> bool:
    try:
        return client.ask(path).status == HTTPStatus.OK
    except OSError:
        client.close()
        return False


@contextmanager
def running(
    command: Sequence[str],
    *,
    log: Path,
    port: int = 0,
    cores: Iterable[int] = (),
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    wrapped: bool = False,
) -> Iterator[Running]:
    """The process until the block ends. `cores` are those it may use, all if none is named."""
    pinned = ["taskset", "--cpu-list", ",".join(map(str, cores))] if cores else []
    began = time.monotonic()
    with log.open("ab") as said:
        process = subprocess.Popen([*pinned, *command], stdout=said, stderr=said, env=environment, cwd=folder)
    one = Running(process=process, log=log, port=port, began=began, wrapped=wrapped)
    try:
        yield one
    finally:
        one.stop()
