"""Work spread over processes that are copies of this one, which works along."""

from __future__ import annotations

import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from multiprocessing import Pipe, connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from queue import SimpleQueue
from typing import Any, Final, TypeVar

from feedsvc.errors import FeedsvcError
from feedsvc.support import gc_control, libc, watchdog

_LEAST: Final = 2  # pieces that a process has before it, so that it need not wait for the next
_AHEAD: Final = 4  # the same while there are many more: this one may be at work at a piece that takes longer
_MEANWHILE: Final = 12  # and while it does something else
_PARTS: Final = 4  # pieces that there are at least for each process, of all that is left
_MOMENT: Final = 0.2  # seconds for a process whose connection has ended to end, too
_NO_WORK: Final = range(0)
_ENDED: Final = "a process that was at work ended by itself (killed for its memory, perhaps); build again, or with --processes 1"

_T = TypeVar("_T")
_R = TypeVar("_R")
_Work = Callable[[Sequence[_T]], _R]
_Answer = tuple[Exception | None, object]


class _EndedError(FeedsvcError):
    """A process that was at work is no more."""


def at_hand() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spread(
    work: _Work[_T, _R],
    each: Sequence[_T],
    processes: int,
    *,
    most: int,
    least: int = 1,
    meanwhile: Callable[[], object] | None = None,
) -> Iterator[_R]:
    """What `work` makes of pieces, of `most` at most, of all that there is, in any order; at once in so many processes.

    This one is among them. If there are others, `meanwhile` is done before this one works along. No piece but the last is under
    the `least`. Raises what `work` raised, FeedsvcError where a process ended by itself. However this ends, the others end first.
    """
    count = min(processes, -(-len(each) // least)) - 1
    if count < 1 or threading.active_count() > 1:  # a copy of a process with threads may never move again
        rest = _Rest(len(each), 1, most, least)
        while rest:
            yield work(_part(each, rest.first()))
        return
    rest = _Rest(len(each), count + 1, most, least)
    with _children(lambda part: work(_part(each, part)), count) as children:
        yield from _collected(lambda part: work(_part(each, part)), rest, children, meanwhile if children else None)


class Begun(AbstractContextManager[Callable[[], _R]]):
    """Work that goes on in a copy of this process from now on, until it is made or a block is left that was entered meanwhile.

    What the block is given waits for what it makes. With one processor, or where no copy can be made, it is done when it is asked
    for. Raises there as `spread` does.
    """

    def __init__(self, work: Callable[[], _R]) -> None:
        self._work, self._held, self._children = work, ExitStack(), list[Connection]()
        if at_hand() > 1 and threading.active_count() == 1:
            self._children = self._held.enter_context(_children(lambda _: work(), 1))
        for conn in self._children:
            _send_to(conn, _NO_WORK)

    @property
    def is_waited_for(self) -> bool:
        """Whether there is time for something else, until it is made elsewhere."""
        return bool(self._children) and not _speaking(self._children, timeout=0)

    def __enter__(self) -> Callable[[], _R]:
        return lambda: _received(*self._children) if self._children else self._work()

    def __exit__(self, *_: object) -> None:
        self._held.close()


class _Rest:
    """What nobody has yet, from both ends of which pieces are cut: smaller and smaller ones, once few are left for each process.

    So all end together, whoever is the quicker.
    """

    def __init__(self, count: int, processes: int, most: int, least: int) -> None:
        self._left, self._processes, self._most, self._least = range(count), processes, most, least

    def __bool__(self) -> bool:
        return bool(self._left)

    def is_long(self, pieces: int) -> bool:
        """Whether there are more than so many of the largest pieces, and no smaller ones yet."""
        return self._size == self._most and len(self._left) > pieces * self._most

    def first(self) -> range:
        piece, self._left = self._left[: self._size], self._left[self._size :]
        return piece

    def last(self) -> range:
        piece, self._left = self._left[-self._size :], self._left[: -self._size]
        return piece

    @property
    def _size(self) -> int:
        return max(self._least, min(self._most, len(self._left) // (_PARTS * self._processes)))


def _part(each: Sequence[_T], piece: range) -> Sequence[_T]:
    return each[piece.start : piece.stop]


def _collected(
    work: Callable[[range], _R], rest: _Rest, children: list[Connection], meanwhile: Callable[[], object] | None
) -> Iterator[_R]:
    """This process begins at one end, the others at the other: who makes what lies side by side makes it sooner."""
    held = dict.fromkeys(children, 0)
    _hand_out(held, rest, _MEANWHILE if meanwhile else _AHEAD)
    if meanwhile:
        meanwhile()
    while rest:
        yield work(rest.first())
        while speaking := _speaking(children, timeout=0):
            yield from _heard(speaking, held)
            _hand_out(held, rest, _AHEAD)
    while any(held.values()):
        yield from _heard(_speaking(children, timeout=None), held)


def _hand_out(held: dict[Connection, int], rest: _Rest, most: int) -> None:
    """One to each in turn, until each has so many before it; of the last few, no more than it needs not to wait."""
    for depth in range(1, most + 1):
        for conn, count in held.items():
            if count < depth and rest and (depth <= _LEAST or rest.is_long(depth * len(held))):
                _send_to(conn, rest.last())
                held[conn] = count + 1


def _heard(speaking: list[Connection], held: dict[Connection, int]) -> Iterator[Any]:
    for conn in speaking:
        yield _received(conn)
        held[conn] -= 1


def _speaking(children: list[Connection], timeout: float | None) -> list[Connection]:
    ready = connection.wait(children, timeout)
    return [conn for conn in children if conn in ready]


def _send_to(conn: Connection, piece: range) -> None:
    with suppress(BrokenPipeError):  # whoever listens to it will hear
        conn.send(piece)


def _received(conn: Connection) -> Any:
    try:
        error, made = conn.recv()
    except (EOFError, OSError):  # between two answers, or in the midst of one
        raise _EndedError(_ENDED) from None
    if error is not None:
        raise error
    return made


@contextmanager
def _children(work: Callable[[range], object], count: int) -> Iterator[list[Connection]]:
    """Copies of this process, fewer where the system has no room for more."""
    libc.prepare()
    children: list[tuple[ForkProcess, Connection]] = []
    with gc_control.frozen():
        try:
            with suppress(OSError):
                for _ in range(count):
                    children.append(_child(work, [conn for _, conn in children]))
            yield [conn for _, conn in children]
        except _EndedError:
            for process, _ in children:
                _explain(process)
            raise
        finally:
            for process, conn in children:
                conn.close()
                process.terminate()
            for process, _ in children:
                process.join()
                process.close()


def _explain(process: ForkProcess) -> None:
    """Raise FeedsvcError if the watchdog ended the process, or it crashed."""
    process.join(_MOMENT)
    if -(process.exitcode or 0) in libc.REPORTED_SIGNALS:
        why = watchdog.explanation(process.pid or 0) or f"was ended by {signal.Signals(-(process.exitcode or 0)).name}"
        raise FeedsvcError(f"a process that was at work (process {process.pid}) {why}; then build again") from None


def _child(work: Callable[[range], object], others: list[Connection]) -> tuple[ForkProcess, Connection]:
    ours, its = Pipe()
    process = get_context("fork").Process(target=_serve, args=(work, its, [*others, ours], os.getpid()), daemon=True)
    process.start()
    its.close()
    return process, ours


def _serve(work: Callable[[range], object], conn: Connection, others: list[Connection], parent: int) -> None:
    """In the copy: until the process that it is a copy of ends, or ends it. A Ctrl-C is for that one alone to answer."""
    libc.die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for one in others:
        one.close()
    answers: SimpleQueue[_Answer] = SimpleQueue()
    # A large answer waits until it is taken, at which the next piece need not wait: there are never more than a few.
    threading.Thread(target=_send, args=(conn, answers), daemon=True).start()
    with suppress(EOFError, ConnectionError):
        while True:
            answers.put(_answer(work, conn.recv()))


def _send(conn: Connection, answers: SimpleQueue[_Answer]) -> None:
    with suppress(ConnectionError):
        while True:
            conn.send(answers.get())


def _answer(work: Callable[[range], object], piece: range) -> _Answer:
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
