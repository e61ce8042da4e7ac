"""Process pool: work divided among this process and forked copies of it."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection, wait
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final, TypeVar

from feedsvc.errors import FeedsvcError
from feedsvc.support.posix import CAN_FORK
from feedsvc.support.process import die_with_parent

if TYPE_CHECKING:
    from multiprocessing.context import ForkProcess  # Windows has none

_MIN_QUEUED: Final = 2  # chunks queued for a process, so that it need not wait for the next
_MAX_QUEUED: Final = 4  # the same while many chunks are left: this process may be busy with a slower one
_MAX_QUEUED_WHILE_WAITING: Final = 12  # the same while this process runs `while_waiting`
_CHUNKS_PER_PROCESS: Final = 4  # minimum number of chunks for each process in the remaining items
_EMPTY_CHUNK: Final = range(0)
_ENDED_MESSAGE: Final = (
    "a forked process ended by itself (a crash, or the system killed it for lack of memory); build again, or with --processes 1"
)

_T = TypeVar("_T")
_R = TypeVar("_R")
_Work = Callable[[Sequence[_T]], _R]
_Result = tuple[Exception | None, object]


def available_processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def map_chunks(
    work: _Work[_T, _R],
    items: Sequence[_T],
    processes: int,
    *,
    max_chunk: int,
    min_chunk: int = 1,
    while_waiting: Callable[[], object] | None = None,
) -> Iterator[_R]:
    """Yield the result of `work` for each chunk of `items`, in any order, computed in up to `processes` processes at once.

    This process is one of them, and the only one if it runs several threads or the system has no forks. If others are forked,
    this process gives them work, then calls `while_waiting` once, then works along. Chunks have `min_chunk` to `max_chunk` items,
    the last may have fewer. Results of forks are pickled, and what `work` changes in a fork is lost.
    Raises errors of `work` (RuntimeError for one that cannot be pickled), and FeedsvcError, which advises to build again, if a
    fork ended by itself. All forks end before this generator does.
    """
    forks = min(processes, -(-len(items) // min_chunk)) - 1
    if forks < 1 or not CAN_FORK or threading.active_count() > 1:  # a fork of a process with threads may deadlock
        queue = _ChunkQueue(len(items), 1, max_chunk, min_chunk)
        while queue:
            yield work(_chunk_items(items, queue.take_first()))
        return
    queue = _ChunkQueue(len(items), forks + 1, max_chunk, min_chunk)
    with _child_processes(lambda chunk: work(_chunk_items(items, chunk)), forks) as children:
        yield from _collect_results(
            lambda chunk: work(_chunk_items(items, chunk)), queue, children, while_waiting if children else None
        )


class BackgroundTask(AbstractContextManager[Callable[[], _R]]):
    """Work that starts at once in a fork of this process. Leaving the `with` block ends the fork, even if it is still at work.

    The block gets a function, to be called once, that waits for the result and returns it. With one processor, in a process with
    several threads, or if no fork is possible, that function does the work itself. It raises the errors of `work`, and
    FeedsvcError if the fork ended by itself.
    """

    def __init__(self, work: Callable[[], _R], *, processors: int | None = None) -> None:
        """Start `work` in a fork if possible. `processors` is the number of processors; None means `available_processors`."""
        self._work, self._exit_stack, self._children = work, ExitStack(), list[Connection]()
        if CAN_FORK and (processors or available_processors()) > 1 and threading.active_count() == 1:
            self._children = self._exit_stack.enter_context(_child_processes(lambda _: work(), 1))
        for connection in self._children:
            _send_chunk(connection, _EMPTY_CHUNK)

    @property
    def is_running(self) -> bool:
        """True while a fork is at work and its result is not yet available. Do not use it after the result was received."""
        return bool(self._children) and not _ready_connections(self._children, timeout=0)

    def __enter__(self) -> Callable[[], _R]:
        return lambda: _receive(*self._children) if self._children else self._work()

    def __exit__(self, *_: object) -> None:
        self._exit_stack.close()


class _ChunkQueue:
    """Queue of chunks: the range of the remaining items' indexes, from both ends of which chunks are taken.

    Chunks get smaller once few items are left per process, so that fast and slow processes end at the same time.
    """

    def __init__(self, count: int, processes: int, max_chunk: int, min_chunk: int) -> None:
        self._remaining, self._processes, self._max_chunk, self._min_chunk = range(count), processes, max_chunk, min_chunk

    def __bool__(self) -> bool:
        return bool(self._remaining)

    def has_more_than(self, chunks: int) -> bool:
        """Return whether chunks still have the maximum size and more than `chunks` of them are left."""
        return self._chunk_size == self._max_chunk and len(self._remaining) > chunks * self._max_chunk

    def take_first(self) -> range:
        chunk, self._remaining = self._remaining[: self._chunk_size], self._remaining[self._chunk_size :]
        return chunk

    def take_last(self) -> range:
        chunk, self._remaining = self._remaining[-self._chunk_size :], self._remaining[: -self._chunk_size]
        return chunk

    @property
    def _chunk_size(self) -> int:
        return max(self._min_chunk, min(self._max_chunk, len(self._remaining) // (_CHUNKS_PER_PROCESS * self._processes)))


def _chunk_items(items: Sequence[_T], chunk: range) -> Sequence[_T]:
    return items[chunk.start : chunk.stop]


def _collect_results(
    work: Callable[[range], _R], queue: _ChunkQueue, children: list[Connection], while_waiting: Callable[[], object] | None
) -> Iterator[_R]:
    """Give work to the forks, call `while_waiting` once, work along, and yield the results of this process and its forks.

    This process takes chunks from the beginning, the forks from the end, so that each works on adjacent items, which share
    data.
    """
    pending_counts = dict.fromkeys(children, 0)
    _dispatch(pending_counts, queue, _MAX_QUEUED_WHILE_WAITING if while_waiting else _MAX_QUEUED)
    if while_waiting:
        while_waiting()
    while queue:
        yield work(queue.take_first())
        while ready := _ready_connections(children, timeout=0):
            yield from _receive_results(ready, pending_counts)
            _dispatch(pending_counts, queue, _MAX_QUEUED)
    while any(pending_counts.values()):
        yield from _receive_results(_ready_connections(children, timeout=None), pending_counts)


def _dispatch(pending_counts: dict[Connection, int], queue: _ChunkQueue, max_queued: int) -> None:
    """Send chunks from the end of the queue to the forks, one to each in turn, until each has `max_queued` pending chunks.

    A fork gets more than _MIN_QUEUED only while chunks of the maximum size are left: as its n-th pending chunk, it gets one if
    more than n for each fork are left. `pending_counts` has, by connection, how many chunks were sent to a fork whose results
    were not received; it is updated.
    """
    for depth in range(1, max_queued + 1):
        for child, count in pending_counts.items():
            if count < depth and queue and (depth <= _MIN_QUEUED or queue.has_more_than(depth * len(pending_counts))):
                _send_chunk(child, queue.take_last())
                pending_counts[child] = count + 1


def _receive_results(ready: list[Connection], pending_counts: dict[Connection, int]) -> Iterator[Any]:
    for child in ready:
        yield _receive(child)
        pending_counts[child] -= 1


def _ready_connections(children: list[Connection], timeout: float | None) -> list[Connection]:
    ready = wait(children, timeout)
    return [child for child in children if child in ready]


def _send_chunk(child: Connection, chunk: range) -> None:
    with suppress(BrokenPipeError):  # the process has ended, which `_receive` reports
        child.send(chunk)


def _receive(child: Connection) -> Any:
    """Return the next result from a fork. Raises the error of its work, or FeedsvcError if the fork has ended."""
    try:
        error, result = child.recv()
    except (EOFError, OSError):  # the process ended, between two results or within one
        raise FeedsvcError(_ENDED_MESSAGE) from None
    if error is not None:
        raise error
    return result


@contextmanager
def _child_processes(work: Callable[[range], object], count: int) -> Iterator[list[Connection]]:
    """Fork this process `count` times, or less often if the system refuses. Yield their connections, then end the forks."""
    children: list[tuple[ForkProcess, Connection]] = []
    try:
        with suppress(OSError):
            for _ in range(count):
                children.append(_fork_child(work, [child for _, child in children]))
        yield [child for _, child in children]
    finally:
        for process, child in children:
            child.close()
            process.terminate()
        for process, _ in children:
            process.join()
            process.close()


def _fork_child(work: Callable[[range], object], others: list[Connection]) -> tuple[ForkProcess, Connection]:
    """Fork this process; return the fork and the connection to it. `others` are the connections to earlier forks."""
    parent_end, child_end = Pipe()
    arguments = (work, child_end, [*others, parent_end], os.getpid())
    process = get_context("fork").Process(target=_run_child, args=arguments, daemon=True)
    process.start()
    child_end.close()
    return process, parent_end


def _run_child(work: Callable[[range], object], parent: Connection, inherited: list[Connection], parent_id: int) -> None:
    """Work in the fork, and send results or errors of `work`, until its parent ends or ends it. Only the parent reacts to Ctrl-C.

    `inherited` are the parent's ends of connections, which the fork closes. `parent_id`, read before the fork, shows if the
    parent has ended.
    """
    gc.freeze()  # a collection of inherited objects would write to memory that both processes share, and so copy it
    die_with_parent(parent_id)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for connection in inherited:
        connection.close()
    results: SimpleQueue[_Result] = SimpleQueue()
    # A thread sends, because a large result waits until the parent takes it. The next chunk need not wait. Few results queue up.
    threading.Thread(target=_send_results, args=(parent, results), name="feedsvc-results", daemon=True).start()
    with suppress(EOFError, ConnectionError):
        while True:
            results.put(_run_chunk(work, parent.recv()))


def _send_results(parent: Connection, results: SimpleQueue[_Result]) -> None:
    with suppress(ConnectionError):
        while True:
            parent.send(results.get())


def _run_chunk(work: Callable[[range], object], chunk: range) -> _Result:
    try:
        return None, work(chunk)
    except Exception as error:  # noqa: BLE001 - raised in the parent
        return _picklable_error(error), None


def _picklable_error(error: Exception) -> Exception:
    """Return the error with its traceback as a note, or a RuntimeError with the traceback if it cannot be pickled."""
    lines = "".join(traceback.format_exception(error))
    with suppress(Exception):
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
        error.add_note(lines)
        return error
    return RuntimeError(lines)
