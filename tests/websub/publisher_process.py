"""A publisher in another process. Run as `python -m tests.websub.publisher_process CONTENT STATE`.

It prints "ready" after its first edition, publishes another one for each line of its input, and ends at the end of its input.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from feedsvc.websub.publisher import Publisher
from tests.audience.waiting import TIMEOUT
from tests.helpers.forked_process import start_module
from tests.websub.conftest import current_time
from tests.websub.newsroom import PublishedSite


def main(content: str, state: str) -> None:
    with contextlib.closing(Publisher(Path(state), current_time, poll_interval=0.05)) as publisher:
        site = PublishedSite(Path(content), publisher)
        site.publish()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        for _ in sys.stdin:
            site.publish()


class PublisherProcess:
    """A publisher process."""

    def __init__(self, content: Path, state: Path) -> None:
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        self.process = start_module("tests.websub.publisher_process", content, state, env=dict(os.environ), **streams)
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n", self.process.communicate()[1]

    def publish(self) -> None:
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def stop(self) -> None:
        """Close the input of the process; fail if it prints an error or its exit status is not 0."""
        assert self.process.communicate(timeout=TIMEOUT)[1] == ""
        assert self.process.returncode == 0

    def kill(self) -> None:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.communicate()


@contextlib.contextmanager
def run_publisher_process(content: Path, state: Path) -> Iterator[PublisherProcess]:
    process = PublisherProcess(content, state)
    try:
        yield process
    finally:
        process.kill()


if __name__ == "__main__":
    main(*sys.argv[1:])
