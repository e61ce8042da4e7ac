"""Limited processes: a function of this program runs in a fresh interpreter with limits on processor time, memory and duration.

For input that may take all memory or endless time: a newsroom's templates, large images. The interpreter is started with
`exec`, not forked, so it inherits no thread, no lock and no open file of the caller. On Linux, it ends with the caller at the
latest; elsewhere, soon after its time limit. Only Linux limits memory. On Windows, the child looks at its processor time
itself.
"""

from __future__ import annotations

import json
import os
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
    MEMORY,
    PROCESSOR_TIME_STATUS,
    READY,
    RESULT,
    STEP,
    decode_messages,
    tail,
)
from feedsvc.support.limited_process_pipes import Pipes, open_pipes
from feedsvc.support.posix import signals

# A LimitedFunction is called in the fresh interpreter with the input and a BeginStep. It calls the latter with the name of each
# step when the step begins; each step has its own limit on processor time.
BeginStep = Callable[[str], None]
LimitedFunction = Callable[[bytes, BeginStep], bytes]

_BOOTSTRAP: Final = (
    "import json, sys; request = json.loads(sys.argv[1]); sys.path[:] = request['path']; "
    "from feedsvc.support.limited_process_child import run_child; run_child(request)"
)
_INHERITED_VARIABLES: Final = (
    *("LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "PYTHONTZPATH", "TZ", "TZDIR"),
    "SYSTEMROOT",  # without it, no Python starts on Windows
)
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


_CRASH_SIGNALS: Final = signals("SIGSEGV", "SIGBUS", "SIGABRT", "SIGFPE", "SIGILL", "SIGSYS", "SIGTRAP")
_TIME_SIGNALS: Final = signals("SIGXCPU")
_CAUSES_BY_KIND: Final = {MEMORY: Cause.MEMORY, ERROR: Cause.ERROR, LARGE: Cause.OUTPUT}


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Limits of one run: times in seconds, `memory` in bytes, and `output`, the size of the result, in bytes.

    `memory` is address space (RLIMIT_AS) beyond that of the process once the function is imported. Only Linux limits memory.
    Processor time counts from the call of the function, `elapsed` from the start of the interpreter.
    """

    processor_per_step: int  # seconds of processor time for each step
    processor_total: int  # seconds of processor time
    elapsed: float  # seconds
    memory: int  # bytes
    output: int = 16 * 1024**2  # bytes of the result at most


@dataclass(frozen=True, kw_only=True, slots=True)
class RunFailure:
    """Failure of a run, which has no result.

    `step` is the name of the last step begun, "" before the first. `traceback` is the text of faulthandler or of the exception,
    `detail` the message of the system or exception; each is "" if there is none. `signal` is the signal that ended the process,
    0 if none did or if `run` ended it at the limit `elapsed`. With CANCELLED, all members but `cause` are empty.
    """

    cause: Cause
    step: str = ""
    detail: str = ""
    traceback: str = ""
    signal: int = 0


def run(function: str, data: bytes, limits: Limits, is_cancelled: Callable[[], bool] = lambda: False) -> bytes | RunFailure:
    """Call `function`, the "module:name" of a LimitedFunction, with `data` in a fresh interpreter.

    Return its result, or a RunFailure if there is none, also for an exception in it. Blocks until the end. Thread-safe. The
    interpreter has this process's sys.path, but few of its environment variables.

    `is_cancelled` is called at least about twenty times a second; once it returns True, the run fails with CANCELLED.
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
    pipes = open_pipes(child, data)
    while not pipes.transfer(min(_POLL_INTERVAL, end - time.monotonic())):
        if is_cancelled():
            return RunFailure(cause=Cause.CANCELLED)
        if time.monotonic() >= end:
            return _end_overdue(child, pipes)
    with suppress(subprocess.TimeoutExpired):
        child.wait(GRACE)
    child.kill()
    return _interpret_output(bytes(pipes.output), bytes(pipes.errors), child.wait())


def _end_overdue(child: subprocess.Popen[bytes], pipes: Pipes) -> RunFailure:
    """End a child whose time is over, after it has written its traceback, if the system has a signal for that."""
    for number in _TIME_SIGNALS:
        child.send_signal(number)
    end = time.monotonic() + (GRACE if _TIME_SIGNALS else 0)
    while not pipes.transfer(_POLL_INTERVAL) and time.monotonic() < end:
        pass
    child.kill()
    step = _last_step(decode_messages(bytes(pipes.output)))
    return RunFailure(cause=Cause.ELAPSED_TIME, step=step, traceback=tail(pipes.errors))


def _interpret_output(output: bytes, errors: bytes, status: int) -> bytes | RunFailure:
    """Return the result of an ended child, or the reason why there is none. `status` is `Popen.returncode`."""
    messages = list(decode_messages(output))
    kind, content = messages[-1] if messages else (0, b"")
    if kind == RESULT:
        return content
    step, text = _last_step(messages), tail(errors)
    kinds = {message_kind for message_kind, _ in messages}
    if status < 0 or status == PROCESSOR_TIME_STATUS:
        cause = Cause.PROCESSOR_TIME if status > 0 else _cause_of_signal(-status)
        if cause is Cause.PROCESSOR_TIME and LAST_STEP in kinds:
            cause = Cause.TOTAL_PROCESSOR_TIME
        return RunFailure(cause=cause, step=step, traceback=text, signal=max(0, -status))
    if kind in _CAUSES_BY_KIND:
        report: Mapping[str, str] = json.loads(content)
        return RunFailure(cause=_CAUSES_BY_KIND[kind], step=step, detail=report["detail"], traceback=report.get("traceback", ""))
    cause = Cause.ERROR if READY in kinds else Cause.NOT_STARTED
    last_line = text.strip().rpartition("\n")[2]
    return RunFailure(cause=cause, step=step, detail=last_line or f"it ended with exit status {status}", traceback=text)


def _cause_of_signal(number: int) -> Cause:
    if number in _TIME_SIGNALS:
        return Cause.PROCESSOR_TIME
    if number in signals("SIGALRM"):
        return Cause.ELAPSED_TIME
    return Cause.CRASHED if number in _CRASH_SIGNALS else Cause.KILLED


def _last_step(messages: Iterable[tuple[int, bytes]]) -> str:
    steps = [content for kind, content in messages if kind in (STEP, LAST_STEP)]
    return steps[-1].decode(errors="replace") if steps else ""
