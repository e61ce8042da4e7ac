"""What workers know of one another."""

import os
import time

import pytest

from feedsvc.web import shared_memory as module
from feedsvc.web.shared_memory import Board


def test_a_notice_is_read_by_all_and_outlives_its_worker() -> None:
    board = Board(2)
    one, other = board.seat(1), board.seat(2)
    assert one.notices() == {1: {}, 2: {}}
    for count in range(5):
        one.put_up({"count": count})
        assert other.notices() == {1: {"count": count}, 2: {}}
    board.leave(1)
    assert board.seat(1).notice() == {"count": 4}


def test_a_notice_that_is_too_long_leaves_the_one_before() -> None:
    seat = Board(1).seat(1)
    seat.put_up({"count": 1})
    seat.put_up({"long": "x" * 40_000})
    assert seat.notice() == {"count": 1}


def test_another_process_sees_it() -> None:
    board = Board(2)
    pid = os.fork()
    if not pid:
        seat = board.seat(2)
        seat.take()
        seat.put_up({"pid": os.getpid()})
        os._exit(0)
    os.waitpid(pid, 0)
    assert board.living() == {2: pid}
    assert board.seat(1).notices()[2] == {"pid": pid}


def test_a_question_is_answered_when_all_others_have_looked() -> None:
    board = Board(3)
    seats = [board.seat(number) for number in (1, 2, 3)]
    for seat in seats[:2]:
        seat.take()
    question = seats[0].question()
    assert not seats[1].asks()
    assert not question()
    assert seats[1].asks()
    assert not seats[0].asks()
    seats[1].looked(time.monotonic())
    assert not seats[1].asks()
    assert question()  # the third has not begun: it will read everything
    assert not seats[0].question()()


def test_who_hangs_does_not_hold_up_an_answer_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.0)
    board = Board(2)
    board.seat(2).take()
    question = board.seat(1).question()
    question()
    time.sleep(0.001)
    assert question()
