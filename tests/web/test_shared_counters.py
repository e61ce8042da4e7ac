"""Counters of all workers together."""

from feedsvc.web.shared_memory import COUNTERS_KEY, SharedCounters, WorkerTable


def test_counters_add_up_and_never_go_back_when_a_worker_is_replaced() -> None:
    board = WorkerTable(2)
    one, other = board.slot(1), board.slot(2)
    counted = {"requests": 3.0}
    first, second = SharedCounters(one, lambda: counted), SharedCounters(other, lambda: {"requests": 2.0, "errors": 1.0})
    assert first() == {}
    one.write_message({COUNTERS_KEY: first.slot_counters()})
    other.write_message({COUNTERS_KEY: second.slot_counters()})
    assert first() == second() == {"requests": 5, "errors": 1}
    board.release(1)
    assert second() == {"requests": 5, "errors": 1}
    replaced = SharedCounters(one, lambda: {"requests": 1.0})
    assert second() == {"requests": 5, "errors": 1}
    one.write_message({COUNTERS_KEY: replaced.slot_counters()})
    assert second() == replaced() == {"requests": 6, "errors": 1}
