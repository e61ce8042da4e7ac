"""Processes with one state folder find each other, wait for each other, and inherit counters."""

from __future__ import annotations

import os
import socket
import stat
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from feedsvc.service.peers import PeerProcesses
from tests.audience.waiting import wait_until


class Process:
    """A process with a counter, as far as its peers see it."""

    def __init__(self, state: Path, stack: ExitStack) -> None:
        self.requests = 0
        self.peers = stack.enter_context(closing(PeerProcesses(state, lambda: {"counters": {"requests": self.requests}})))


def total(peers: PeerProcesses) -> float:
    counters: list[Mapping[str, float]] = [message["counters"] for message in peers.measurements().values()]
    return sum(counter.get("requests", 0) for counter in counters)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_each_process_knows_the_counters_of_all(tmp_path: Path, stack: ExitStack) -> None:
    processes = [Process(tmp_path, stack) for _ in range(3)]
    for number, process in enumerate(processes, 1):
        process.requests = number
    assert [total(process.peers) for process in processes] == [6, 6, 6]
    assert set(processes[0].peers.measurements()) == {"1", "2", "3"}


def test_counters_of_a_process_that_ends_are_left_to_a_peer(tmp_path: Path, stack: ExitStack) -> None:
    first, second = Process(tmp_path, stack), Process(tmp_path, stack)
    first.requests, second.requests = 5, 7
    first.peers.close()
    assert total(second.peers) == 12
    third = Process(tmp_path, stack)
    assert total(third.peers) == 12
    second.peers.close()
    assert total(third.peers) == 12


def test_barrier_waits_until_every_peer_has_scanned(tmp_path: Path, stack: ExitStack) -> None:
    first, second, third = (Process(tmp_path, stack).peers for _ in range(3))
    barrier = first.barrier()
    assert not second.scans.is_rescan_requested()  # only the process that notifies hubs asks
    assert not barrier()
    wait_until(second.scans.is_rescan_requested)
    wait_until(third.scans.is_rescan_requested)
    second.scans.confirm_scan(time.monotonic() - 60)  # a scan that began before the change
    assert second.scans.is_rescan_requested()
    second.scans.confirm_scan(time.monotonic())
    assert not second.scans.is_rescan_requested()
    threading.Event().wait(0.1)
    assert not barrier()
    third.scans.confirm_scan(time.monotonic())
    wait_until(barrier)


def test_process_without_peers_waits_for_nobody(tmp_path: Path, stack: ExitStack) -> None:
    wait_until(Process(tmp_path, stack).peers.barrier())


def test_socket_of_a_killed_process_is_removed(tmp_path: Path, stack: ExitStack) -> None:
    process = Process(tmp_path, stack)
    left = tmp_path / "peers" / "aaaaaaaa"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(left))
    assert left.is_socket()
    assert total(process.peers) == 0
    assert not left.exists()
    wait_until(process.peers.barrier())


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b'{"request": "inherit"}', b'{"request": 1}', b"\xff" * 100])
def test_invalid_request_changes_nothing(tmp_path: Path, stack: ExitStack, data: bytes) -> None:
    process = Process(tmp_path, stack)
    [path] = (tmp_path / "peers").iterdir()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100) in (b"", b"{}")
    assert total(process.peers) == 0


def test_only_the_own_user_may_connect(tmp_path: Path, stack: ExitStack) -> None:
    Process(tmp_path, stack)
    [path] = (tmp_path / "peers").iterdir()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_process_without_a_usable_folder_serves_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / ("x" * 120)
    os.mkdir(folder)
    with ExitStack() as stack:
        process = Process(folder, stack)
        process.requests = 3
        assert total(process.peers) == 3
        wait_until(process.peers.barrier())
    assert "no other process of this server can be reached" in caplog.text


def test_file_in_place_of_the_folder_is_set_aside(tmp_path: Path, stack: ExitStack) -> None:
    (tmp_path / "peers").write_text("?")
    first, second = Process(tmp_path, stack), Process(tmp_path, stack)
    first.requests = 2
    assert total(second.peers) == 2
