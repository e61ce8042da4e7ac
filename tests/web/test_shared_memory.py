"""What workers know of one another."""

import os
import time

from feedsvc.web.shared_memory import WorkerTable


def test_a_notice_is_read_by_all_and_outlives_its_worker() -> None:
    board = WorkerTable(2)
    one, other = board.slot(1), board.slot(2)
    assert one.read_messages() == {1: {}, 2: {}}
    for count in range(5):
        one.write_message({"count": count})
        assert other.read_messages() == {1: {"count": count}, 2: {}}
    board.release(1)
    assert board.slot(1).read_message() == {"count": 4}


def test_a_notice_that_is_too_long_leaves_the_one_before() -> None:
    seat = WorkerTable(1).slot(1)
    seat.write_message({"count": 1})
    seat.write_message({"long": "x" * 40_000})
    assert seat.read_message() == {"count": 1}


def test_another_process_sees_it() -> None:
    board = WorkerTable(2)
    pid = os.fork()
    if not pid:
        seat = board.slot(2)
        seat.register()
        seat.write_message({"pid": os.getpid()})
        os._exit(0)
    os.waitpid(pid, 0)
    assert board.alive_pids() == {2: pid}
    assert board.slot(1).read_messages()[2] == {"pid": pid}


def test_a_question_is_answered_when_all_others_have_looked() -> None:
    board = WorkerTable(3)
    seats = [board.slot(number) for number in (1, 2, 3)]
    for seat in seats[:2]:
        seat.register()
    question = seats[0].sync_barrier()
    assert not seats[1].is_rescan_requested()
    assert not question()
    assert seats[1].is_rescan_requested()
    assert not seats[0].is_rescan_requested()
    seats[1].confirm_scan(time.monotonic())
    assert not seats[1].is_rescan_requested()
    assert question()  # the third has not begun: it will read everything
    assert not seats[0].sync_barrier()()


def test_who_hangs_does_not_hold_up_an_answer_for_ever() -> None:
    board = WorkerTable(2)
    board.slot(2).register()
    question = board.slot(1).sync_barrier(timeout=0.0)
    question()
    time.sleep(0.001)
    assert question()
