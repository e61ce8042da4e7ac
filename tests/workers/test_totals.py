"""Counters of all workers together."""

from feedsvc.web.shared_memory import Board
from feedsvc.web.totals import COUNTERS, Totals


def test_counters_add_up_and_never_go_back_when_a_worker_is_replaced() -> None:
    board = Board(2)
    one, other = board.seat(1), board.seat(2)
    counted = {"requests": 3.0}
    first, second = Totals(one, lambda: counted), Totals(other, lambda: {"requests": 2.0, "errors": 1.0})
    assert first() == {}
    one.put_up({COUNTERS: first.mine()})
    other.put_up({COUNTERS: second.mine()})
    assert first() == second() == {"requests": 5, "errors": 1}
    board.leave(1)
    assert second() == {"requests": 5, "errors": 1}
    replaced = Totals(one, lambda: {"requests": 1.0})
    assert second() == {"requests": 5, "errors": 1}
    one.put_up({COUNTERS: replaced.mine()})
    assert second() == replaced() == {"requests": 6, "errors": 1}
