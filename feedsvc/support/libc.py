"""Functions of the operating system that Python's library lacks, called through ctypes. Each has a fallback without them."""

from __future__ import annotations

import mmap
import os
import signal
import sys
import threading
import time
from functools import cache
from typing import Any, Final

# The watchdog's, and those at which faulthandler writes stacks.
REPORTED_SIGNALS: Final = frozenset((signal.SIGALRM, signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT))
_PR_SET_PDEATHSIG: Final = 1  # <sys/prctl.h>
_CLOCK_MONOTONIC: Final = 1  # <time.h>, Linux
_SIGEV_THREAD: Final = 2  # <signal.h>, Linux: glibc and musl
_CALLED: Final = 1.0  # seconds in which a thread of the C library begins
_SIGNAL_STACK: Final = 64 * 1024  # bytes; AVX-512 registers alone take 3 kB of one


@cache
def _linux() -> tuple[Any, Any] | None:
    """Return ctypes and the C library, or None on other systems and where ctypes cannot be loaded."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        import ctypes  # noqa: PLC0415 - some hardened systems refuse it the memory that it asks for when it is imported

        return ctypes, ctypes.CDLL(None)
    except (ImportError, MemoryError, OSError):
        return None


def prepare() -> None:
    """Load the C library now, so that processes that are forked later need not."""
    _linux()


def die_with_parent(parent: int) -> bool:
    """Have the kernel send SIGKILL to this process when its parent ends; return whether that could be arranged.

    `parent` is the parent's process id, read before the fork: if it has ended since, this process ends here. The kernel watches
    the thread that forked, so fork from the main thread (prctl(2), PR_SET_PDEATHSIG). Needs no interpreter lock.
    """
    library = _linux()
    is_set = library is not None and library[1].prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) == 0
    if is_set and os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    return is_set


_signal_stacks: Final[list[mmap.mmap]] = []  # for as long as the process lives: a thread may end while a handler runs on its own
_local: Final = threading.local()


def use_signal_stack() -> None:
    """Give this thread a second stack for signal handlers, once, so that they run when its own stack is full (sigaltstack(2)).

    The stack is not freed when the thread ends: call this in threads that live as long as the process.
    """
    if hasattr(_local, "has_signal_stack"):
        return
    _local.has_signal_stack = True
    if not (library := _linux()):
        return
    ctypes, functions = library
    stack = mmap.mmap(-1, _SIGNAL_STACK)
    address = ctypes.addressof(ctypes.c_char.from_buffer(stack))
    members = ("address", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t)
    stack_type = type("stack_t", (ctypes.Structure,), {"_fields_": members})
    if functions.sigaltstack(ctypes.byref(stack_type(address=address, flags=0, size=_SIGNAL_STACK)), None) == 0:
        _signal_stacks.append(stack)


class Alarm:
    """Sends SIGALRM to this process `seconds` after it was armed last. Needs no interpreter lock once it is armed.

    It has two stages where the system allows: a POSIX timer, which then starts a second one, alarm(2), in a thread of the C
    library. So a process that was stopped (SIGSTOP, a debugger, a frozen container) has the time of the second stage, a third
    of the whole, to arm it again once it continues. Both count monotonic time. Elsewhere one stage counts the whole time.

    A fork inherits no timer: make another Alarm there. There may be one in a process.
    """

    def __init__(self, seconds: float) -> None:
        """`seconds` are 2 at least: the second stage takes whole seconds."""
        self._seconds = seconds
        last = max(1, round(seconds / 3))
        self._first_stage = _call_later(last, seconds - last)

    def arm(self) -> None:
        """Start, or start again."""
        self._set(is_on=True)

    def disarm(self) -> None:
        self._set(is_on=False)

    def _set(self, *, is_on: bool) -> None:
        if not self._first_stage:
            signal.setitimer(signal.ITIMER_REAL, self._seconds if is_on else 0)
        elif self._first_stage(is_on=is_on):
            # It has called alarm(2), or is about to, which would end the process later; or the kernel has dropped its signal.
            end = time.monotonic() + _CALLED
            while signal.setitimer(signal.ITIMER_REAL, 0)[0] == 0 and time.monotonic() < end:
                time.sleep(0.001)


def _call_later(last: int, seconds: float) -> Any:
    """Return a function that starts or stops a timer, which calls alarm(last) after `seconds`; None on other systems.

    The function returns whether the timer had been started, and has called or will call.
    """
    if not (library := _linux()):
        return None
    ctypes, functions = library
    # struct sigevent of sigevent(3type), with room for what an implementation adds; struct itimerspec of timer_settime(2).
    members = ("value", ctypes.c_void_p), ("signal", ctypes.c_int), ("notify", ctypes.c_int), ("call", ctypes.c_void_p)
    event_type = type("sigevent", (ctypes.Structure,), {"_fields_": [*members, ("room", ctypes.c_char * 64)]})
    setting_type = ctypes.c_long * 4  # interval and value, each as seconds and nanoseconds
    timer = ctypes.c_void_p()
    try:
        event = event_type(value=last, notify=_SIGEV_THREAD, call=ctypes.cast(functions.alarm, ctypes.c_void_p))
        if functions.timer_create(_CLOCK_MONOTONIC, ctypes.byref(event), ctypes.byref(timer)):
            return None
    except AttributeError:  # glibc before 2.34 has it in another library
        return None
    on, off = setting_type(0, 0, int(seconds), int(seconds % 1 * 1_000_000_000)), setting_type(0, 0, 0, 0)
    before, was_on = setting_type(0, 0, 0, 0), False

    def start(*, is_on: bool) -> bool:
        nonlocal was_on
        functions.timer_settime(timer, 0, ctypes.byref(on if is_on else off), ctypes.byref(before))
        has_called, was_on = was_on and not (before[2] or before[3]), is_on
        return has_called

    return start
