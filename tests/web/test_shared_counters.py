"""Counters summed over all workers."""

from feedsvc.web.shared_memory import COUNTERS_KEY, SharedCounters, WorkerTable


def test_counter_sums_never_decrease_when_a_worker_is_replaced() -> None:
    table = WorkerTable(2)
    first_slot, second_slot = table.slot(1), table.slot(2)
    first_values = {"requests": 3.0}
    first, second = (
        SharedCounters(first_slot, lambda: first_values),
        SharedCounters(second_slot, lambda: {"requests": 2.0, "errors": 1.0}),
    )
    assert first() == {}
    first_slot.write_message({COUNTERS_KEY: first.slot_counters()})
    second_slot.write_message({COUNTERS_KEY: second.slot_counters()})
    assert first() == second() == {"requests": 5, "errors": 1}
    table.release(1)
    assert second() == {"requests": 5, "errors": 1}
    replacement = SharedCounters(first_slot, lambda: {"requests": 1.0})
    assert second() == {"requests": 5, "errors": 1}
    first_slot.write_message({COUNTERS_KEY: replacement.slot_counters()})
    assert second() == replacement() == {"requests": 6, "errors": 1}
