"""A `feedsvc serve` process."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO, Final

from tests import ROOT
from tests.helpers.forked_process import run_module, start_interpreter, start_module
from tests.helpers.http_client import SECONDS
from tests.helpers.log_lines import without_times

NO_VARIABLES: Final[Mapping[str, str]] = MappingProxyType({})


def command(*arguments: str | Path) -> list[str]:
    """Return the command line of a feedsvc command."""
    return [sys.executable, "-m", "feedsvc", *map(str, arguments)]


def environment(variables: Mapping[str, str] = NO_VARIABLES) -> dict[str, str]:
    """Return the variables of this process without those of feedsvc; no hub is notified."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FEEDSVC_")}
    return {**inherited, "PYTHONPATH": str(ROOT), "FEEDSVC_ANNOUNCE": "no", **variables}


def build_tree(tree: Path, content: Path, *options: str | Path) -> None:
    """Run `feedsvc build`, which must succeed."""
    result = run_module("feedsvc", "build", tree, content, *options, env=environment())
    assert result.returncode == 0, result.stderr


class ServerProcess:
    """Start `feedsvc serve` and wait until it listens.

    `url` ends with a slash. `stderr` holds the first lines of stderr, and all of them after `wait`, without times and levels.
    `log` receives stdout. A server that is no fork shares no memory, so that its memory can be measured.
    """

    def __init__(
        self,
        content: Path,
        state: Path | None,
        *options: str,
        log: IO[bytes] | None = None,
        variables: Mapping[str, str] = NO_VARIABLES,
        is_fork: bool = True,
    ) -> None:
        state_options = ("--state", state) if state else ()
        arguments = ("serve", content, "--port", "0", *state_options, *options)
        streams: dict[str, IO[bytes] | int] = {"stderr": subprocess.PIPE, **({"stdout": log} if log else {})}
        start = start_module if is_fork else start_interpreter
        self.process = start("feedsvc", *arguments, env=environment(variables), **streams)
        assert self.process.stderr
        self.stderr = ""
        for line in self.process.stderr:
            self.stderr += without_times(line)
            if " at http://" in line:
                break
        assert " at http://" in self.stderr, self.stderr
        self.url = self.stderr.rpartition(" at ")[2].split()[0]

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """Wait until the process ends and return its exit status."""
        _, remaining = self.process.communicate(timeout=SECONDS)
        self.stderr += without_times(remaining)
        return self.process.returncode

    def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
            self.process.communicate()


END_LINE: Final = "feedsvc: the server has ended because of SIGTERM\n"


@contextlib.contextmanager
def serving(content: Path, state: Path, *options: str, log: IO[bytes] | None = None) -> Iterator[ServerProcess]:
    """Run a server during the block. It must end with exit status 0 after SIGTERM and write only its first and last line."""
    server = ServerProcess(content, state, *options, log=log)
    try:
        yield server
        server.terminate()
        assert server.wait() == 0, server.stderr
        assert server.stderr.count("\n") == 2, server.stderr
        assert server.stderr.endswith(END_LINE)
    finally:
        server.kill()
