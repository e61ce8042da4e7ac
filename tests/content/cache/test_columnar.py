"""Columns of stored records: one with an index to no value is damaged, and is not decoded to a wrong value."""

from __future__ import annotations

import msgspec
import pytest

from feedsvc.content.cache.columnar import Column, TupleColumn


def encode(values: list[str], indexes: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.msgpack.encode((values, indexes)))


@pytest.mark.parametrize("index", [-1, 2])
def test_an_index_of_no_value_is_an_error(index: int) -> None:
    column = Column(str, is_interned=True)
    assert [*column.decode(encode(["a", "b"], [1, 0, 1]), 3, str)] == ["b", "a", "b"]
    with pytest.raises(msgspec.DecodeError):
        column.check(encode(["a", "b"], [1, 0, index]), 3)


@pytest.mark.parametrize("index", [-1, 2])
def test_an_index_of_no_item_of_a_tuple_is_an_error(index: int) -> None:
    column = TupleColumn(str)
    assert column.decode(encode(["a", "b"], [[], [1, 0]]), 2, str) == [(), ("b", "a")]
    with pytest.raises(msgspec.DecodeError):
        column.decode(encode(["a", "b"], [[], [1, index]]), 2, str)
