"""A real `feedsvc serve` in a process of its own, ended by its own pid."""

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
from tests.helpers.http_client import SECONDS

NO_VARIABLES: Final[Mapping[str, str]] = MappingProxyType({})


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "feedsvc", *map(str, arguments)]


def environment(variables: Mapping[str, str] = NO_VARIABLES) -> dict[str, str]:
    """This process's variables without any that speak to feedsvc."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("FEEDSVC_")}
    # The hubs of the tests' newsrooms are nobody's.
    return {**own, "PYTHONPATH": str(ROOT), "FEEDSVC_ANNOUNCE": "no", **variables}


class ServerProcess:
    """`url` ends with a slash; `said` is what it wrote to stderr, whole once it has stopped. `log` takes its stdout."""

    def __init__(
        self,
        content: Path,
        state: Path | None,
        *options: str,
        log: IO[bytes] | None = None,
        variables: Mapping[str, str] = NO_VARIABLES,
    ) -> None:
        kept = ("--state", state) if state else ()
        self.process = subprocess.Popen(
            command("serve", content, "--port", "0", *kept, *options),
            stdout=log,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(variables),
        )
        assert self.process.stderr
        self.stderr = ""
        for line in self.process.stderr:
            self.stderr += line
            if " at http://" in line:
                break
        assert " at http://" in self.stderr, self.stderr
        self.url = self.stderr.rpartition(" at ")[2].split()[0]

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """The exit status."""
        _, said = self.process.communicate(timeout=SECONDS)
        self.stderr += said
        return self.process.returncode

    def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
            self.process.communicate()


@contextlib.contextmanager
def serving(content: Path, state: Path, *options: str, log: IO[bytes] | None = None) -> Iterator[ServerProcess]:
    """A server that ends with the block: by SIGTERM, with exit status 0 and not a word after the first line."""
    server = ServerProcess(content, state, *options, log=log)
    try:
        yield server
        server.terminate()
        assert server.wait() == 0, server.stderr
        assert server.stderr.count("\n") == 1, server.stderr
    finally:
        server.kill()
