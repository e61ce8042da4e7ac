"""The shared table of workers: messages, registrations and scan requests."""

import os
import time

from feedsvc.web.shared_memory import WorkerTable


def test_message_is_read_by_all_slots_and_remains_after_its_worker() -> None:
    table = WorkerTable(2)
    first, second = table.slot(1), table.slot(2)
    assert first.read_messages() == {1: {}, 2: {}}
    for count in range(5):
        first.write_message({"count": count})
        assert second.read_messages() == {1: {"count": count}, 2: {}}
    table.release(1)
    assert table.slot(1).read_message() == {"count": 4}


def test_message_over_the_size_limit_leaves_the_previous_one() -> None:
    slot = WorkerTable(1).slot(1)
    slot.write_message({"count": 1})
    slot.write_message({"long": "x" * 40_000})
    assert slot.read_message() == {"count": 1}


def test_message_and_pid_are_visible_in_another_process() -> None:
    table = WorkerTable(2)
    pid = os.fork()
    if not pid:
        slot = table.slot(2)
        slot.register()
        slot.write_message({"pid": os.getpid()})
        os._exit(0)
    os.waitpid(pid, 0)
    assert table.alive_pids() == {2: pid}
    assert table.slot(1).read_messages()[2] == {"pid": pid}


def test_scan_request_is_confirmed_after_every_other_worker_has_scanned() -> None:
    table = WorkerTable(3)
    slots = [table.slot(number) for number in (1, 2, 3)]
    for slot in slots[:2]:
        slot.register()
    is_confirmed = slots[0].sync_barrier()
    assert not slots[1].is_rescan_requested()
    assert not is_confirmed()
    assert slots[1].is_rescan_requested()
    assert not slots[0].is_rescan_requested()
    slots[1].confirm_scan(time.monotonic())
    assert not slots[1].is_rescan_requested()
    assert is_confirmed()  # the third worker has not started yet: it will read everything
    assert not slots[0].sync_barrier()()


def test_scan_request_is_confirmed_after_a_timeout_if_a_worker_hangs() -> None:
    table = WorkerTable(2)
    table.slot(2).register()
    is_confirmed = table.slot(1).sync_barrier(timeout=0.0)
    is_confirmed()
    time.sleep(0.001)
    assert is_confirmed()
