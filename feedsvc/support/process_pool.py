"""Process pool: work divided among this process and forked copies of it."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import struct
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection, wait
from queue import Queue
from typing import TYPE_CHECKING, Any, Final, TypeVar

from feedsvc.errors import FeedsvcError
from feedsvc.support.posix import CAN_FORK
from feedsvc.support.process import die_with_parent

if TYPE_CHECKING:
    from multiprocessing.context import ForkProcess  # Windows has none

_CHUNKS_PER_PROCESS: Final = 4  # minimum number of chunks for each process in the remaining items
_MAX_CHUNKS: Final = 1000  # Linux gives a process with many pipes only 8 KiB for a new one, for the bounds of all chunks
_BOUNDS: Final = struct.Struct("II")  # start and end of a chunk
_MAX_QUEUED: Final = 4  # results of a fork that this process, which may be busy with a chunk, has not yet received
_ENDED_MESSAGE: Final = (
    "a forked process ended by itself (a crash, or the system killed it for lack of memory); build again, or with --processes 1"
)

_T = TypeVar("_T")
_R = TypeVar("_R")
_Result = tuple[Exception | None, object]


def available_processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def map_chunks(
    work: Callable[[Sequence[_T]], _R],
    items: Sequence[_T],
    processes: int,
    *,
    max_chunk: int,
    min_chunk: int = 1,
) -> Iterator[_R]:
    """Yield the result of `work` for each chunk of `items`, in any order, computed in up to `processes` processes at once.

    This process is one of them, and the only one if it runs several threads or the system has no forks. Chunks have `min_chunk`
    to `max_chunk` items, the last may have fewer; they have more if there would be more than 1000 chunks. Results of forks are
    pickled, and what `work` changes in a fork is lost. Raises errors of `work` (RuntimeError for one that cannot be pickled),
    and FeedsvcError, which advises to build again, if a fork ended by itself. All forks end before this generator does.
    """
    forks = min(processes, -(-len(items) // min_chunk)) - 1 if _can_fork() else 0
    bounds = _chunk_bounds(len(items), max(1, forks + 1), max_chunk, max(min_chunk, -(-len(items) // _MAX_CHUNKS)))
    if forks < 1:
        yield from (work(items[start:end]) for start, end in bounds)
        return
    # Each process reads the bounds of its next chunk from a pipe, so that fast and slow ones end at the same time. A read is
    # atomic, also among processes.
    read_end, write_end = os.pipe()
    with open(read_end, "rb", buffering=0) as pipe:
        with open(write_end, "wb") as file:
            file.write(b"".join(_BOUNDS.pack(*pair) for pair in bounds))

        def results() -> Iterator[_R]:
            while data := pipe.read(_BOUNDS.size):
                start, end = _BOUNDS.unpack(data)
                yield work(items[start:end])

        with _child_processes(results, forks) as children:
            for result in results():
                yield result
                while ready := wait(children, timeout=0):
                    yield from _receive_results(ready, children)
            while children:
                yield from _receive_results(wait(children), children)


class BackgroundTask(AbstractContextManager[Callable[[], _R]]):
    """Work that starts at once in a fork of this process. Leaving the `with` block ends the fork, even if it is still at work.

    The block gets a function, to be called once, that waits for the result and returns it. With one processor, in a process
    with several threads, or if no fork is possible, that function does the work itself. It raises the errors of `work`, and
    FeedsvcError if the fork ended by itself.
    """

    def __init__(self, work: Callable[[], _R], *, processors: int | None = None) -> None:
        """Start `work` in a fork if possible. `processors` is the number of processors; None means `available_processors`."""
        self._work, self._exit_stack, self._children = work, ExitStack(), list[Connection]()
        if _can_fork() and (processors or available_processors()) > 1:
            self._children = self._exit_stack.enter_context(_child_processes(lambda: iter((work(),)), 1))

    @property
    def is_running(self) -> bool:
        """True while a fork is at work and its result is not yet available. Do not use it after the result was received."""
        return bool(self._children) and not wait(self._children, timeout=0)

    def __enter__(self) -> Callable[[], _R]:
        return lambda: next(_receive_results(self._children, self._children)) if self._children else self._work()

    def __exit__(self, *_: object) -> None:
        self._exit_stack.close()


def _can_fork() -> bool:
    """Return whether the system has forks and this process one thread: a fork of a process with several may deadlock."""
    return CAN_FORK and threading.active_count() == 1


def _chunk_bounds(count: int, processes: int, max_chunk: int, min_chunk: int) -> Iterator[tuple[int, int]]:
    """Yield start and end of each chunk of `count` items. Chunks get smaller once few items are left per process."""
    start = 0
    while start < count:
        size = max(min_chunk, min(max_chunk, (count - start) // (_CHUNKS_PER_PROCESS * processes)))
        yield start, min(start + size, count)
        start += size


def _receive_results(ready: Sequence[object], children: list[Connection]) -> Iterator[Any]:
    """Yield the next result of each fork that is `ready`, and remove those without a further one from `children`.

    Raises the error of the work in a fork, or FeedsvcError if a fork has ended before its last result.
    """
    for child in [child for child in children if child in ready]:
        try:
            message: _Result | None = child.recv()
        except (EOFError, OSError):  # the process ended, between two results or within one
            raise FeedsvcError(_ENDED_MESSAGE) from None
        if message is None:
            children.remove(child)
            continue
        error, result = message
        if error is not None:
            raise error
        yield result


@contextmanager
def _child_processes(results: Callable[[], Iterator[object]], count: int) -> Iterator[list[Connection]]:
    """Fork this process `count` times, or less often if the system refuses. Yield their connections, then end the forks."""
    children: list[tuple[ForkProcess, Connection]] = []
    try:
        with suppress(OSError):
            for _ in range(count):
                children.append(_fork_child(results, [child for _, child in children]))
        yield [child for _, child in children]
    finally:
        for process, child in children:
            child.close()
            process.terminate()
        for process, _ in children:
            process.join()
            process.close()


def _fork_child(results: Callable[[], Iterator[object]], others: list[Connection]) -> tuple[ForkProcess, Connection]:
    """Fork this process; return the fork and the connection to it. `others` are the connections to earlier forks."""
    parent_end, child_end = Pipe()
    arguments = (results, child_end, [*others, parent_end], os.getpid())
    process = get_context("fork").Process(target=_run_child, args=arguments, daemon=True)
    process.start()
    child_end.close()
    return process, parent_end


def _run_child(results: Callable[[], Iterator[object]], parent: Connection, inherited: list[Connection], parent_id: int) -> None:
    """Send `results`, or the error that they raise, to the parent. Only the parent reacts to Ctrl-C.

    `inherited` are the parent's ends of connections, which the fork closes. `parent_id`, read before the fork, shows if the
    parent has ended.
    """
    gc.freeze()  # a collection of inherited objects would write to memory that both processes share, and so copy it
    die_with_parent(parent_id)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for connection in inherited:
        connection.close()
    queue: Queue[_Result | None] = Queue(_MAX_QUEUED)
    # A thread sends, because a large result waits until the parent takes it. The next chunk need not wait.
    sender = threading.Thread(target=_send_results, args=(parent, queue), name="feedsvc-results", daemon=True)
    sender.start()
    try:
        for result in results():
            queue.put((None, result))
    except Exception as error:  # noqa: BLE001 - raised in the parent
        queue.put((_picklable_error(error), None))
    queue.put(None)
    sender.join()


def _send_results(parent: Connection, queue: Queue[_Result | None]) -> None:
    """Send the results in the queue up to None, which is sent, too. End this process if its parent has ended."""
    try:
        while (result := queue.get()) is not None:
            parent.send(result)
        parent.send(None)
    except ConnectionError:
        os._exit(1)


def _picklable_error(error: Exception) -> Exception:
    """Return the error with its traceback as a note, or a RuntimeError with the traceback if it cannot be pickled."""
    lines = "".join(traceback.format_exception(error))
    with suppress(Exception):
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
        error.add_note(lines)
        return error
    return RuntimeError(lines)
