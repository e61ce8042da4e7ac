"""Changes of stored pages of records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from tests.helpers.state_rows import Row


def unpack(data: bytes) -> Any:
    return msgspec.msgpack.decode(data)


pack = msgspec.msgpack.encode


def change_page(change: Callable[[bytes], bytes]) -> Callable[[Row], Row]:
    """Return a change of a row that applies `change` to its page."""
    return lambda row: (*row[:-1], change(row[-1]))
