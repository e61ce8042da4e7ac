"""Child of a limited process: sets its own limits, then calls the function. `limited_process.run` starts it."""

from __future__ import annotations

import faulthandler
import importlib
import json
import math
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from typing import Any, BinaryIO, Final, NoReturn

from feedsvc.support.libc import die_with_parent
from feedsvc.support.limited_process import BeginStep, LimitedFunction
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
    encode_message,
    tail,
)
from feedsvc.support.posix import resource

_CHECK_INTERVAL: Final = 0.1  # seconds between two looks at the processor time, on Windows
_FALLBACK_SIZE: Final = 512 * 1024**2  # bytes; assumed size of the process if /proc does not give it


def run_child(request: Mapping[str, Any]) -> NoReturn:
    """Do the work that `limited_process.run` requested, and end the process."""
    _end_with_parent(request["parent"], request["elapsed"])
    # The standard output is for messages only; anything else that prints writes to stderr.
    output = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    faulthandler.enable(all_threads=False)
    if resource:
        # The handler writes the traceback even if a call into C never returns. Then the signal ends the process.
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        faulthandler.register(signal.SIGXCPU, all_threads=False, chain=True)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    module, _, name = request["function"].partition(":")
    function: LimitedFunction = getattr(importlib.import_module(module), name)
    data = sys.stdin.buffer.read()
    limit_class = _ProcessorLimit if resource else _CheckedProcessorLimit
    limit = limit_class(request["processor_per_step"], request["processor_total"])

    def begin_step(name: str) -> None:
        _write_message(output, STEP if limit.begin_step() else LAST_STEP, name.encode(errors="replace"))

    limit.begin_step()
    if resource and sys.platform == "linux":
        size = _own_size() + request["memory"]
        _set_limit(resource.RLIMIT_AS, size, size)
    _write_message(output, READY)
    _write_message(output, *_call_function(function, data, begin_step, request["output"]))
    os._exit(0)


def _call_function(function: LimitedFunction, data: bytes, begin_step: BeginStep, max_size: int) -> tuple[int, bytes]:
    """Call `function` and return kind and content of the message about its result or error, the last message of a child.

    If the result has more than `max_size` bytes, the kind is LARGE, and the content has the two sizes instead of the result.
    """
    try:
        result = function(data, begin_step)
    except MemoryError as error:
        return MEMORY, _error_report(error)
    except Exception as error:  # noqa: BLE001 - reported to the caller
        return ERROR, _error_report(error)
    if len(result) > max_size:
        return LARGE, json.dumps({"detail": f"{len(result):,} bytes, where {max_size:,} are the limit"}).encode()
    return RESULT, result


def _error_report(error: Exception) -> bytes:
    detail = f"{type(error).__name__}: {error}"[:1000]
    lines = tail("".join(traceback.format_exception(error, limit=-50)))
    return json.dumps({"detail": detail, "traceback": lines}).encode()


def _write_message(output: BinaryIO, kind: int, content: bytes = b"") -> None:
    unwritten = memoryview(encode_message(kind, content))
    while unwritten:
        unwritten = unwritten[output.write(unwritten) :]


class _ProcessorLimit:
    """Limits on processor time in seconds: `per_step`, and `total` for the run. The kernel counts in whole seconds."""

    def __init__(self, per_step: int, total: int) -> None:
        self._per_step, self._total_end = per_step, math.ceil(time.process_time()) + total

    def begin_step(self) -> bool:
        """Start the time of a step; return False if the total limit leaves less time than the limit per step."""
        end = math.ceil(time.process_time()) + self._per_step
        self._set_end(min(end, self._total_end))
        return end <= self._total_end

    def _set_end(self, end: int) -> None:
        """Limit the process to `end` seconds of processor time since its start. Above that it is ended, with a traceback."""
        # The hard limit is above the soft one, because only the signal of the soft one can be handled and writes a traceback.
        _set_limit(resource.RLIMIT_CPU, end, self._total_end + 2)


class _CheckedProcessorLimit(_ProcessorLimit):
    """Limits for a system whose kernel has none: a thread looks at the processor time. A call into C may delay it."""

    def __init__(self, per_step: int, total: int) -> None:
        super().__init__(per_step, total)
        self._end = self._total_end
        threading.Thread(target=self._check, name="feedsvc-limit", daemon=True).start()

    def _set_end(self, end: int) -> None:
        self._end = end

    def _check(self) -> None:
        while time.process_time() < self._end:
            time.sleep(_CHECK_INTERVAL)
        faulthandler.dump_traceback()
        os._exit(PROCESSOR_TIME_STATUS)


def _set_limit(kind: int, soft: int, hard: int) -> None:
    """Set a limit of this process (setrlimit(2)), but not above the present hard limit."""
    highest = resource.getrlimit(kind)[1]
    soft, hard = (limit if highest == resource.RLIM_INFINITY else min(limit, highest) for limit in (soft, hard))
    resource.setrlimit(kind, (soft, hard))


def _own_size() -> int:
    """Return the address space of this process in bytes; 512 MiB if /proc does not say it (proc(5): statm counts pages)."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except (OSError, ValueError):
        return _FALLBACK_SIZE


def _end_with_parent(parent: int, elapsed: float) -> None:
    """Have the kernel end this process soon after its time limit and, on Linux, when the thread that started it ends.

    If the process `parent` has already ended, end this process at once. Windows does none of these: there, a thread ends this
    process soon after its time limit.
    """
    if not resource:
        end = threading.Timer(elapsed + 2 * GRACE, os._exit, (1,))
        end.name, end.daemon = "feedsvc-limit", True
        end.start()
        return
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, elapsed + 2 * GRACE)
    die_with_parent(parent)
    if os.getppid() != parent:  # the parent has ended, and the kernel cannot watch it
        os._exit(1)
