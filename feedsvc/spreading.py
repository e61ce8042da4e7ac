"""Work spread over processes that are copies of this one, which works along."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from itertools import accumulate, pairwise
from multiprocessing import Pipe, connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from queue import SimpleQueue
from typing import Any, Final, TypeVar

from feedsvc.errors import FeedsvcError

_LEAST: Final = 2  # pieces that a process has before it, so that it need not wait for the next
_AHEAD: Final = 4  # the same while there are many more: this one may be at work at a piece that takes longer
_MEANWHILE: Final = 12  # and while it does something else
_ENDED: Final = "a process that was at work ended by itself (killed for its memory, perhaps); build again, or with --processes 1"

_T = TypeVar("_T")
_R = TypeVar("_R")
_Work = Callable[[Sequence[_T]], _R]


def at_hand() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_pieces(each: Sequence[_T], processes: int, most: int, least: int = 1) -> list[Sequence[_T]]:
    """Of so many at most; smaller and smaller ones, once few are left for each process, so that all end together.

    They are begun at both ends, so that the smallest stand where these meet. At most one is under the `least`.
    """
    sizes, left = [], len(each)
    while left:
        sizes.append(min(left, max(least, min(most, left // (4 * processes)))))
        left -= sizes[-1]
    ends = [*accumulate([*sizes[::2], *reversed(sizes[1::2])])]
    return [each[start:end] for start, end in pairwise([0, *ends])]


def spread(
    work: _Work[_T, _R], pieces: Sequence[Sequence[_T]], processes: int, meanwhile: Callable[[], object] | None = None
) -> Iterator[_R]:
    """What `work` makes of each piece, in any order; at once in so many processes, this one among them.

    If there are others, `meanwhile` is done before this one works along. Raises what `work` raised, FeedsvcError where a process
    ended by itself. However this ends, the others end first.
    """
    count = min(processes, len(pieces)) - 1
    if count < 1 or threading.active_count() > 1:  # a copy of a process with threads may never move again
        yield from map(work, pieces)
        return
    with _children(work, pieces, count) as children:
        yield from _collected(work, pieces, children, meanwhile if children else None)


@contextmanager
def beside(work: Callable[[], _R]) -> Iterator[Callable[[], _R]]:
    """`work` goes on in a copy of this process until the block ends; what is yielded waits for what it makes.

    With one processor, or where no copy can be made, it is done when it is asked for. Raises there as `spread` does.
    """
    if at_hand() < 2 or threading.active_count() > 1:  # noqa: PLR2004 - this process, and another
        yield work
        return
    with _children(lambda _: work(), [()], 1) as children:
        for conn in children:
            _send_to(conn, 0)
        yield lambda: _received(*children) if children else work()


class Begun(AbstractContextManager[Callable[[], _R]]):
    """As `beside`, for work that is begun now and waited for, or ended, in a block that is entered later."""

    def __init__(self, work: Callable[[], _R]) -> None:
        self._held = ExitStack()
        self._answer = self._held.enter_context(beside(work))

    def __enter__(self) -> Callable[[], _R]:
        return self._answer

    def __exit__(self, *_: object) -> None:
        self._held.close()


def _collected(
    work: _Work[_T, _R],
    pieces: Sequence[Sequence[_T]],
    children: list[Connection],
    meanwhile: Callable[[], object] | None,
) -> Iterator[_R]:
    """This process begins with the first piece, the others with the last: who makes what lies side by side makes it sooner."""
    todo, held = deque(range(len(pieces))), dict.fromkeys(children, 0)
    _hand_out(held, todo, _MEANWHILE if meanwhile else _AHEAD)
    if meanwhile:
        meanwhile()
    while todo:
        yield work(pieces[todo.popleft()])
        while speaking := _speaking(children, timeout=0):
            yield from _heard(speaking, held)
            _hand_out(held, todo, _AHEAD)
    while any(held.values()):
        yield from _heard(_speaking(children, timeout=None), held)


def _hand_out(held: dict[Connection, int], todo: deque[int], most: int) -> None:
    """One to each in turn, until each has so many before it; the last few are left for whoever is the first to be done."""
    for depth in range(1, most + 1):
        for conn, count in held.items():
            if count < depth and (depth <= _LEAST or len(todo) > depth * len(held)) and todo:
                _send_to(conn, todo.pop())
                held[conn] = count + 1


def _heard(speaking: list[Connection], held: dict[Connection, int]) -> Iterator[Any]:
    for conn in speaking:
        yield _received(conn)
        held[conn] -= 1


def _speaking(children: list[Connection], timeout: float | None) -> list[Connection]:
    ready = connection.wait(children, timeout)
    return [conn for conn in children if conn in ready]


def _send_to(conn: Connection, index: int) -> None:
    with suppress(BrokenPipeError):  # whoever listens to it will hear
        conn.send(index)


def _received(conn: Connection) -> Any:
    try:
        error, made = conn.recv()
    except (EOFError, OSError):  # between two answers, or in the midst of one
        raise FeedsvcError(_ENDED) from None
    if error is not None:
        raise error
    return made


@contextmanager
def _children(work: _Work[_T, _R], pieces: Sequence[Sequence[_T]], count: int) -> Iterator[list[Connection]]:
    """Copies of this process, fewer where the system has no room for more.

    What it holds by now is not looked through for garbage, or all of it would be copied indeed.
    """
    children: list[tuple[ForkProcess, Connection]] = []
    gc.freeze()
    try:
        with suppress(OSError):
            for _ in range(count):
                children.append(_child(work, pieces, [conn for _, conn in children]))
        yield [conn for _, conn in children]
    finally:
        for process, conn in children:
            conn.close()
            process.terminate()
        for process, _ in children:
            process.join()
            process.close()
        gc.unfreeze()


def _child(work: _Work[_T, _R], pieces: Sequence[Sequence[_T]], others: list[Connection]) -> tuple[ForkProcess, Connection]:
    ours, its = Pipe()
    process = get_context("fork").Process(target=_serve, args=(work, pieces, its, [*others, ours]), daemon=True)
    process.start()
    its.close()
    return process, ours


def _serve(work: _Work[_T, _R], pieces: Sequence[Sequence[_T]], conn: Connection, others: list[Connection]) -> None:
    """In the copy: until the process that it is a copy of ends, or ends it. A Ctrl-C is for that one alone to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for one in others:
        one.close()
    answers: SimpleQueue[tuple[Exception | None, _R | None]] = SimpleQueue()
    # A large answer waits until it is taken, at which the next piece need not wait: there are never more than a few.
    threading.Thread(target=_send, args=(conn, answers), daemon=True).start()
    with suppress(EOFError, ConnectionError):
        while True:
            answers.put(_answer(work, pieces[conn.recv()]))


def _send(conn: Connection, answers: SimpleQueue[tuple[Exception | None, _R | None]]) -> None:
    with suppress(ConnectionError):
        while True:
            conn.send(answers.get())


def _answer(work: _Work[_T, _R], piece: Sequence[_T]) -> tuple[Exception | None, _R | None]:
    try:
        return None, work(piece)
    except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to who asked
        return _portable(error), None


def _portable(error: Exception) -> Exception:
    """With the lines where it came up, in a form that passes from process to process."""
    lines = "".join(traceback.format_exception(error))
    with suppress(Exception):
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
        error.add_note(lines)
        return error
    return RuntimeError(lines)
