"""Processes of `python -m MODULE`: forks of the fork server with the methods of `subprocess.Popen` that tests use."""

from __future__ import annotations

import atexit
import json
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache
from importlib.util import find_spec
from io import TextIOWrapper
from pathlib import Path
from pkgutil import iter_modules
from threading import Thread
from typing import IO, Final, Self

from tests import ROOT
from tests.helpers.http_client import SECONDS

# The interpreter, the loader, the C library and fsspec read these variables at a start. A fork has those of the fork server.
_START_PREFIXES: Final = ("PYTHON", "LANG", "LC_", "LD_", "MALLOC_", "GLIBC_", "FSSPEC_")
_LOCALE_VARIABLES: Final = ("LC_ALL", "LC_CTYPE", "LANG")  # the first that is set has the encoding of the interpreter
CAN_FORK: Final = hasattr(os, "pidfd_open")  # Linux; the fork server needs it
_APPLIED_BY_FORKS: Final = frozenset(("PYTHONPATH", "PYTHONDONTWRITEBYTECODE"))
# Variables of the fork server. A test that sets one of them, such as LD_PRELOAD, gets a new interpreter.
_SERVER_VARIABLES: Final = dict(os.environ)


def start_module(
    module: str,
    *arguments: str | Path,
    env: Mapping[str, str],
    cwd: Path | None = None,
    new_session: bool = False,
    **streams: IO[bytes] | int,
) -> Process:
    """Start `python -m MODULE` as a fork, or as a new interpreter if its variables need that or replace modules.

    `streams` are stdin, stdout and stderr. Pipes have text.
    """
    line = [module, *map(str, arguments)]
    if CAN_FORK and _start_variables(env) == _start_variables(_SERVER_VARIABLES) and not _replaces_modules(env):
        return ForkedProcess(line, env=env, cwd=cwd, new_session=new_session, **streams)
    return start_interpreter(*line, env=env, cwd=cwd, new_session=new_session, **streams)


def start_interpreter(
    *line: str | Path,
    env: Mapping[str, str],
    cwd: Path | None = None,
    new_session: bool = False,
    **streams: IO[bytes] | int,
) -> subprocess.Popen[str]:
    """Start `python -m MODULE` as a new interpreter; `line` is the module and its arguments."""
    words = [sys.executable, "-m", *map(str, line)]
    return subprocess.Popen(words, env=env, cwd=cwd, text=True, start_new_session=new_session, **streams)


def run_module(
    module: str, *arguments: str | Path, env: Mapping[str, str], cwd: Path | None = None, timeout: float = SECONDS
) -> subprocess.CompletedProcess[str]:
    """Run `python -m MODULE` until it ends, and return its status and output."""
    process = start_module(module, *arguments, env=env, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.wait(), stdout, stderr)


class ForkedProcess:
    """A fork that runs a module, whose name and arguments are `line`.

    `stdin`, `stdout` and `stderr` are text streams if they were given as PIPE. The others are those of this process.
    """

    def __init__(
        self,
        line: list[str],
        *,
        env: Mapping[str, str],
        cwd: Path | None = None,
        new_session: bool = False,
        stdin: IO[bytes] | int | None = None,
        stdout: IO[bytes] | int | None = None,
        stderr: IO[bytes] | int | None = None,
    ) -> None:
        self.args = line
        self.returncode: int | None = None
        with ExitStack() as stack:
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            client.connect(address())
            self.stdin, source = _stream(stdin, 0, stack)
            self.stdout, output = _stream(stdout, 1, stack)
            self.stderr, errors = _stream(stderr, 2, stack)
            socket.send_fds(client, [b"x"], [source, output, errors])
            folder = str(cwd or Path.cwd())
            command = {"line": line, "folder": folder, "variables": dict(env), "new_session": new_session}
            client.sendall(json.dumps(command).encode() + b"\n")
            self._control = client.makefile("rb", buffering=0)
        self.pid = int(self._control.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the streams and wait, as `Popen` does."""
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream:
                stream.close()
        self.wait()

    def poll(self) -> int | None:
        """Return the exit status, or None while the process runs."""
        if self.returncode is None and _is_readable(self._control, 0):
            self.returncode = int(self._control.readline())
            self._control.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None and not _is_readable(self._control, timeout):
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        status = self.poll()
        assert status is not None
        return status

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Close stdin, read the other streams until their ends, wait until the process has ended, and return what was read."""
        texts: dict[str, str] = {}
        if self.stdin:
            self.stdin.close()
        streams = {"stdout": self.stdout, "stderr": self.stderr}
        threads = [Thread(target=_read, args=(texts, *item), daemon=True) for item in streams.items() if _is_open(item[1])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout)
            if thread.is_alive():
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
        self.wait(timeout)
        return texts.get("stdout", ""), texts.get("stderr", "")

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _start_variables(variables: Mapping[str, str]) -> dict[str, str]:
    excluded = {*_APPLIED_BY_FORKS, *_LOCALE_VARIABLES}
    own = {name: value for name, value in variables.items() if name.startswith(_START_PREFIXES) and name not in excluded}
    # An interpreter applies nothing of its locale but the encoding. Without a locale it uses C.UTF-8 (PEP 538).
    locale = next(filter(None, map(variables.get, _LOCALE_VARIABLES)), "C.UTF-8")
    return {**own, "locale": "UTF-8" if locale.lower().endswith((".utf-8", ".utf8")) else locale}


def _replaces_modules(variables: Mapping[str, str]) -> bool:
    """Return whether a folder of PYTHONPATH has a module that is installed, too: the fork server may have imported that one."""
    folders = [folder for folder in variables.get("PYTHONPATH", "").split(os.pathsep) if folder not in ("", str(ROOT))]
    return any(find_spec(module.name) for module in iter_modules(folders))


def _stream(target: IO[bytes] | int | None, number: int, stack: ExitStack) -> tuple[TextIOWrapper | None, int]:
    """Return this process's end of a pipe, if `target` is PIPE, and the descriptor of the fork's stream number `number`."""
    if target is None:
        return None, number
    if target == subprocess.PIPE:
        own_end, other_end = os.pipe() if number else reversed(os.pipe())
        stack.callback(os.close, other_end)
        return open(own_end, "r" if number else "w", encoding="utf-8"), other_end
    if target == subprocess.DEVNULL:
        return None, stack.enter_context(open(os.devnull, "rb" if number == 0 else "wb")).fileno()
    return None, target if isinstance(target, int) else target.fileno()


def _is_open(stream: TextIOWrapper | None) -> bool:
    return stream is not None and not stream.closed


def _read(texts: dict[str, str], name: str, stream: TextIOWrapper) -> None:
    with stream:
        texts[name] = stream.read()


def _is_readable(file: IO[bytes], timeout: float | None) -> bool:
    return bool(select.select([file], [], [], timeout)[0])


@cache
def address() -> str:
    """Start the fork server of this process, which ends with it, and return the address of its socket (abstract, unix(7))."""
    name = f"\0feedsvc-tests-{os.getpid()}-{secrets.token_hex(8)}"
    line = [sys.executable, "-m", "tests.helpers.fork_server"]
    variables = {**_SERVER_VARIABLES, "PYTHONPATH": str(ROOT)}
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(name)
        listener.listen()
        number = listener.fileno()
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        process = subprocess.Popen([*line, str(number)], cwd=ROOT, env=variables, pass_fds=[number], **pipes)
    atexit.register(process.communicate)
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    return name


Process = ForkedProcess | subprocess.Popen[str]
