"""Functions of the operating system that Python's library lacks, called through ctypes. Each has a fallback on other systems."""

from __future__ import annotations

import mmap
import os
import signal
import sys
import threading
import time
from functools import cache
from typing import Any, Final

from feedsvc.support.posix import signals

# The watchdog's signal, and those at which faulthandler writes stacks.
REPORTED_SIGNALS: Final = signals("SIGALRM", "SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGABRT")
_PR_SET_PDEATHSIG: Final = 1  # <sys/prctl.h>
_CLOCK_MONOTONIC: Final = 1  # <time.h>, Linux
_SIGEV_THREAD: Final = 2  # <signal.h>, Linux: glibc and musl
_CALLBACK_TIMEOUT: Final = 1.0  # seconds within which a thread of the C library starts
_SIGNAL_STACK_SIZE: Final = 64 * 1024  # bytes; AVX-512 registers alone take 3 kB of one


@cache
def _load_library() -> tuple[Any, Any] | None:
    """Return ctypes and the C library; None on systems other than Linux, or if ctypes cannot be loaded."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        import ctypes  # noqa: PLC0415 - some hardened systems refuse the memory that its import requests

        return ctypes, ctypes.CDLL(None)
    except (ImportError, MemoryError, OSError):
        return None


def preload() -> None:
    """Load the C library now, so that later forked processes need not load it."""
    _load_library()


def die_with_parent(parent: int) -> bool:
    """Have the kernel send SIGKILL to this process when its parent ends; return whether the kernel can do so.

    `parent` is the parent's process id, read before the fork. If the kernel can do so, but the parent has ended since, this
    process kills itself. The kernel watches the thread that forked, so fork from the main thread (prctl(2), PR_SET_PDEATHSIG).
    SIGKILL needs no interpreter lock.
    """
    library = _load_library()
    is_set = library is not None and library[1].prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) == 0
    if is_set and os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    return is_set


_signal_stacks: Final[list[mmap.mmap]] = []  # never freed: a thread may end while a handler runs on its stack
_thread_local: Final = threading.local()


def use_signal_stack() -> None:
    """Give this thread, once, a second stack for signal handlers, so that they run if its own stack is full (sigaltstack(2)).

    The stack is not freed when the thread ends: call this in threads that live as long as the process.
    """
    if hasattr(_thread_local, "has_signal_stack"):
        return
    _thread_local.has_signal_stack = True
    if not (library := _load_library()):
        return
    ctypes, functions = library
    stack = mmap.mmap(-1, _SIGNAL_STACK_SIZE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(stack))
    members = ("address", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t)
    stack_type = type("stack_t", (ctypes.Structure,), {"_fields_": members})
    if functions.sigaltstack(ctypes.byref(stack_type(address=address, flags=0, size=_SIGNAL_STACK_SIZE)), None) == 0:
        _signal_stacks.append(stack)


class Alarm:
    """Timer that sends SIGALRM to this process `seconds` after it was last armed. Once armed, it needs no interpreter lock.

    It has two stages if the system allows: a POSIX timer, after which a thread of the C library starts the second one, alarm(2).
    A process that is stopped (SIGSTOP, a debugger, a frozen container) cannot start the second stage. So after it continues, it
    has the time of that stage, a third of `seconds`, to arm the timer again. Both stages count monotonic time. On other systems
    one stage counts the whole time.

    Forked processes inherit no timers and must create another Alarm. A process may have only one.
    """

    def __init__(self, seconds: float) -> None:
        """Create the timer. `seconds` must be at least 2, because the second stage counts whole seconds."""
        self._seconds = seconds
        second_stage = max(1, round(seconds / 3))
        self._start_first_stage = _alarm_timer(second_stage, seconds - second_stage)

    def arm(self) -> None:
        """Start the timer, or start it again."""
        self._set(is_on=True)

    def disarm(self) -> None:
        """Stop the timer."""
        self._set(is_on=False)

    def _set(self, *, is_on: bool) -> None:
        if not self._start_first_stage:
            signal.setitimer(signal.ITIMER_REAL, self._seconds if is_on else 0)
        elif self._start_first_stage(is_on=is_on):
            # The first stage is over: alarm(2) was called or is about to be, and would end the process later. Cancel it. The wait
            # has a limit, because the kernel may have dropped the timer's event.
            end = time.monotonic() + _CALLBACK_TIMEOUT
            while signal.setitimer(signal.ITIMER_REAL, 0)[0] == 0 and time.monotonic() < end:
                time.sleep(0.001)


def _alarm_timer(alarm_seconds: int, seconds: float) -> Any:
    """Return a function that starts a timer (is_on=True) or stops it (False); None if the system has no such timers.

    The timer calls alarm(alarm_seconds) after `seconds`. The function returns True if the timer has expired since its last
    start: then it has called alarm(2) or is about to.
    """
    if not (library := _load_library()):
        return None
    ctypes, functions = library
    # struct sigevent of sigevent(3type), padded for members that an implementation adds; struct itimerspec of timer_settime(2).
    members = ("value", ctypes.c_void_p), ("signal", ctypes.c_int), ("notify", ctypes.c_int), ("call", ctypes.c_void_p)
    event_type = type("sigevent", (ctypes.Structure,), {"_fields_": [*members, ("padding", ctypes.c_char * 64)]})
    setting_type = ctypes.c_long * 4  # interval and value, each as seconds and nanoseconds
    timer = ctypes.c_void_p()
    try:
        event = event_type(value=alarm_seconds, notify=_SIGEV_THREAD, call=ctypes.cast(functions.alarm, ctypes.c_void_p))
        if functions.timer_create(_CLOCK_MONOTONIC, ctypes.byref(event), ctypes.byref(timer)):
            return None
    except AttributeError:  # before glibc 2.34, timer_create is in another library
        return None
    on, off = setting_type(0, 0, int(seconds), int(seconds % 1 * 1_000_000_000)), setting_type(0, 0, 0, 0)
    previous_setting, was_on = setting_type(0, 0, 0, 0), False

    def start(*, is_on: bool) -> bool:
        nonlocal was_on
        functions.timer_settime(timer, 0, ctypes.byref(on if is_on else off), ctypes.byref(previous_setting))
        has_expired, was_on = was_on and not (previous_setting[2] or previous_setting[3]), is_on
        return has_expired

    return start
