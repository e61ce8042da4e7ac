"""Processes with one state folder see the measurements of all, and the sums of counters never decrease."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from feedsvc.service.measurements import ProcessMeasurements


class Process:
    """A process with a counter and a gauge."""

    def __init__(self, state: Path, stack: ExitStack, worker: int = 0, requests: int = 0) -> None:
        self.requests = requests
        self.measurements = stack.enter_context(closing(ProcessMeasurements(state, self._measure, worker)))

    def _measure(self) -> dict[str, object]:
        return {"push": {"announcing": False}, "counters": {"requests": self.requests}, "gauges": {"size": self.requests}}

    @property
    def path(self) -> Path:
        return self.measurements._path

    def total(self) -> float:
        return self.measurements.metrics()[0]["requests"]

    def pause(self) -> None:
        """Make this process appear to have written nothing for a minute, as if it was killed or paused."""
        self.measurements._stop.set()
        os.utime(self.path, (0, 0))

    def end_others(self) -> None:
        self.measurements.write()
        self.measurements._end(self.measurements._files(is_running=False))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_each_process_knows_the_counters_and_gauges_of_all(tmp_path: Path, stack: ExitStack) -> None:
    processes = [Process(tmp_path, stack, number, number) for number in (1, 2, 3)]
    assert [process.total() for process in processes] == [6, 6, 6]
    gauges = {"1": {"size": 1}, "2": {"size": 2}, "3": {"size": 3}}
    assert [process.measurements.metrics()[1] for process in processes] == [gauges] * 3


def test_single_process_of_another_server_has_no_number(tmp_path: Path, stack: ExitStack) -> None:
    first = Process(tmp_path, stack)
    assert set(first.measurements.metrics()[1]) == {""}
    Process(tmp_path, stack)
    assert set(first.measurements.metrics()[1]) == {"1", "2"}


def test_counters_of_ended_processes_stay(tmp_path: Path, stack: ExitStack) -> None:
    ended, killed, other = (Process(tmp_path, stack, requests=number) for number in (5, 7, 9))
    ended.measurements.close()
    assert other.total() == 21
    killed.pause()
    assert (other.total(), len(other.measurements.running())) == (21, 1)
    other.end_others()
    assert (other.total(), list(tmp_path.glob("metrics/[0-9]*.json"))) == (21, [other.path])
    other.measurements.close()
    assert Process(tmp_path, stack, requests=1).total() == 22


def test_process_that_was_taken_for_an_ended_one_goes_on_counting(tmp_path: Path, stack: ExitStack) -> None:
    paused, other = Process(tmp_path, stack, requests=5), Process(tmp_path, stack, requests=1)
    for total in (6, 9):
        paused.pause()
        other.end_others()
        assert other.total() == total
        paused.requests = 8
        paused.measurements.write()
        assert other.total() == paused.total() == 9


def test_file_that_was_added_but_not_deleted_counts_once(tmp_path: Path, stack: ExitStack) -> None:
    killed, other = Process(tmp_path, stack, requests=5), Process(tmp_path, stack, requests=1)
    killed.pause()
    data = killed.path.read_bytes()
    for _ in range(2):
        other.end_others()
        killed.path.write_bytes(data)
        assert other.total() == 6
        os.utime(killed.path, (0, 0))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff" * 100])
def test_damaged_file_is_ignored(tmp_path: Path, stack: ExitStack, data: bytes) -> None:
    process = Process(tmp_path, stack, requests=2)
    for name in ("1-damaged.json", "ended.json"):
        (tmp_path / "metrics" / name).write_bytes(data)
    assert (process.total(), len(process.measurements.running())) == (2, 1)


def test_process_without_a_usable_folder_serves_alone(tmp_path: Path, stack: ExitStack, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    with caplog.at_level(logging.WARNING):
        process = Process(tmp_path / "file", stack, requests=3)
    assert process.measurements.metrics() == ({"requests": 3}, {"": {"size": 3}})
    assert "/metrics is that of one process" in caplog.text


def test_file_in_place_of_the_folder_is_set_aside(tmp_path: Path, stack: ExitStack) -> None:
    (tmp_path / "metrics").write_text("?")
    first, second = (Process(tmp_path, stack, requests=number) for number in (2, 3))
    assert first.total() == second.total() == 5
    assert json.loads(first.path.read_bytes())["pid"] == os.getpid()
