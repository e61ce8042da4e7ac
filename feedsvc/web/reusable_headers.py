"""Contract between application and server for reusing the serialised headers of a repeated response."""

from __future__ import annotations

from typing import Final, NamedTuple

# Key in the environ of a server that supports this. Its function (status, headers) starts the response with serialised headers
# and returns `write`, or returns None if it cannot.
HEAD_REUSE_KEY: Final = "feedsvc.repeats"


class SerializedHead(NamedTuple):
    """Serialised head of a response: status line, headers and empty line. `second` is the Unix time of its Date.

    `length` is its Content-Length.
    """

    second: int
    text: bytes
    length: int | None


class ReusableHeaders(list[tuple[str, str]]):
    """Headers of a repeated response: a list, as PEP 3333 requires, that is never modified. `head` is its serialised form.

    The application gives a copy to servers without HEAD_REUSE_KEY, because they may modify the list.
    """

    head: SerializedHead | None = None
