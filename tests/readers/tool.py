"""A program or library that tests need, and the interface of a reader."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import pytest

from tests.readers.result import ENTRY_FIELDS, FEED_FIELDS, ParsedFeed

ALL_FIELDS: Final = FEED_FIELDS | ENTRY_FIELDS

# Fields that a format does not have.
FIELDS_MISSING_IN_FORMAT: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "rss": frozenset({"feed.id"}),
        "atom": frozenset(),
        "json": frozenset({"feed.updated", "feed.rights", "entry.credit"}),
    }
)


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A program or library that may be missing. `install` is the command that installs it."""

    name: str
    installed: Callable[[], bool]
    install: str

    def install_command(self) -> str:
        """Return "" if the tool is installed, else the command that installs it."""
        return "" if self.installed() else self.install


@dataclass(frozen=True, kw_only=True)
class Reader(Tool):
    """A feed reader. `unsupported_fields` maps each format it reads to the fields that it does not report or reports wrongly."""

    unsupported_fields: Mapping[str, frozenset[str]]
    read_documents: Callable[[Sequence[bytes], str], list[ParsedFeed]]

    @property
    def formats(self) -> frozenset[str]:
        """Some of "rss", "atom" and "json"."""
        return frozenset(self.unsupported_fields)

    def reported_fields(self, fmt: str) -> frozenset[str]:
        """Return the fields ("feed.title", "entry.authors") that the reader reports as in the document."""
        return ALL_FIELDS - FIELDS_MISSING_IN_FORMAT[fmt] - self.unsupported_fields[fmt]

    def read(self, document: bytes, fmt: str) -> ParsedFeed:
        """Read a document. Raises UnreadableError if the reader rejects it."""
        return self.read_documents([document], fmt)[0]

    def read_all(self, documents: Sequence[bytes], fmt: str) -> list[ParsedFeed]:
        """Read several documents in one process. Raises UnreadableError with a message for each rejected document."""
        return self.read_documents(documents, fmt)


def require(tool: Tool) -> None:
    """Skip the test if `tool` is missing, or fail it if all tools are required."""
    command = tool.install_command()
    if not command:
        return
    if os.environ.get("FEEDSVC_TEST_REQUIRE_ALL") == "1":
        pytest.fail(f"{tool.name} is missing: {command}")
    pytest.skip(f"{tool.name} is missing: {command}")
