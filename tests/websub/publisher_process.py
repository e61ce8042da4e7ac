"""An announcer in a process of its own. Run as `python -m tests.websub.publisher_process CONTENT STATE`.

It says "ready" after its first edition; a line that it is sent makes another, and the end of lines ends it.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from feedsvc.websub.publisher import Publisher
from tests import ROOT
from tests.audience.waiting import SECONDS
from tests.websub.conftest import now
from tests.websub.newsroom import Desk


def main(content: str, state: str) -> None:
    with contextlib.closing(Publisher(Path(state), now, poll_interval=0.05)) as announcer:
        desk = Desk(Path(content), announcer)
        desk.publish()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        for _ in sys.stdin:
            desk.publish()


class Announcing:
    """One such process."""

    def __init__(self, content: Path, state: Path) -> None:
        command = [sys.executable, "-m", "tests.websub.publisher_process", content, state]
        variables = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=variables
        )
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n", self.process.communicate()[1]

    def publish(self) -> None:
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self) -> None:
        """Its lines end, and so does it, without a word of complaint."""
        assert self.process.communicate(timeout=SECONDS)[1] == ""
        assert self.process.returncode == 0

    def kill(self) -> None:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.communicate()


@contextlib.contextmanager
def announcing(content: Path, state: Path) -> Iterator[Announcing]:
    made = Announcing(content, state)
    try:
        yield made
    finally:
        made.kill()


if __name__ == "__main__":
    main(*sys.argv[1:])
