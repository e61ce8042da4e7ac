"""Worker process: the steps from its fork to its exit, and its pipes to and from the parent (the supervisor)."""

from __future__ import annotations

import gc
import logging
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final, NoReturn

from feedsvc.support.libc import die_with_parent
from feedsvc.web.shared_memory import WorkerSlot

STOP_TIMEOUT: Final = 40.0  # seconds in which a worker has to end after SIGTERM; its watchdog does so after 30
_MAX_POLL_SECONDS: Final = 1_000_000.0  # seconds; poll() accepts no more than twice as much
_HEARTBEAT_INTERVAL: Final = 1.0  # seconds between two messages in shared memory


class Worker:
    """Worker process: its row in shared memory, its pipe to the parent, and a thread that ends it when the parent has ended."""

    def __init__(self, slot: WorkerSlot, ready_pipe: int, liveness_pipe: int) -> None:
        self.slot = slot
        self._ready_pipe, self._liveness_pipe = ready_pipe, liveness_pipe
        self._message_source: Callable[[], Mapping[str, Any]] | None = None
        self._lock = threading.Lock()
        threading.Thread(target=self._watch_parent, name="feedsvc-parent", daemon=True).start()

    def report_ready(self, line: str) -> None:
        """Report to the parent that this worker serves. Call once.

        The parent prints the `line` of worker 1 when all workers are ready for the first time; other lines are not printed.
        """
        with suppress(BrokenPipeError):  # the parent has just been killed; the thread ends this process soon
            os.write(self._ready_pipe, f"{line}\n".encode(errors="surrogateescape"))
        os.close(self._ready_pipe)

    def set_message_source(self, source: Callable[[], Mapping[str, Any]]) -> None:
        """Publish the result of `source`, JSON values, to the other workers now and about once a second from then on.

        The first call of `source` is in the caller's thread. A thread of this object makes the later ones, and so does each
        thread that calls `write_message`.
        """
        self._message_source = source
        self.write_message()

    def write_message(self) -> None:
        """Publish the present result of the message source to the other workers. Does nothing if none is set. Thread-safe."""
        with self._lock:
            if self._message_source:
                self.slot.write_message(self._message_source())

    def _watch_parent(self) -> None:
        while not poll_readable([self._liveness_pipe], _HEARTBEAT_INTERVAL):
            self.write_message()
        # The other end closes when the parent ends, for any reason.
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(STOP_TIMEOUT)
        os._exit(1)


def poll_readable(descriptors: Iterable[int], seconds: float | None) -> bool:
    """Wait until at least one descriptor has data or has ended, and return True; return False after `seconds` (None: no limit).

    Unlike select(), this works for any descriptor number.
    """
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(None if seconds is None else min(seconds, _MAX_POLL_SECONDS) * 1000))


def run_worker(
    serve: Callable[[Worker], None],
    slot: WorkerSlot,
    *,
    parent_pid: int,
    ready_pipe: int,
    liveness_pipe: int,
    parent_descriptors: Iterable[int],
    signal_mask: Iterable[int],
) -> NoReturn:
    """Run a worker after the fork, with signals blocked, and exit without cleaning up the parent's objects.

    `ready_pipe` and `liveness_pipe` are pipes to and from the parent; `parent_descriptors` are files to close here, because only
    the parent should have them; `signal_mask` is the mask to restore. The exit status is 0 once `serve` returns, that of a
    SystemExit, or 1 after another exception. If the parent ends, the kernel ends this process on systems that can, even while the
    interpreter lock is held. On others, the thread that reads `liveness_pipe` does.
    """
    status: Any = 1
    gc.disable()  # `serve` enables it once the content is in memory (gc_control.freeze_heap)
    try:
        die_with_parent(parent_pid)
        _detach_from_parent(parent_descriptors)
        signal.pthread_sigmask(signal.SIG_SETMASK, signal_mask)
        slot.register()
        serve(Worker(slot, ready_pipe, liveness_pipe))
        status = 0
    except SystemExit as error:
        status = error.code
    except BaseException:  # noqa: BLE001 - no exception may reach the parent's frames
        sys.excepthook(*sys.exc_info())
    finally:
        logging.shutdown()  # an exit by os._exit does not call it
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status if isinstance(status, int) else int(status is not None))


def _detach_from_parent(parent_descriptors: Iterable[int]) -> None:
    signal.set_wakeup_fd(-1)
    for name in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(name, signal.SIG_DFL)
    for name in (signal.SIGINT, signal.SIGHUP):  # a terminal sends them to all processes; the parent forwards what is needed
        signal.signal(name, signal.SIG_IGN)
    for descriptor in parent_descriptors:
        os.close(descriptor)
