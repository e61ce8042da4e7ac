"""How an application says to its server that an answer is one that it gave before, so that nothing of it is spelled again."""

from __future__ import annotations

from typing import Final, NamedTuple

# In the environ of a server that gives answers again: its function from (status, headers) to whether it did.
REPEATS: Final = "feedsvc.repeats"


class Head(NamedTuple):
    """What left before a body: the status line, every header and the empty line. `second` is Unix time, as its Date has it."""

    second: int
    text: bytes
    length: int | None


class Repeated(list[tuple[str, str]]):
    """The headers of one answer to many: a list, as PEP 3333 wants it, that nobody changes, and how a server spelled it last.

    Other servers get a copy; they may do with a list what they like.
    """

    head: Head | None = None
