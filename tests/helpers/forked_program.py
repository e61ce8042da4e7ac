"""Program that runs `python -m feedsvc` in a fork of a fork server, with the arguments, folder, variables and streams it gets.

It waits for the end of the fork and ends with its status. It is a small file of its own that imports little, so that it starts at
once: shells run it as `feedsvc`.
"""

import json
import os
import shlex
import socket
import sys
from pathlib import Path

SIGNAL_STATUS = 128  # exit status of a shell after signal N: 128 + N


def write_program(file: Path) -> None:
    """Write a program that runs feedsvc, in forks of this process's fork server if the system can."""
    from tests.helpers.forked_process import CAN_FORK, address

    file.parent.mkdir(parents=True, exist_ok=True)
    words = [sys.executable, "-I", "-S", __file__, address()[1:]] if CAN_FORK else [sys.executable, "-m", "feedsvc"]
    file.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', "utf-8")
    file.chmod(0o755)


def main(name: str, *arguments: str) -> int:
    """Run the command and return its exit status."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(f"\0{name}")
        socket.send_fds(client, [b"x"], [0, 1, 2])
        command = {
            "line": ["feedsvc", *arguments],
            "folder": os.getcwd(),
            "variables": dict(os.environ),
            "new_session": False,
        }
        client.sendall(json.dumps(command).encode() + b"\n")
        with client.makefile("rb") as lines:
            lines.readline()  # the process id
            status = int(lines.readline())
    return status if status >= 0 else SIGNAL_STATUS - status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
