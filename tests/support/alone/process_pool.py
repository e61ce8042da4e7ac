"""The process pool completes all work, and leaves no child process, whether it succeeds or fails."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection

import pytest

from feedsvc.errors import FeedsvcError
from feedsvc.support.process_pool import BackgroundTask, map_chunks

NUMBERS = range(40)


def double(chunk: Sequence[int]) -> tuple[int, int]:
    return 2 * chunk[0], os.getpid()


@pytest.mark.parametrize("processes", [1, 2, 5, 60])
def test_every_chunk_is_processed_once(processes: int) -> None:
    results = list(map_chunks(double, NUMBERS, processes, max_chunk=1))
    assert sorted(number for number, _ in results) == [2 * number for number in range(40)]
    assert len({process for _, process in results}) <= processes


def test_child_processes_process_chunks() -> None:
    def work(chunk: Sequence[int]) -> int:
        time.sleep(0.05)  # until all processes run
        return os.getpid()

    assert len({*map_chunks(work, NUMBERS, 3, max_chunk=1)} - {os.getpid()}) == 2


def test_bounds_of_many_chunks_fit_in_a_pipe() -> None:
    sizes = [*map_chunks(len, range(1_000_000), 2, max_chunk=1)]
    assert len(sizes) <= 1000
    assert sum(sizes) == 1_000_000


def test_chunks_are_contiguous_and_become_smaller_towards_the_end() -> None:
    def bounds(chunk: Sequence[int]) -> tuple[int, int]:
        assert [*chunk] == [*range(chunk[0], chunk[-1] + 1)]
        return chunk[0], chunk[-1] + 1

    for number in (0, 1, 63, 1000, 5000):
        chunk_bounds = sorted(map_chunks(bounds, range(number), 3, max_chunk=64, min_chunk=4))
        assert [start for start, _ in chunk_bounds] == [0, *(end for _, end in chunk_bounds)][: len(chunk_bounds)]
        assert [end for _, end in chunk_bounds][-1:] == [number][: len(chunk_bounds)]
        sizes = [end - start for start, end in chunk_bounds]
        assert max(sizes, default=0) <= 64
        assert sum(size < 4 for size in sizes) <= 1
        assert number < 1000 or min(sizes) <= 4


def fail_in_child(chunk: Sequence[int]) -> int:
    if os.getpid() != MAIN_PROCESS:
        raise FeedsvcError("the disk is full")
    time.sleep(0.05)
    return 0


def raise_unpicklable_error_in_child(chunk: Sequence[int]) -> int:
    if os.getpid() != MAIN_PROCESS:
        raise type("Local", (ValueError,), {})("odd")
    time.sleep(0.05)
    return 0


def kill_child(chunk: Sequence[int]) -> int:
    if os.getpid() != MAIN_PROCESS:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    return 0


MAIN_PROCESS = os.getpid()


@pytest.mark.parametrize(
    ("work", "error", "message"),
    [
        (fail_in_child, FeedsvcError, "the disk is full"),
        (raise_unpicklable_error_in_child, RuntimeError, "odd"),
        (kill_child, FeedsvcError, "ended by itself"),
    ],
)
def test_error_in_a_child_process_is_raised_in_the_main_process(work: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        list(map_chunks(work, NUMBERS, 2, max_chunk=1))


def test_closing_the_iterator_ends_the_child_processes() -> None:
    for _ in map_chunks(double, NUMBERS, 3, max_chunk=1):
        break


def interrupt_main_process(chunk: Sequence[int]) -> int:
    if os.getpid() == MAIN_PROCESS:
        raise KeyboardInterrupt
    time.sleep(0.05)  # until the main process runs, too
    return 0


def test_keyboard_interrupt_ends_the_child_processes() -> None:
    with pytest.raises(KeyboardInterrupt):
        list(map_chunks(interrupt_main_process, NUMBERS, 3, max_chunk=1))


def test_background_task_runs_in_another_process() -> None:
    with BackgroundTask(os.getpid) as result:
        assert result() != os.getpid()


def test_unused_background_task_is_ended() -> None:
    with BackgroundTask(signal.pause):
        pass


def kill_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_killed_background_task_is_an_error() -> None:
    with BackgroundTask(kill_itself) as result, pytest.raises(FeedsvcError, match="ended by itself"):
        result()


def test_process_killed_while_sending_its_result_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def send_half(conn: Connection, results: object) -> None:
        os.write(conn.fileno(), (1000).to_bytes(4, "big") + b"half of it")
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr("feedsvc.support.process_pool._send_results", send_half)
    with BackgroundTask(os.getpid) as result, pytest.raises(FeedsvcError, match="ended by itself"):
        result()
    with pytest.raises(FeedsvcError, match="ended by itself"):
        list(map_chunks(double, NUMBERS, 2, max_chunk=1))


def test_main_process_does_all_work_if_fork_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_to_fork() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("os.fork", fail_to_fork)
    with BackgroundTask(os.getpid) as result:
        assert result() == os.getpid()
    assert {process for _, process in map_chunks(double, NUMBERS, 3, max_chunk=1)} == {os.getpid()}
