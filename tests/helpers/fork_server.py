"""Fork server: a process that has imported the modules of feedsvc, and runs `python -m MODULE ...` in forks of itself.

A start of feedsvc takes half a second of processor time, nearly all of it for imports: `check` of a small newsroom takes 0.4 s as
a new process and 0.04 s as a fork. A fork runs the same module with the same arguments, folder, variables and streams. It ends
like an interpreter, with the same status, but does not take its modules apart: that would take 0.06 s and have no effect.

Usage: python -m tests.helpers.fork_server DESCRIPTOR. On that listening socket a client sends one byte with its stdin, stdout and
stderr, and then a command as a line of JSON. It gets two lines: the process id from the fork and, once that has ended, its exit
status from the server. The server prints a line once it is ready, and runs until its own stdin is closed.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import select
import socket
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from io import TextIOWrapper
from pkgutil import iter_modules
from runpy import run_module
from typing import Final, cast

import feedsvc.cli
from feedsvc.content.folder.folder import load_content
from feedsvc.content.store import store
from feedsvc.extensions import installed_plugins
from feedsvc.language import get_language
from feedsvc.pages.theme import compile_builtin_templates
from tests import ROOT

# Modules that commands import only if they need them, as many tests do.
LATER_MODULES: Final = (
    "comrak",
    "feedsvc.access.store",
    "feedsvc.audience.store",
    "yaml",
    "feedsvc.pages.theme_check_process",
)
TIME_ZONES: Final = ("UTC", "Asia/Kolkata", "Asia/Seoul")  # of the newsrooms of most tests
MAX_DESCRIPTORS: Final = 4096  # at least as many as the server has open


@dataclass(frozen=True)
class Command:
    """A module with arguments, and what it inherits from the process that starts it beside its streams."""

    line: list[str]
    folder: str
    variables: dict[str, str]
    new_session: bool

    def run(self) -> None:
        """Run the module in this process, and end the process unless the module raises an exception."""
        os.chdir(self.folder)
        os.environ.clear()
        os.environ.update(self.variables)
        time.tzset()
        sys.argv = self.line
        sys.dont_write_bytecode = bool(self.variables.get("PYTHONDONTWRITEBYTECODE"))
        other_paths = [path for path in self.variables.get("PYTHONPATH", "").split(os.pathsep) if path and path not in sys.path]
        sys.path[:1] = [self.folder, *other_paths]
        for stream in (sys.stdout, sys.stderr):
            cast("TextIOWrapper", stream).reconfigure(line_buffering=stream is sys.stderr or stream.isatty())
        status: object = 0
        try:
            run_module(self.line[0], run_name="__main__", alter_sys=True)
        except SystemExit as end:
            status = end.code or 0
        _end(status)


def _end(status: object) -> None:
    """End this process as Py_FinalizeEx does: wait for threads, call exit functions, write buffered output.

    An interpreter then deallocates all modules, in a fork a copy of each of their pages.
    """
    with suppress(Exception):
        if isinstance(status, int):
            threading._shutdown()
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status & 0xFF)
    sys.exit(status)  # prints the status if it is a text, or an error of the output


class _Server:
    """The loop of the server. It holds descriptors as numbers: a socket object would close one again in the fork."""

    def __init__(self, descriptor: int) -> None:
        self._listener = socket.socket(fileno=descriptor)
        self._forks: dict[int, tuple[int, int]] = {}  # pidfd of a fork -> its process id and the connection to its client
        self._poll = select.poll()
        self._poll.register(0, select.POLLIN)
        self._poll.register(descriptor, select.POLLIN)

    def run(self) -> Command | None:
        """Serve until stdin is closed and return None; in each fork, return its command."""
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor == 0:
                    return None
                if descriptor in self._forks:
                    self._report_end(descriptor)
                elif command := self._fork():
                    return command

    def _fork(self) -> Command | None:
        connection, _ = self._listener.accept()
        _, streams, _, _ = socket.recv_fds(connection, 1, 3)
        with connection.makefile("rb") as file:
            command = Command(**json.loads(file.readline()))
        client = connection.detach()
        process_id = os.fork()
        if process_id == 0:
            self._listener.detach()
            if command.new_session:
                os.setsid()
            _send(client, os.getpid())
            for target, source in enumerate(streams):
                os.dup2(source, target)
            os.closerange(3, MAX_DESCRIPTORS)
            return command
        for descriptor in streams:
            os.close(descriptor)
        process_descriptor = os.pidfd_open(process_id)
        self._forks[process_descriptor] = (process_id, client)
        self._poll.register(process_descriptor, select.POLLIN)
        return None

    def _report_end(self, process_descriptor: int) -> None:
        process_id, client = self._forks.pop(process_descriptor)
        self._poll.unregister(process_descriptor)
        os.close(process_descriptor)
        _send(client, os.waitstatus_to_exitcode(os.waitpid(process_id, 0)[1]))
        os.close(client)


def _send(client: int, number: int) -> None:
    with suppress(BrokenPipeError):  # the client was killed
        os.write(client, b"%d\n" % number)


def _fill_caches() -> None:
    """Compute what each command would compute for itself, and what depends on no newsroom and on no variable.

    pydantic makes a validator when it is used first, Babel reads the locale data, and Jinja reads compiled templates.
    """
    load_content(ROOT / "content")
    for time_zone in TIME_ZONES:
        get_language("en", time_zone)
    compile_builtin_templates()
    store._code_digest()
    # A fork may have plug-ins in folders of its own.
    assert installed_plugins.cache_info().currsize == 0


if __name__ == "__main__":
    for module in iter_modules(feedsvc.cli.__path__):
        feedsvc.cli.import_cli_module(module.name)
    for name in LATER_MODULES:
        import_module(name)
    _fill_caches()
    gc.collect()
    gc.freeze()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    if own_command := _Server(int(sys.argv[1])).run():
        own_command.run()
