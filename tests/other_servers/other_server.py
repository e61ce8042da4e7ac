"""Run `feedsvc.wsgi:app` under gunicorn or granian, and send requests to each of its processes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

from tests.helpers.forked_process import Process, start_module
from tests.helpers.http_client import SECONDS, Response, ask, ask_on
from tests.helpers.running_server import NO_VARIABLES, environment

_GUNICORN: Final = ("gunicorn", "feedsvc.wsgi:app", "--bind", "{address}", "--workers", "{workers}", "--threads", "2")
_START_SECONDS: Final = 90.0
COMMANDS: Final[Mapping[str, Sequence[str]]] = {
    "gunicorn": _GUNICORN,
    "gunicorn --preload": (*_GUNICORN, "--preload"),
    "granian": (
        *("granian", "--interface", "wsgi", "--host", "{host}", "--port", "{port}", "--workers", "{workers}"),
        *("--blocking-threads", "2", "feedsvc.wsgi:app"),
    ),
}


def wait_for_start(is_ready: Callable[[], object]) -> None:
    """Wait until `is_ready`: several processes import all libraries at once, which takes long on a busy machine."""
    end = time.monotonic() + _START_SECONDS
    while not is_ready():
        assert time.monotonic() < end, f"the server did not start within {_START_SECONDS} seconds"
        time.sleep(0.05)


def kill_group(process: Process) -> None:
    """Kill a server that leads a session, and its processes: those of granian go on if only the first one is killed."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def command_line(name: str, port: int, workers: int) -> list[str]:
    """Return the module of a server and its arguments."""
    values = {"address": f"127.0.0.1:{port}", "host": "127.0.0.1", "port": port, "workers": workers}
    return [word.format(**values) for word in COMMANDS[name]]


class OtherServer:
    """A server that serves a content folder with `workers` processes. `url` ends with a slash."""

    def __init__(
        self, name: str, content: Path, state: Path, workers: int, variables: Mapping[str, str] = NO_VARIABLES, *options: str
    ) -> None:
        port = free_port()
        self.url, self.workers = f"http://127.0.0.1:{port}/", workers
        self._log = (state.parent / f"log-{port}").open("wb")
        settings = {"FEEDSVC_CONTENT": str(content), "FEEDSVC_STATE": str(state), "HOME": str(state.parent), **variables}
        # A fork has imported feedsvc, and the processes of gunicorn inherit that; those of granian are new interpreters.
        self.process = start_module(
            *command_line(name, port, workers),
            *options,
            stdout=self._log,
            stderr=self._log,
            env=environment(settings),
            cwd=state.parent,
            new_session=True,
        )

    @property
    def log(self) -> str:
        return Path(self._log.name).read_text()

    def wait_until_ready(self) -> None:
        wait_for_start(lambda: self.process.poll() is not None or self._is_ready())
        assert self.process.poll() is None, self.log

    def _is_ready(self) -> bool:
        with contextlib.suppress(OSError):
            return ask(self.url, "/readyz").status == 200
        return False

    def responses(self, path: str, is_expected: Callable[[Response], object] = bool) -> dict[int, Response]:
        """Return the response of each process by its id, once all of them give the expected one."""
        expected: dict[int, Response] = {}

        def have_all() -> bool:
            process, response = self._ask_one(path)
            if is_expected(response):
                expected[process] = response
            return len(expected) >= self.workers

        wait_for_start(have_all)
        return expected

    def _ask_one(self, path: str) -> tuple[int, Response]:
        """Return the id of the process that has the connection, and its response to the path."""
        with contextlib.closing(HTTPConnection(self.url.split("/")[2], timeout=SECONDS)) as connection:
            process = json.loads(ask_on(connection, "/status").body)["process"]["id"]
            return process, ask_on(connection, path)

    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = json.loads(ask(self.url, "/status").body)
        return status

    def stop(self) -> int:
        """Send SIGTERM and return the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
        kill_group(self.process)
        self._log.close()


@contextlib.contextmanager
def serving_with(
    name: str, content: Path, state: Path, workers: int = 1, variables: Mapping[str, str] = NO_VARIABLES
) -> Iterator[OtherServer]:
    """Run the server during the block. It must end with status 0 after SIGTERM and have written no traceback."""
    server = OtherServer(name, content, state, workers, variables)
    try:
        server.wait_until_ready()
        yield server
        assert server.stop() == 0, server.log
        assert "Traceback" not in server.log, server.log
    finally:
        server.kill()


def failure_of(name: str, state: Path, variables: Mapping[str, str], workers: int = 1) -> tuple[int, str]:
    """Run a server that must end by itself. Return its exit status and its log."""
    server = OtherServer(name, state.parent / "content", state, workers, variables)
    try:
        return server.process.wait(_START_SECONDS), server.log
    finally:
        server.kill()


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
