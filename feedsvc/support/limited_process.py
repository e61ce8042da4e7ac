"""Limited processes: a function of this program runs in a fresh interpreter with limits on processor time, memory and duration.

For input that may take all memory or endless time: a newsroom's templates, large images. The interpreter is started with
`exec`, not forked, so it inherits no thread, no lock and no open file of the caller. It ends with the caller at the latest.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Final

from feedsvc.support.limited_process_messages import (
    ERROR,
    GRACE,
    LARGE,
    LAST_STEP,
    MAX_TRACEBACK,
    MEMORY,
    READY,
    RESULT,
    STEP,
    decode_messages,
    tail,
)

# A LimitedFunction is called in the fresh interpreter with the input and a BeginStep. It calls the latter with the name of each
# step when the step begins; each step has its own limit on processor time.
BeginStep = Callable[[str], None]
LimitedFunction = Callable[[bytes, BeginStep], bytes]

_BOOTSTRAP: Final = (
    "import json, sys; request = json.loads(sys.argv[1]); sys.path[:] = request['path']; "
    "from feedsvc.support.limited_process_child import run_child; run_child(request)"
)
_INHERITED_VARIABLES: Final = ("LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "PYTHONTZPATH", "TZ", "TZDIR")
_POLL_INTERVAL: Final = 0.05  # seconds between two calls of `is_cancelled`


class Cause(Enum):
    """Reason why a run has no result."""

    NOT_STARTED = "the interpreter did not start"
    CANCELLED = "the caller no longer wanted the result"
    PROCESSOR_TIME = "processor time of a step"
    TOTAL_PROCESSOR_TIME = "processor time of all steps"
    ELAPSED_TIME = "elapsed time"
    MEMORY = "memory"
    OUTPUT = "a result above the limit"
    CRASHED = "ended by a signal that a fault of the process raises"
    KILLED = "ended by a signal from elsewhere, such as that of the kernel when memory is short"
    ERROR = "the function raised an exception"


_CRASH_SIGNALS: Final = frozenset(
    {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL, signal.SIGSYS, signal.SIGTRAP}
)
_CAUSES_BY_KIND: Final = {MEMORY: Cause.MEMORY, ERROR: Cause.ERROR, LARGE: Cause.OUTPUT}


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Limits of one run. `memory` is address space (RLIMIT_AS) beyond that of the process once the function is imported."""

    processor_per_step: int  # seconds of processor time for each step
    processor_total: int  # seconds of processor time
    elapsed: float  # seconds
    memory: int  # bytes
    output: int = 16 * 1024**2  # bytes of the result


@dataclass(frozen=True, kw_only=True, slots=True)
class RunFailure:
    """Failure of a run, which has no result.

    `step` is the name of the last step begun, "" before the first. `traceback` is the text of faulthandler or of the exception,
    "" if there is none. `detail` is the message of the system or exception. `signal` is 0 unless a signal ended the process.
    """

    cause: Cause
    step: str = ""
    detail: str = ""
    traceback: str = ""
    signal: int = 0


def run(function: str, data: bytes, limits: Limits, is_cancelled: Callable[[], bool] = lambda: False) -> bytes | RunFailure:
    """Call `function`, the "module:name" of a LimitedFunction, with `data` in a fresh interpreter; return its result.

    Blocks until the end. Thread-safe. `is_cancelled` is called about twenty times a second; once it returns True, the run fails
    with CANCELLED.
    """
    request = {
        "function": function,
        "path": sys.path,
        "parent": os.getpid(),
        "processor_per_step": limits.processor_per_step,
        "processor_total": limits.processor_total,
        "elapsed": limits.elapsed,
        "memory": limits.memory,
        "output": limits.output,
    }
    try:
        child = _start(json.dumps(request))
    except OSError as error:
        return RunFailure(cause=Cause.NOT_STARTED, detail=f"{sys.executable or 'python'}: {error.strerror or error}")
    with child:
        try:
            return _wait_for_result(child, data, limits.elapsed, is_cancelled)
        finally:
            child.kill()  # also after an exception; no effect on a child that has ended


def _start(request: str) -> subprocess.Popen[bytes]:
    """Start the interpreter. Raises OSError."""
    if not sys.executable:
        raise FileNotFoundError("the path of the Python interpreter is unknown")
    options = ["-I", "-X", "utf8", *(["-B"] if sys.dont_write_bytecode else [])]
    return subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, *options, "-c", _BOOTSTRAP, request],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={name: os.environ[name] for name in _INHERITED_VARIABLES if name in os.environ},
    )


def _wait_for_result(
    child: subprocess.Popen[bytes], data: bytes, elapsed: float, is_cancelled: Callable[[], bool]
) -> bytes | RunFailure:
    end = time.monotonic() + elapsed
    pipes = _Pipes(child, data)
    while not pipes.transfer(min(_POLL_INTERVAL, end - time.monotonic())):
        if is_cancelled():
            return RunFailure(cause=Cause.CANCELLED)
        if time.monotonic() >= end:
            return _end_overdue(child, pipes)
    with suppress(subprocess.TimeoutExpired):
        child.wait(GRACE)
    child.kill()
    return _interpret_output(bytes(pipes.output), bytes(pipes.errors), child.wait())


def _end_overdue(child: subprocess.Popen[bytes], pipes: _Pipes) -> RunFailure:
    """End a child whose time is over, after it has written its traceback."""
    child.send_signal(signal.SIGXCPU)
    end = time.monotonic() + GRACE
    while not pipes.transfer(_POLL_INTERVAL) and time.monotonic() < end:
        pass
    child.kill()
    step = _last_step(decode_messages(bytes(pipes.output)))
    return RunFailure(cause=Cause.ELAPSED_TIME, step=step, traceback=tail(pipes.errors))


class _Pipes:
    """Three non-blocking pipes to a child. `Popen.communicate` is no alternative: it stops writing after a timeout."""

    def __init__(self, child: subprocess.Popen[bytes], data: bytes) -> None:
        assert child.stdin  # noqa: S101 - all three are pipes
        assert child.stdout  # noqa: S101
        assert child.stderr  # noqa: S101
        self.output, self.errors = bytearray(), bytearray()
        self._data, self._input = memoryview(data), child.stdin
        self._buffers = {child.stdout.fileno(): self.output, child.stderr.fileno(): self.errors}  # of the open outputs
        for file in (child.stdin, child.stdout, child.stderr):
            os.set_blocking(file.fileno(), False)

    def transfer(self, seconds: float) -> bool:
        """Wait up to `seconds` until a pipe is ready, and read or write. Return whether the child has closed both outputs."""
        poll = select.poll()
        for descriptor in self._buffers:
            poll.register(descriptor, select.POLLIN)
        if not self._input.closed:
            poll.register(self._input.fileno(), select.POLLOUT)
        for descriptor, _ in poll.poll(max(1, int(seconds * 1000))):
            if descriptor in self._buffers:
                self._receive(descriptor)
            else:
                self._send()
        return not self._buffers

    def _receive(self, descriptor: int) -> None:
        data = os.read(descriptor, 65_536)
        self._buffers[descriptor] += data
        if not data:
            del self._buffers[descriptor]
        del self.errors[: -2 * MAX_TRACEBACK]

    def _send(self) -> None:
        try:
            self._data = self._data[os.write(self._input.fileno(), self._data) :] if self._data else self._data
        except BrokenPipeError:  # the child has ended; its outputs contain the reason
            self._data = self._data[:0]
        if not self._data:
            self._input.close()


def _interpret_output(output: bytes, errors: bytes, status: int) -> bytes | RunFailure:
    """Return the result of an ended child, or the reason why there is none. `status` is `Popen.returncode`."""
    messages = list(decode_messages(output))
    kind, content = messages[-1] if messages else (0, b"")
    if kind == RESULT:
        return content
    step, text = _last_step(messages), tail(errors)
    kinds = {message_kind for message_kind, _ in messages}
    if status < 0:
        cause = _cause_of_signal(-status)
        if cause is Cause.PROCESSOR_TIME and LAST_STEP in kinds:
            cause = Cause.TOTAL_PROCESSOR_TIME
        return RunFailure(cause=cause, step=step, traceback=text, signal=-status)
    if kind in _CAUSES_BY_KIND:
        report: Mapping[str, str] = json.loads(content)
        return RunFailure(cause=_CAUSES_BY_KIND[kind], step=step, detail=report["detail"], traceback=report.get("traceback", ""))
    cause = Cause.ERROR if READY in kinds else Cause.NOT_STARTED
    last_line = text.strip().rpartition("\n")[2]
    return RunFailure(cause=cause, step=step, detail=last_line or f"it ended with exit status {status}", traceback=text)


def _cause_of_signal(number: int) -> Cause:
    if number == signal.SIGXCPU:
        return Cause.PROCESSOR_TIME
    if number == signal.SIGALRM:
        return Cause.ELAPSED_TIME
    return Cause.CRASHED if number in _CRASH_SIGNALS else Cause.KILLED


def _last_step(messages: Iterable[tuple[int, bytes]]) -> str:
    steps = [content for kind, content in messages if kind in (STEP, LAST_STEP)]
    return steps[-1].decode(errors="replace") if steps else ""
