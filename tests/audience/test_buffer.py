"""The buffer of reads in memory: every read is pending or written exactly once."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from feedsvc.audience.buffer import ReadBuffer

DAY = date(2026, 3, 1)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STEPS = st.lists(st.one_of(st.sampled_from(["write", "fail", "load"]), st.integers(0, 4)), max_size=40)


@given(STEPS)
def test_every_read_is_pending_or_written_exactly_once(steps: list[str | int]) -> None:
    buffer, written, added, last_number = (
        ReadBuffer(max_pending=100, max_age=timedelta(hours=1)),
        Counter[str](),
        Counter[str](),
        0,
    )
    for step in steps:
        if isinstance(step, int):
            assert buffer.add(str(step), DAY)
            added[str(step)] += 1
        elif step == "load":
            buffer.store_totals({str(article): written[str(article)] for article in range(5)}, NOW)
        else:
            batch = buffer.next_batch()
            assert batch.number >= last_number
            if step == "write" and batch.reads:
                assert batch.number > last_number
                last_number = batch.number
                written.update({article: reads for (article, _), reads in batch.reads.items()})
                buffer.confirm_batch()
        assert buffer.pending == added.total() - written.total()
        for article in range(5):
            assert buffer.fresh_count(str(article), NOW) in (None, added[str(article)])


def test_number_of_cached_totals_is_bounded() -> None:
    buffer = ReadBuffer(max_pending=2, max_age=timedelta(hours=1))
    buffer.store_totals({"a": 1, "b": 2}, NOW)
    buffer.store_totals({"a": 1, "c": 3}, NOW)
    assert [buffer.fresh_count(article, NOW) for article in "abc"] == [1, None, 3]
