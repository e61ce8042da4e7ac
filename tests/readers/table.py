"""The readers, and the fields that each does not support.

`unsupported_fields` was determined with documents that have every field. If a reader supports one of them, a test fails.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from types import MappingProxyType
from typing import Final

from tests.readers import libraries, programs
from tests.readers.result import ParsedFeed
from tests.readers.tool import Reader, Tool


def _has_module(name: str) -> Callable[[], bool]:
    return lambda: find_spec(name) is not None


def _read_separately(read: Callable[[bytes, str], ParsedFeed]) -> Callable[[Sequence[bytes], str], list[ParsedFeed]]:
    return lambda documents, fmt: [read(document, fmt) for document in documents]


_PIP: Final = "pip install --group dev"
_NPM: Final = "npm ci --prefix tests/node"
_NO_FIELDS: Final[frozenset[str]] = frozenset()
_MEDIA_FIELDS: Final = frozenset({"entry.image", "entry.credit"})
# fastfeedparser reports only the first author, and no links of self, hub and JSON next_url (but prev-archive etc.).
_FASTFEEDPARSER: Final = frozenset({"entry.authors", "entry.language", "feed.links", "feed.rights"})
_FASTFEEDPARSER_UNSUPPORTED: Final = {
    "rss": _FASTFEEDPARSER
    | {"feed.language", "entry.content"},  # xml:lang is the only language; content defaults to the description
    "atom": _FASTFEEDPARSER | {"entry.enclosures"},  # without their length
    "json": _FASTFEEDPARSER | {"entry.summary"},  # defaults to the content
}
_RUBY_UNSUPPORTED: Final = {
    "rss": _MEDIA_FIELDS | {"feed.links", "entry.updated"},  # no Atom elements in RSS
    "atom": _MEDIA_FIELDS,
}

READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        reader.name: reader
        for reader in (
            Reader(
                name="feedparser",
                installed=_has_module("feedparser"),
                install=_PIP,
                read_documents=_read_separately(libraries.feedparser),
                unsupported_fields={"rss": _NO_FIELDS, "atom": _NO_FIELDS},
            ),
            Reader(
                name="fastfeedparser",
                installed=_has_module("fastfeedparser"),
                install=_PIP,
                read_documents=_read_separately(libraries.fastfeedparser),
                unsupported_fields=_FASTFEEDPARSER_UNSUPPORTED,
            ),
            Reader(
                name="feedsmith",
                installed=lambda: programs.has_node_package("feedsmith"),
                install=_NPM,
                read_documents=programs.feedsmith,
                unsupported_fields={"rss": _NO_FIELDS, "atom": _NO_FIELDS, "json": _NO_FIELDS},
            ),
            Reader(
                name="ruby-rss",
                installed=programs.has_ruby_rss,
                install="apt-get install ruby ruby-rss",
                read_documents=programs.ruby_rss,
                unsupported_fields=_RUBY_UNSUPPORTED,
            ),
        )
    }
)

JSON_FEED_SCHEMA: Final = Tool(
    name="jsonfeed-schema", installed=lambda: programs.has_node_package("jsonfeed-schema"), install=_NPM
)
LISTPARSER: Final = Tool(name="listparser", installed=_has_module("listparser"), install=_PIP)
