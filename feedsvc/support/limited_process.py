"""Limited processes: a function of this program runs in a fresh interpreter with limits on processor time, memory and duration.

For input that may take all memory or endless time: a newsroom's templates, large images. The interpreter is started with
`exec`, not forked, so it inherits no thread, no lock and no open file of the caller. It ends with the caller at the latest.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import math
import os
import resource
import select
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any, BinaryIO, Final, NoReturn

from feedsvc.support.libc import die_with_parent

# A LimitedFunction is called in the fresh interpreter with the input and a BeginStep. It calls the latter with the name of each
# step when the step begins; each step has its own limit on processor time.
BeginStep = Callable[[str], None]
LimitedFunction = Callable[[bytes, BeginStep], bytes]

_BOOTSTRAP: Final = (
    "import json, sys; given = json.loads(sys.argv[1]); sys.path[:] = given['path']; "
    "from feedsvc.support.limited_process import run_child; run_child(given)"
)
_INHERITED_VARIABLES: Final = ("LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "PYTHONTZPATH", "TZ", "TZDIR")
_POLL_INTERVAL: Final = 0.05  # seconds between two calls of `is_cancelled`
_GRACE: Final = 2.0  # seconds between the request for a traceback and SIGKILL
_MAX_TRACEBACK: Final = 32_000  # characters, from the end of a traceback
_FALLBACK_SIZE: Final = 512 * 1024**2  # bytes; assumed size of the process if /proc does not give it
_HEADER_SIZE: Final = 9  # bytes: the kind and the length of a message
_READY, _STEP, _LAST_STEP, _RESULT, _MEMORY, _ERROR, _LARGE = b"BSFRMEL"


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
    given = {
        "function": function,
        "path": sys.path,
        "parent": os.getpid(),
        "processor": limits.processor_per_step,
        "processor_in_all": limits.processor_total,
        "elapsed": limits.elapsed,
        "memory": limits.memory,
        "output": limits.output,
    }
    try:
        child = _start(json.dumps(given))
    except OSError as error:
        return RunFailure(cause=Cause.NOT_STARTED, detail=f"{sys.executable or 'python'}: {error.strerror or error}")
    with child:
        try:
            return _wait_for_result(child, data, limits.elapsed, is_cancelled)
        finally:
            child.kill()  # also after an exception; no effect on a child that has ended


def _start(given: str) -> subprocess.Popen[bytes]:
    """Start the interpreter. Raises OSError."""
    if not sys.executable:
        raise FileNotFoundError("the path of the Python interpreter is unknown")
    options = ["-I", "-X", "utf8", *(["-B"] if sys.dont_write_bytecode else [])]
    return subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, *options, "-c", _BOOTSTRAP, given],
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
        child.wait(_GRACE)
    child.kill()
    return _interpret_output(bytes(pipes.output), bytes(pipes.errors), child.wait())


def _end_overdue(child: subprocess.Popen[bytes], pipes: _Pipes) -> RunFailure:
    """End a child whose time is over, after it has written its traceback."""
    child.send_signal(signal.SIGXCPU)
    end = time.monotonic() + _GRACE
    while not pipes.transfer(_POLL_INTERVAL) and time.monotonic() < end:
        pass
    child.kill()
    return RunFailure(cause=Cause.ELAPSED_TIME, step=_last_step(_messages(bytes(pipes.output))), traceback=_tail(pipes.errors))


class _Pipes:
    """Three non-blocking pipes to a child. `Popen.communicate` is no alternative: it stops writing after a timeout."""

    def __init__(self, child: subprocess.Popen[bytes], data: bytes) -> None:
        assert child.stdin  # noqa: S101 - all three are pipes
        assert child.stdout  # noqa: S101
        assert child.stderr  # noqa: S101
        self.output, self.errors = bytearray(), bytearray()
        self._data, self._input = memoryview(data), child.stdin
        self._into = {child.stdout.fileno(): self.output, child.stderr.fileno(): self.errors}
        for file in (child.stdin, child.stdout, child.stderr):
            os.set_blocking(file.fileno(), False)

    def transfer(self, seconds: float) -> bool:
        """Wait up to `seconds` until a pipe is ready, and read or write. Return whether the child has closed both outputs."""
        ears = select.poll()
        for descriptor in self._into:
            ears.register(descriptor, select.POLLIN)
        if not self._input.closed:
            ears.register(self._input.fileno(), select.POLLOUT)
        for descriptor, _ in ears.poll(max(1, int(seconds * 1000))):
            if descriptor in self._into:
                self._receive(descriptor)
            else:
                self._send()
        return not self._into

    def _receive(self, descriptor: int) -> None:
        part = os.read(descriptor, 65_536)
        self._into[descriptor] += part
        if not part:
            del self._into[descriptor]
        del self.errors[: -2 * _MAX_TRACEBACK]

    def _send(self) -> None:
        try:
            self._data = self._data[os.write(self._input.fileno(), self._data) :] if self._data else self._data
        except BrokenPipeError:  # the child has ended; its outputs contain the reason
            self._data = self._data[:0]
        if not self._data:
            self._input.close()


def _interpret_output(written: bytes, errors: bytes, status: int) -> bytes | RunFailure:
    """Return the result of an ended child, or the reason why there is none. `status` is `Popen.returncode`."""
    messages = list(_messages(written))
    kind, content = messages[-1] if messages else (0, b"")
    if kind == _RESULT:
        return content
    step, text = _last_step(messages), _tail(errors)
    if status < 0:
        cause = _cause_of_signal(-status)
        if cause is Cause.PROCESSOR_TIME and any(one == _LAST_STEP for one, _ in messages):
            cause = Cause.TOTAL_PROCESSOR_TIME
        return RunFailure(cause=cause, step=step, traceback=text, signal=-status)
    if kind in _CAUSES_BY_KIND:
        report: Mapping[str, str] = json.loads(content)
        return RunFailure(cause=_CAUSES_BY_KIND[kind], step=step, detail=report["detail"], traceback=report.get("traceback", ""))
    cause = Cause.ERROR if any(one == _READY for one, _ in messages) else Cause.NOT_STARTED
    last = text.strip().rpartition("\n")[2]
    return RunFailure(cause=cause, step=step, detail=last or f"it ended with exit status {status}", traceback=text)


_CAUSES_BY_KIND: Final = {_MEMORY: Cause.MEMORY, _ERROR: Cause.ERROR, _LARGE: Cause.OUTPUT}


def _cause_of_signal(number: int) -> Cause:
    if number == signal.SIGXCPU:
        return Cause.PROCESSOR_TIME
    if number == signal.SIGALRM:
        return Cause.ELAPSED_TIME
    return Cause.CRASHED if number in _CRASH_SIGNALS else Cause.KILLED


def _messages(written: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (kind, content) of each complete message. A last one that is cut off is skipped."""
    start = 0
    while start + _HEADER_SIZE <= len(written):
        end = start + _HEADER_SIZE + int.from_bytes(written[start + 1 : start + _HEADER_SIZE])
        if end > len(written):
            return
        yield written[start], written[start + _HEADER_SIZE : end]
        start = end


def _last_step(messages: Iterator[tuple[int, bytes]] | list[tuple[int, bytes]]) -> str:
    steps = [content for kind, content in messages if kind in (_STEP, _LAST_STEP)]
    return steps[-1].decode(errors="replace") if steps else ""


def _tail(report: bytes | bytearray | str) -> str:
    text = report if isinstance(report, str) else report.decode(errors="replace")
    return text[-_MAX_TRACEBACK:]


# --- In the fresh interpreter


def run_child(given: Mapping[str, Any]) -> NoReturn:
    """Do the work that `run` requested, and end the process."""
    _end_with_parent(given["parent"], given["elapsed"])
    # The standard output is for messages only; anything else that prints writes to stderr.
    output = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    faulthandler.enable(all_threads=False)
    # The handler writes the traceback even if a call into C never returns. Then the signal ends the process.
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    faulthandler.register(signal.SIGXCPU, all_threads=False, chain=True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    module, _, name = given["function"].partition(":")
    function: LimitedFunction = getattr(importlib.import_module(module), name)
    data = sys.stdin.buffer.read()
    limit = _ProcessorLimit(given["processor"], given["processor_in_all"])

    def step(name: str) -> None:
        _write_message(output, _STEP if limit.allow() else _LAST_STEP, name.encode(errors="replace"))

    limit.allow()
    if sys.platform == "linux":
        size = _own_size() + given["memory"]
        _set_limit(resource.RLIMIT_AS, size, size)
    _write_message(output, _READY)
    _write_message(output, *_call_function(function, data, step, given["output"]))
    os._exit(0)


def _call_function(function: LimitedFunction, data: bytes, step: BeginStep, largest: int) -> tuple[int, bytes]:
    """Call `function` and return kind and content of the message about its result or error, the last message of a child."""
    try:
        result = function(data, step)
    except MemoryError as error:
        return _MEMORY, _error_report(error)
    except Exception as error:  # noqa: BLE001 - reported to the caller
        return _ERROR, _error_report(error)
    if len(result) > largest:
        return _LARGE, json.dumps({"detail": f"{len(result):,} bytes, where {largest:,} are the limit"}).encode()
    return _RESULT, result


def _error_report(error: Exception) -> bytes:
    detail = f"{type(error).__name__}: {error}"[:1000]
    lines = _tail("".join(traceback.format_exception(error, limit=-50)))
    return json.dumps({"detail": detail, "traceback": lines}).encode()


def _write_message(output: BinaryIO, kind: int, content: bytes = b"") -> None:
    rest = memoryview(kind.to_bytes() + len(content).to_bytes(_HEADER_SIZE - 1) + content)
    while rest:
        rest = rest[output.write(rest) :]


class _ProcessorLimit:
    """Limits on processor time: `each` seconds for a step, `in_all` for the run. The kernel counts in whole seconds."""

    def __init__(self, each: int, in_all: int) -> None:
        self._step_seconds, self._total_end = each, math.ceil(time.process_time()) + in_all

    def allow(self) -> bool:
        """Start the time of a step; return False if the total limit leaves less than `each` seconds."""
        # The hard limit is above the soft one, because only the signal of the soft one can be handled and writes a traceback.
        wanted = math.ceil(time.process_time()) + self._step_seconds
        _set_limit(resource.RLIMIT_CPU, min(wanted, self._total_end), self._total_end + 2)
        return wanted <= self._total_end


def _set_limit(kind: int, soft: int, hard: int) -> None:
    """Set a limit, but not above the present hard limit."""
    highest = resource.getrlimit(kind)[1]
    soft, hard = (one if highest == resource.RLIM_INFINITY else min(one, highest) for one in (soft, hard))
    resource.setrlimit(kind, (soft, hard))


def _own_size() -> int:
    """Return the address space of this process in bytes (proc(5): the first field of statm counts pages)."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except (OSError, ValueError):
        return _FALLBACK_SIZE


def _end_with_parent(parent: int, elapsed: float) -> None:
    """Have the kernel end this process when the thread that started it ends, and in any case soon after its time limit."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, elapsed + 2 * _GRACE)
    die_with_parent(parent)
    if os.getppid() != parent:  # the parent has ended, and the kernel cannot watch it
        os._exit(1)
