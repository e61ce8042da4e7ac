"""What a reader is to the tests: a tool that may be missing, and what it can be trusted to tell."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import pytest

from tests.readers.result import ENTRY_FIELDS, FEED_FIELDS, ReadFeed

ALL_FIELDS: Final = FEED_FIELDS | ENTRY_FIELDS

# What a format itself has no place for.
UNSAID: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "rss": frozenset({"feed.id"}),
        "atom": frozenset(),
        "json": frozenset({"feed.updated", "feed.rights", "entry.credit"}),
    }
)


@dataclass(frozen=True, kw_only=True)
class Tool:
    """Something a test may need and a machine may lack; `install` is the one line that brings it."""

    name: str
    installed: Callable[[], bool]
    install: str

    def missing(self) -> str:
        """Nothing ("") when it is here, else the line that installs it."""
        return "" if self.installed() else self.install


@dataclass(frozen=True, kw_only=True)
class Reader(Tool):
    """`silent` names, for each format it reads, the fields this reader does not tell or gets wrong."""

    silent: Mapping[str, frozenset[str]]
    read_each: Callable[[Sequence[bytes], str], list[ReadFeed]]

    @property
    def formats(self) -> frozenset[str]:
        """Some of "rss", "atom" and "json"."""
        return frozenset(self.silent)

    def tells(self, fmt: str) -> frozenset[str]:
        """The fields ("feed.title", "entry.authors") it reports as the document says them."""
        return ALL_FIELDS - UNSAID[fmt] - self.silent[fmt]

    def read(self, document: bytes, fmt: str) -> ReadFeed:
        """UnreadableError: the reader refuses the document."""
        return self.read_each([document], fmt)[0]

    def read_all(self, documents: Sequence[bytes], fmt: str) -> list[ReadFeed]:
        """One result a document, at the price of one process. UnreadableError: it names each refused document."""
        return self.read_each(documents, fmt)


def require(tool: Tool) -> None:
    """Skip the test that needs `tool` where it is missing, or fail it where everything has to be there."""
    line = tool.missing()
    if not line:
        return
    if os.environ.get("FEEDSVC_TEST_REQUIRE_ALL") == "1":
        pytest.fail(f"{tool.name} is missing: {line}")
    pytest.skip(f"{tool.name} is missing: {line}")
